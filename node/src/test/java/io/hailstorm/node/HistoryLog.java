package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MemoryLog;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeRecord.DriverPosition;
import io.hailstorm.migration.RangeState;
import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.HandOverRefused;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;

/** A log of three partitions, written record by record as production writes them, for the checker to judge. */
final class HistoryLog {
    static final int PARTITION_COUNT = 3;
    /** Driver cells: HERE and BESIDE begin in partition 0, THERE in partition 1, FAR in partition 2. */
    static final long HERE = cell(377_000_000, -1_224_000_000);

    static final long BESIDE = cell(377_600_000, -1_224_000_000);
    static final long THERE = cell(378_200_000, -1_224_000_000);
    static final long FAR = cell(379_000_000, -1_224_000_000);

    private static final long SESSION = 1;

    private final VirtualTime time = new VirtualTime(1_000_000);
    private final MemoryLog log = new MemoryLog(LogConfig.defaults(PARTITION_COUNT), time);
    private final RecordBatch batch = new RecordBatch(1 << 16);
    private long hlc = 1;

    HistoryLog() {
        control(ControlRecord.MapInitialized.of(
                new RegionId("r"),
                PARTITION_COUNT,
                Map.of(routing(HERE), 0, routing(BESIDE), 0, routing(THERE), 1, routing(FAR), 2)));
    }

    private static long cell(int latE7, int lonE7) {
        return Cells.create().cellOf(latE7, lonE7, Cells.DRIVER_RESOLUTION);
    }

    static long routing(long cell) {
        return Cells.create().parent(cell, Cells.ROUTING_RESOLUTION);
    }

    static NavigableSet<Long> range(long... cells) {
        NavigableSet<Long> range = new TreeSet<>();
        for (long cell : cells) {
            range.add(routing(cell));
        }
        return range;
    }

    HistoryChecker.Verdict check() {
        return check(List.of());
    }

    HistoryChecker.Verdict check(List<GeoStatus.Gap> gaps) {
        log.doWork(time.monotonicNs());
        return HistoryChecker.check(
                HistoryStreams.of(
                        stream -> IntStream.range(0, PARTITION_COUNT)
                                .mapToObj(partition -> log.partition(stream, partition))
                                .toList(),
                        gaps),
                List.of());
    }

    long fix(int partition, long cell, long driver, int de, long seq) {
        byte[] bytes = new byte[FixDescriptor.LENGTH];
        new FixView()
                .wrap(new UnsafeBuffer(bytes), 0)
                .driver(driver)
                .session(SESSION)
                .seq(seq)
                .de(de)
                .cell(cell);
        return append(StreamName.FIXES, partition, RecordType.FIX, bytes);
    }

    long event(StreamName stream, int partition, Event.Builder event) {
        return append(stream, partition, RecordType.EVENT, event.build().toByteArray());
    }

    long control(ControlRecord record) {
        Event.Builder event = Event.newBuilder();
        RangeCodec.encode(record, event);
        return event(StreamName.CONTROL, 0, event);
    }

    long range(int partition, RangeRecord record) {
        Event.Builder event = Event.newBuilder();
        RangeCodec.encode(record, event);
        return event(StreamName.FIXES, partition, event);
    }

    void handOver(int partition, long driver, int de, int to) {
        event(
                StreamName.FIXES,
                partition,
                Event.newBuilder()
                        .setDriverHandedOver(DriverHandedOver.newBuilder()
                                .setDriver(driver)
                                .setDe(de)
                                .setToPartition(to)));
    }

    void takeIn(int partition, long driver, int de, int from) {
        event(
                StreamName.FIXES,
                partition,
                Event.newBuilder()
                        .setDriverTakenIn(DriverTakenIn.newBuilder()
                                .setDriver(driver)
                                .setDe(de)
                                .setFromPartition(from)));
    }

