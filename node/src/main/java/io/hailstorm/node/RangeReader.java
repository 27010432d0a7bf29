package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.protocol.v1.Event;

/** Looks for range records in the fixes, where the table says they may be. Region agent's thread. */
final class RangeReader {
    private static final int RECORDS_PER_READ = 65_536;

    private final Log log;
    private final Receiver receiver;

    /** Told of a durable range record. */
    @FunctionalInterface
    interface Receiver {
        void onRangeRecord(int partition, long offset, RangeRecord record, long writtenMs);
    }

    RangeReader(Log log, Receiver receiver) {
        this.log = log;
        this.receiver = receiver;
    }

    /** Hands over one move's records of a partition, from an offset to what is durable now. */
    void read(int partition, long fromOffset, String migrationId) {
        PartitionLog fixes = log.partition(StreamName.FIXES, partition);
        RecordHandler handler = (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.EVENT) {
                Event event = EventReader.read(buffer, index, length);
                RangeCodec.range(event)
                        .filter(record -> record.migrationId().equals(migrationId))
                        .ifPresent(record -> receiver.onRangeRecord(partition, offset, record, event.getTimeMs()));
            }
            return true;
        };
        long offset = Math.max(fromOffset, fixes.startOffset());
        while (offset < fixes.durableOffset()) {
            long next = fixes.read(offset, RECORDS_PER_READ, handler);
            if (next == offset) {
                break;
            }
            offset = next;
        }
    }

    /** Whether the range's OPEN is where the table has it, or was until retention took it. */
    boolean isOpenWhereSaid(RangeEntry entry) {
        PartitionLog fixes = log.partition(StreamName.FIXES, entry.ownerPartition());
        if (entry.startOffset() < fixes.startOffset()) {
            return true;
        }
        boolean[] found = {false};
        fixes.read(entry.startOffset(), 1, (at, hlc, type, buffer, index, length) -> {
            found[0] = at == entry.startOffset()
                    && type == RecordType.EVENT
                    && RangeCodec.range(EventReader.read(buffer, index, length)).orElse(null)
                            instanceof RangeRecord.Open open
                    && open.migrationId().equals(entry.migrationId())
                    && open.epoch() == entry.epoch();
            return false;
        });
        return found[0];
    }
}
