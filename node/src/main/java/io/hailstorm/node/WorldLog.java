package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GeoLog;
import io.hailstorm.log.GroupPosition;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogStats;
import io.hailstorm.log.Owner;
import io.hailstorm.log.OwnershipListener;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.log.RetentionHold;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node's log as its region sees it in a simulated world: the machine may die before or after any append. Without
 * {@link Safeguard#ACK_AFTER_SYNC} it calls durable what is merely appended.
 */
final class WorldLog implements Log {
    /** In a batch's first record. */
    private static final int RECORD_TYPE_OFFSET = 4;

    private final Log log;
    private final Runnable onAppend;
    private final Runnable onEvent;
    private final boolean acksEarly;
    private final Map<StreamName, PartitionLog[]> partitions = new EnumMap<>(StreamName.class);

    /**
     * @param onAppend called before and after each append; may throw {@link WorldCrash}
     * @param onEvent called when a step of a move or of a hand-over was appended to the fixes
     */
    WorldLog(Log log, Runnable onAppend, Runnable onEvent, Safeguards safeguards) {
        this.log = log;
        this.onAppend = onAppend;
        this.onEvent = onEvent;
        // The geo engine does without it by itself.
        acksEarly = !(log instanceof GeoLog) && !safeguards.has(Safeguard.ACK_AFTER_SYNC);
        for (StreamName stream : StreamName.values()) {
            PartitionLog[] all = new PartitionLog[log.partitionCount()];
            for (int partition = 0; partition < all.length; partition++) {
                all[partition] = new Partition(log.partition(stream, partition));
            }
            partitions.put(stream, all);
        }
    }

    @Override
    public int partitionCount() {
        return log.partitionCount();
    }

    @Override
    public PartitionLog partition(StreamName stream, int partition) {
        return ofStream(stream)[partition];
    }

    private PartitionLog[] ofStream(StreamName stream) {
        PartitionLog[] found = partitions.get(stream);
        if (found == null) {
            throw new IllegalStateException("every stream is wrapped");
        }
        return found;
    }

    @Override
    public int doWork(long nowNs) {
        return log.doWork(nowNs);
    }

    @Override
    public int doMaintenance(long nowNs) {
        return log.doMaintenance(nowNs);
    }

    @Override
    public RetentionHold hold(String name, StreamName stream, int partition, long offset) {
        return log.hold(name, stream, partition, offset);
    }

    @Override
    public void onOwnership(OwnershipListener listener) {
        log.onOwnership(listener);
    }

    @Override
    public LogStats stats(StreamName stream) {
        return log.stats(stream);
    }

    @Override
    public boolean owns(int partition) {
        return log.owns(partition);
    }

    @Override
    public Optional<Owner> owner(int partition) {
        return log.owner(partition);
    }

    @Override
    public void close() {
        log.close();
    }

    /** Events come alone. */
    private static boolean isEvent(RecordBatch batch) {
        return batch.count() == 1 && batch.buffer().getShort(RECORD_TYPE_OFFSET) == RecordType.EVENT;
    }

    private final class Partition implements PartitionLog {
        private final PartitionLog of;

        Partition(PartitionLog of) {
            this.of = of;
        }

        @Override
        public long append(RecordBatch batch) {
            onAppend.run();
            long offset = of.append(batch);
            if (offset >= 0 && of.stream() == StreamName.FIXES && isEvent(batch)) {
                onEvent.run();
            }
            onAppend.run();
            return offset;
        }

        @Override
        public StreamName stream() {
            return of.stream();
        }

        @Override
        public int partition() {
            return of.partition();
        }

        @Override
        public long startOffset() {
            return of.startOffset();
        }

        @Override
        public long durableOffset() {
            return acksEarly ? of.endOffset() : of.durableOffset();
        }

        @Override
        public long endOffset() {
            return of.endOffset();
        }

        @Override
        public long read(long fromOffset, int maxRecords, RecordHandler handler) {
            return of.read(fromOffset, maxRecords, handler);
        }

        @Override
        public long readAppended(long fromOffset, int maxRecords, RecordHandler handler) {
            return of.readAppended(fromOffset, maxRecords, handler);
        }

        @Override
        public long offsetAtOrAfter(long hlc) {
            return of.offsetAtOrAfter(hlc);
        }

        @Override
        public long committed(String group) {
            return of.committed(group);
        }

        @Override
        public List<GroupPosition> groups() {
            return of.groups();
        }

        @Override
        public boolean commit(String group, long nextOffset, long generation) {
            return of.commit(group, nextOffset, generation);
        }

        @Override
        public long join(String group, long firstOffset) {
            return of.join(group, firstOffset);
        }

        @Override
        public long reset(String group, long nextOffset) {
            return of.reset(group, nextOffset);
        }

        @Override
        public long nextSeq(long producerId) {
            return of.nextSeq(producerId);
        }
    }
}
