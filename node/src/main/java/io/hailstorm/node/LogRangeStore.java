package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeStore;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import org.agrona.DirectBuffer;

/** Copies of moving ranges, folded from the source's durable fixes. Region agent's thread. */
final class LogRangeStore implements RangeStore {
    private static final int PORTION_RECORDS = 50_000;

    private static final class Copy {
        private final NavigableSet<Long> range;
        private final RangeFold fold;
        private long nextOffset;

        Copy(NavigableSet<Long> range, long nextOffset) {
            this.range = range;
            this.fold = new RangeFold(range);
            this.nextOffset = nextOffset;
        }
    }

    private final Log log;
    private final Cells cells;
    private final FixView fix = new FixView();
    private final Map<String, Copy> copyByMigration = new HashMap<>();
    /** Second readings, which follow the first, so that little is left to read while the range is sealed. */
    private final Map<NavigableSet<Long>, Copy> checkByRange = new HashMap<>();

    LogRangeStore(Log log, Cells cells) {
        this.log = log;
        this.cells = cells;
    }

    @Override
    public long stage(String migrationId, NavigableSet<Long> range, int sourcePartition, long endOffsetExclusive) {
        PartitionLog source = log.partition(StreamName.FIXES, sourcePartition);
        Copy copy = copyByMigration.computeIfAbsent(migrationId, id -> new Copy(range, source.startOffset()));
        copy.nextOffset = fold(source, copy.fold, copy.nextOffset, endOffsetExclusive, PORTION_RECORDS);
        Copy check = check(range, source);
        check.nextOffset = fold(source, check.fold, check.nextOffset, copy.nextOffset, PORTION_RECORDS);
        return copy.nextOffset;
    }

    @Override
    public RangeFold staged(String migrationId) {
        Copy copy = copyByMigration.get(migrationId);
        if (copy == null) {
            throw new IllegalStateException("nothing staged for " + migrationId);
        }
        return copy.fold;
    }

    private Copy check(NavigableSet<Long> range, PartitionLog source) {
        return checkByRange.computeIfAbsent(range, cells -> new Copy(cells, source.startOffset()));
    }

    /** By a second, independent reading of the source. */
    @Override
    public long sourceHash(int sourcePartition, NavigableSet<Long> range, long sealOffset) {
        PartitionLog source = log.partition(StreamName.FIXES, sourcePartition);
        Copy check = check(range, source);
        check.nextOffset = fold(source, check.fold, check.nextOffset, sealOffset, Integer.MAX_VALUE);
        return check.fold.hash();
    }

    @Override
    public void forget(String migrationId) {
        Copy copy = copyByMigration.remove(migrationId);
        if (copy != null) {
            checkByRange.remove(copy.range);
        }
    }

    private long fold(PartitionLog source, RangeFold fold, long from, long endExclusive, int recordsMax) {
        long offset = from;
        long left = recordsMax;
        while (offset < endExclusive && left > 0) {
            int count = (int) Math.min(Math.min(left, 4096), endExclusive - offset);
            long next = source.read(offset, count, (at, hlc, type, buffer, index, length) -> {
                take(fold, type, buffer, index, length);
                return true;
            });
            if (next == offset) {
                break;
            }
            left -= next - offset;
            offset = next;
        }
        return offset;
    }

    private void take(RangeFold fold, int type, DirectBuffer buffer, int index, int length) {
        if (type == RecordType.FIX) {
            fix.wrap(buffer, index);
            fold.onFix(
                    cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION),
                    fix.driver(),
                    fix.de(),
                    fix.session(),
                    fix.seq());
        } else if (type == RecordType.EVENT
                && RangeCodec.range(EventReader.read(buffer, index, length)).orElse(null)
                        instanceof RangeRecord.Open open) {
            fold.onOpen(open);
        }
    }
}