    void refuse(int partition, long driver, int de, int from) {
        event(
                StreamName.FIXES,
                partition,
                Event.newBuilder()
                        .setHandOverRefused(HandOverRefused.newBuilder()
                                .setDriver(driver)
                                .setDe(de)
                                .setFromPartition(from)));
    }

    /** The first move of HERE, from partition 0 to 1; each step can be told otherwise. */
    Move move() {
        return move("m", 0, 1, 1);
    }

    Move move(String id, int source, int target, long epoch) {
        return new Move(id, source, target, epoch);
    }

    static DriverPosition at(long driver, int de, long seq) {
        return new DriverPosition(driver, de, SESSION, seq);
    }

    /** What the control stream and the fixes say of one move. */
    final class Move {
        final NavigableSet<Long> cells = range(HERE);
        long sealOffset = RangeEntry.NULL_OFFSET;
        long openOffset = RangeEntry.NULL_OFFSET;
        private final String id;
        private final int source;
        private final int target;
        private final long epoch;

        private Move(String id, int source, int target, long epoch) {
            this.id = id;
            this.source = source;
            this.target = target;
            this.epoch = epoch;
        }

        Move begin() {
            propose(RangeState.ACTIVE, RangeState.COPYING, RangeEntry.NULL_OFFSET, RangeEntry.NULL_OFFSET);
            propose(RangeState.COPYING, RangeState.SEALING, RangeEntry.NULL_OFFSET, 0);
            return this;
        }

        Move seal() {
            return seal(epoch);
        }

        Move seal(long ofEpoch) {
            sealOffset = range(source, new RangeRecord.Seal(id, ofEpoch, cells, RangeEntry.NULL_OFFSET, 0));
            return this;
        }

        Move seals(long namedOffset) {
            propose(RangeState.SEALING, RangeState.SEALED, namedOffset, 0);
            return this;
        }

        Move seals() {
            return seals(sealOffset);
        }

        Move open(DriverPosition... drivers) {
            return open(target, epoch + 1, sealOffset, drivers);
        }

        Move open(int partition, long newEpoch, long parentSealOffset, DriverPosition... drivers) {
            List<DriverPosition> positions = List.of(drivers);
            openOffset = range(
                    partition,
                    new RangeRecord.Open(
                            id, newEpoch, cells, source, parentSealOffset, RangeFold.hash(positions), positions));
            return this;
        }

        Move activate() {
            return activate(openOffset);
        }

        Move activate(long namedOffset) {
            propose(RangeState.SEALED, epoch + 1, RangeState.ACTIVE, target, sealOffset, namedOffset);
            return this;
        }

        Move takeBack() {
            propose(RangeState.SEALED, epoch + 2, RangeState.ACTIVE, source, sealOffset, sealOffset + 1);
            return this;
        }

        Move giveUp() {
            propose(RangeState.SEALING, RangeState.ABORTING, RangeEntry.NULL_OFFSET, 0);
            range(source, new RangeRecord.Abort(id, epoch));
            propose(
                    RangeState.ABORTING,
                    epoch,
                    RangeState.ACTIVE,
                    source,
                    RangeEntry.NULL_OFFSET,
                    RangeEntry.NULL_OFFSET);
            return this;
        }

        private void propose(RangeState from, RangeState to, long sealAt, long startOffset) {
            propose(from, epoch, to, target, sealAt, startOffset);
        }

        private void propose(RangeState from, long newEpoch, RangeState to, int owner, long sealAt, long startOffset) {
            control(new ControlRecord.Proposal(
                    id, cells, epoch, from, newEpoch, to, owner, source, sealAt, startOffset));
        }
    }

    private long append(StreamName stream, int partition, int type, byte[] bytes) {
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc++);
        assertThat(batch.add(type, new UnsafeBuffer(bytes), 0, bytes.length)).isTrue();
        PartitionLog to = log.partition(stream, partition);
        long offset = to.append(batch);
        assertThat(offset).isNotNegative();
        return offset;
    }
}
