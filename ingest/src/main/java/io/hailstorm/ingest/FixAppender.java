package io.hailstorm.ingest;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import java.util.LinkedHashSet;
import java.util.Set;
import org.agrona.DirectBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Groups the fixes of one turn into a batch a partition and appends them. When the log is under back-pressure the batch
 * stays and is appended at a later turn; until then {@link #isBlocked} and nothing more is taken. Steady state: no
 * allocation. One owner thread.
 */
final class FixAppender {
    static final int RECORDS_PER_BATCH = 512;
    private static final int BATCH_BYTES = RECORDS_PER_BATCH * RecordBatch.recordLength(FixDescriptor.LENGTH);

    private static final Logger LOGGER = LoggerFactory.getLogger(FixAppender.class);

    private final HybridLogicalClock clock;
    private final IngestMetrics metrics;
    private final Lane[] fixes;
    private final Lane[] late;
    private final PartitionServers servers;
    private boolean blocked;
    /** Said once, not at every turn. */
    private boolean diskFull;

    FixAppender(Log log, HybridLogicalClock clock, IngestMetrics metrics, PartitionServers servers) {
        this.clock = clock;
        this.servers = servers;
        this.metrics = metrics;
        int partitionCount = log.partitionCount();
        fixes = new Lane[partitionCount];
        late = new Lane[partitionCount];
        for (int partition = 0; partition < partitionCount; partition++) {
            fixes[partition] = new Lane(log.partition(StreamName.FIXES, partition));
            late[partition] = new Lane(log.partition(StreamName.LATE, partition));
        }
    }

    /** Whether a batch waits that the log would not take; no record may be offered then. */
    boolean isBlocked() {
        return blocked;
    }

    /** Stages an accepted fix. Not while {@link #isBlocked}. */
    void accept(
            int partition,
            PartitionMap map,
            DriverSession session,
            DriverStream stream,
            long seq,
            DirectBuffer buffer,
            int index) {
        Lane lane = fixes[partition];
        int batchIndex = lane.stage(map, RecordType.FIX, buffer, index);
        lane.pending.accepted(session, stream, seq, batchIndex);
        appendWhenFull(lane);
    }

    /** Stages a late or rejected fix. Not while {@link #isBlocked}. */
    void late(
            int outcome,
            PartitionMap map,
            DriverSession session,
            DriverStream stream,
            long seq,
            DirectBuffer buffer,
            int index) {
        int partition = latePartition(session);
        session.latePartition = partition;
        Lane lane = late[partition];
        int type = outcome == PendingAcks.LATE ? RecordType.FIX : RecordType.REJECTED_FIX;
        int batchIndex = lane.stage(map, type, buffer, index);
        lane.pending.late(session, stream, seq, batchIndex, outcome);
        appendWhenFull(lane);
    }

    /** With the driver's visible records; of a driver without any, somewhere this node serves. */
    int latePartition(DriverSession session) {
        if (session.owner >= 0) {
            return session.owner;
        }
        if (session.pendingCount > 0) {
            return session.latePartition; // so that what is undurable of a driver is all in one partition
        }
        int spread = (int) Long.remainderUnsigned(session.driver, late.length);
        for (int i = 0; i < late.length; i++) {
            int partition = (spread + i) % late.length;
            if (servers.serves(partition)) {
                return partition;
            }
        }
        return spread;
    }

    /** Appends every staged batch. False when some must wait. */
    boolean flush() {
        blocked = false;
        for (int partition = 0; partition < fixes.length; partition++) {
            append(fixes[partition]);
            append(late[partition]);
        }
        return !blocked;
    }

    /** Settles what became durable since. */
    int settle(PendingAcks.Tally tally) {
        int settled = 0;
        for (int partition = 0; partition < fixes.length; partition++) {
            if (servers.serves(partition)) {
                settled += settle(partition, tally);
            }
        }
        return settled;
    }

    /** Settles what became durable of one partition since. */
    int settle(int partition, PendingAcks.Tally tally) {
        return fixes[partition].settle(tally) + late[partition].settle(tally);
    }

    /** Forgets what is staged or undurable of a partition: another node serves it. */
    void forget(int partition) {
        fixes[partition].clear();
        late[partition].clear();
    }

    /** Records of a partition that another node serves were folded up to this offset. */
    void folded(StreamName stream, int partition, long nextOffset) {
        (stream == StreamName.FIXES ? fixes : late)[partition].settledOffset = nextOffset;
    }

    /** Drivers with something undurable in a partition, owned by it or by nobody. */
    Set<DriverSession> pendingIn(int partition) {
        Set<DriverSession> drivers = new LinkedHashSet<>();
        fixes[partition].pending.forEachDriver(drivers::add);
        late[partition].pending.forEachDriver(drivers::add);
        return drivers;
    }

    void forEachUndurable(PendingAcks.UndurableConsumer consumer) {
        for (int partition = 0; partition < fixes.length; partition++) {
            fixes[partition].pending.forEachUndurable(consumer);
            late[partition].pending.forEachUndurable(consumer);
        }
    }

    /** The durable offset up to which {@link #settle} has taken notice. */
    long settledOffset(StreamName stream, int partition) {
        return switch (stream) {
            case FIXES -> fixes[partition].settledOffset;
            case LATE -> late[partition].settledOffset;
            case TRIPS, PRICES, CONTROL, DEAD_LETTERS ->
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "sessions are folded from fixes and late only, got " + stream);
        };
    }

    private void appendWhenFull(Lane lane) {
        if (lane.batch.count() == RECORDS_PER_BATCH) {
            append(lane);
        }
    }

    private void append(Lane lane) {
        if (lane.batch.isEmpty()) {
            return;
        }
        lane.batch.stamp(clock.next(lane.batch.count()));
        long offset = offer(lane);
        if (offset == PartitionLog.BACK_PRESSURED || offset == PartitionLog.FENCED) {
            blocked = true; // when fenced, until the node says that the partition is lost
            metrics.logBackPressured();
            return;
        }
        if (offset < 0) {
            throw new HailstormException(
                    ErrorCode.INTERNAL,
                    "append to " + lane.log.stream() + "/" + lane.log.partition() + " answered " + offset
                            + ", which a writer without a producer id never gets");
        }
        lane.pending.appended(offset);
        lane.batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, 0);
    }

    /** Appends; a full disk is back-pressure too: what is staged stays, phones wait, and space may come. */
    private long offer(Lane lane) {
        try {
            long offset = lane.log.append(lane.batch);
            diskFull = false;
            return offset;
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                throw e;
            }
            if (!diskFull) {
                diskFull = true;
                LOGGER.error("fixes wait, nothing is lost: {}", e.getMessage());
            }
            return PartitionLog.BACK_PRESSURED;
        }
    }

    /** One partition of one stream: the batch being staged and what awaits durability. */
    private static final class Lane {
        final PartitionLog log;
        final RecordBatch batch = new RecordBatch(BATCH_BYTES);
        final PendingAcks pending = new PendingAcks();
        long settledOffset;

        Lane(PartitionLog log) {
            this.log = log;
            settledOffset = log.durableOffset();
            batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, 0);
        }

        int stage(PartitionMap map, int type, DirectBuffer buffer, int index) {
            if (batch.isEmpty()) {
                batch.begin(map.epoch(), RecordBatch.NO_PRODUCER, 0, 0, 0);
            }
            int batchIndex = batch.count();
            if (!batch.add(type, buffer, index, FixDescriptor.LENGTH)) {
                throw new IllegalStateException("a batch that is not full takes a fix");
            }
            return batchIndex;
        }

        void clear() {
            batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, 0);
            pending.clear();
        }

        int settle(PendingAcks.Tally tally) {
            long durable = log.durableOffset();
            int settled = 0;
            if (!pending.isEmpty()) {
                settled = pending.settle(durable, tally);
            }
            settledOffset = durable;
            return settled;
        }
    }
}
