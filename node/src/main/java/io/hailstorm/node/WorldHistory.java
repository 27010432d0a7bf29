package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.Owner;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.ControlRecord;
import io.hailstorm.protocol.v1.Event;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;

/**
 * Reads every log's newly durable records, each once, and holds them against the invariants. It trusts no node's memory. What was
 * durable once must stay: after a restart every log is read again from its start.
 */
final class WorldHistory {
    private static final StreamName[] STREAMS = StreamName.values();

    private final WorldVerdict verdict;
    private final WorldDrivers drivers;
    private final WorldPassages passages;
    private final WorldRanges ranges;
    private final Cells cells;
    private final int partitionCount;
    private final long[] offsets;
    private final long[] digests;
    /** The newest writer known. */
    private final long[] reigns;
    /** Of the log being followed. */
    private final boolean[] isNewWriter;

    private final FixView fix = new FixView();
    private int readingPartition;
    private StreamName readingStream = StreamName.FIXES;
    private long digest;

    WorldHistory(WorldVerdict verdict, Cells cells, WorldPlan plan, Consumer<ControlRecord.Proposal> onStep) {
        this.verdict = verdict;
        this.cells = cells;
        partitionCount = plan.partitionCount();
        drivers = new WorldDrivers(verdict);
        passages = new WorldPassages(verdict);
        ranges = new WorldRanges(verdict, partitionCount, plan.regionCount() == 1, onStep);
        offsets = new long[STREAMS.length * partitionCount];
        digests = new long[offsets.length];
        reigns = new long[partitionCount];
        isNewWriter = new boolean[partitionCount];
    }

    WorldDrivers drivers() {
        return drivers;
    }

    WorldPassages passages() {
        return passages;
    }

    WorldRanges ranges() {
        return ranges;
    }

    /** Of everything durable, partition by partition. */
    long digest() {
        long sum = 0;
        for (long each : digests) {
            sum = CounterRandom.mix(sum ^ each);
        }
        return sum;
    }

    @SuppressWarnings("EnumOrdinal") // a slot lives as long as the run
    private int slot(StreamName stream, int partition) {
        return stream.ordinal() * partitionCount + partition;
    }

    /**
     * Takes in what this log's process shows: of partitions it writes, and of its copies of others. What was shown once must be the
     * same everywhere and for ever; whoever begins to write a partition is compared with it.
     *
     * @param process grows with every start of a process
     */
    void follow(Log log, long process) {
        boolean isNew = false;
        for (int partition = 0; partition < partitionCount; partition++) {
            isNewWriter[partition] = false;
            if (log.owns(partition)) {
                long reign = log.owner(partition).map(Owner::epoch).orElse(process);
                isNewWriter[partition] = reign > reigns[partition];
                reigns[partition] = Math.max(reign, reigns[partition]);
                isNew |= isNewWriter[partition];
            }
        }
        // Fixes before control: what was appended because of a control record becomes durable after it.
        follow(log, StreamName.FIXES);
        follow(log, StreamName.LATE);
        follow(log, StreamName.CONTROL);
        follow(log, StreamName.TRIPS);
        if (isNew && !verdict.isViolated()) {
            reread(log);
        }
    }

    private void follow(Log log, StreamName stream) {
        int last = stream == StreamName.CONTROL ? 1 : partitionCount;
        for (int partition = 0; partition < last; partition++) {
            PartitionLog source = log.partition(stream, partition);
            int slot = slot(stream, partition);
            long durable = source.durableOffset();
            if (durable <= offsets[slot]) {
                continue;
            }
            readingPartition = partition;
            readingStream = stream;
            digest = digests[slot];
            while (offsets[slot] < durable && !verdict.isViolated()) {
                offsets[slot] = source.read(offsets[slot], Integer.MAX_VALUE, this::onRecord);
            }
            digests[slot] = digest;
        }
    }

    private boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        digest = RecordDigest.of(digest, offset, type, buffer, index, length);
        switch (readingStream) {
            case FIXES -> onFixes(offset, type, buffer, index, length);
            case LATE -> {
                if (type == RecordType.FIX || type == RecordType.REJECTED_FIX) {
                    fix.wrap(buffer, index);
                    drivers.onLate(fix.driver(), fix.session(), fix.seq());
                }
            }
            case CONTROL -> {
                if (type == RecordType.EVENT) {
                    RangeCodec.control(EventReader.read(buffer, index, length))
                            .ifPresent(record -> ranges.onControl(offset, record));
                }
            }
            case TRIPS, PRICES, DEAD_LETTERS -> {}
        }
        return !verdict.isViolated();
    }

    private void onFixes(long offset, int type, DirectBuffer buffer, int index, int length) {
        if (type == RecordType.FIX) {
            fix.wrap(buffer, index);
            long cell = cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION);
            drivers.onVisible(readingPartition, offset, fix.driver(), fix.de(), fix.session(), fix.seq());
            ranges.onFix(readingPartition, offset, cell, fix.driver(), fix.de(), fix.session(), fix.seq());
        } else if (type == RecordType.EVENT) {
            Event event = EventReader.read(buffer, index, length);
            passages.onEvent(readingPartition, offset, event);
            RangeCodec.range(event).ifPresent(record -> ranges.onRange(readingPartition, offset, record));
        }
    }

    /** A process began to write a partition: what was durable is there, and is what it was. */
    private void reread(Log log) {
        ranges.onRestart();
        for (StreamName stream : STREAMS) {
            for (int partition = 0; partition < partitionCount; partition++) {
                int slot = slot(stream, partition);
                if (offsets[slot] > 0 && isNewWriter[partition]) {
                    String difference = difference(log.partition(stream, partition), slot);
                    if (!difference.isEmpty()) {
                        verdict.violated("LOST", difference);
                    }
                }
            }
        }
    }

    /** How somebody's copies differ from what was durable where it was written; empty when they do not. */
    String difference(Log log) {
        for (StreamName stream : STREAMS) {
            for (int partition = 0; partition < partitionCount; partition++) {
                String difference = difference(log.partition(stream, partition), slot(stream, partition));
                if (!difference.isEmpty()) {
                    return difference;
                }
            }
        }
        return "";
    }

    private String difference(PartitionLog source, int slot) {
        String name = source.stream() + "/" + source.partition();
        long end = offsets[slot];
        if (source.durableOffset() < end) {
            return name + " ends at " + source.durableOffset() + ", " + end + " was durable";
        }
        digest = 0;
        long at = source.startOffset();
        while (at < end) {
            at = source.read(at, (int) (end - at), (offset, hlc, type, buffer, index, length) -> {
                digest = RecordDigest.of(digest, offset, type, buffer, index, length);
                return true;
            });
        }
        return digest == digests[slot] ? "" : name + " is not what it was below " + end;
    }
}
