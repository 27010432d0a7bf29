package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.migration.MovePlan;
import io.hailstorm.migration.RangeEntry;
import io.hailstorm.migration.RangeFold;
import io.hailstorm.migration.RangeRecord;
import io.hailstorm.migration.RangeStore;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.agrona.DirectBuffer;

/**
 * Copies of moving ranges, folded from the source's durable fixes, once and in order: what was folded is never read again. On the
 * way each notes its hash at every {@value #HASH_EVERY_RECORDS}th offset, so that two nodes that folded the same log can compare.
 * Region agent's thread.
 */
final class LogRangeStore implements RangeStore {
    /** Usually read at most in one turn: a few milliseconds. */
    static final int PORTION_RECORDS = 20_000;

    private static final int RECORDS_PER_READ = 4096;
    static final int HASH_EVERY_RECORDS = 1024;
    /** Half a million records back: seconds of a busy partition. */
    private static final int HASHES_KEPT = 512;

    /** One copy, and the last hashes on its way. */
    private static final class Copy {
        private final RangeFold fold;
        private final long[] hashedOffsets = new long[HASHES_KEPT];
        private final long[] hashes = new long[HASHES_KEPT];
        private long nextOffset;
        private long stagedRecords;
        private long hashedOffset = RangeEntry.NULL_OFFSET;

        Copy(Set<Long> range, long nextOffset) {
            fold = new RangeFold(range);
            this.nextOffset = nextOffset;
            Arrays.fill(hashedOffsets, RangeEntry.NULL_OFFSET);
        }

        void noteHash(long offset) {
            int slot = slot(offset);
            hashedOffset = offset;
            hashedOffsets[slot] = offset;
            hashes[slot] = fold.hash();
        }

        static int slot(long offset) {
            return (int) (offset / HASH_EVERY_RECORDS % HASHES_KEPT);
        }
    }

    private final Log log;
    private final Cells cells;
    private final int portionRecords;
    private final boolean isDurableOnly;
    private final FixView fix = new FixView();
    private final RecordHandler onRecord = this::onRecord;
    private final Map<String, Copy> copyByMigration = new HashMap<>();
    private Copy reading = new Copy(Set.of(), 0);

    /** @param portionRecords read at most in one turn */
    LogRangeStore(Log log, Cells cells, int portionRecords, Safeguards safeguards) {
        this.log = log;
        this.cells = cells;
        this.portionRecords = portionRecords;
        isDurableOnly = safeguards.has(Safeguard.COPY_DURABLE);
    }

    @Override
    public long stage(MovePlan plan, long fromOffset, long endOffsetExclusive) {
        PartitionLog source = log.partition(StreamName.FIXES, plan.sourcePartition());
        Copy copy = copyByMigration.computeIfAbsent(
                plan.migrationId(), _ -> new Copy(plan.cells(), Math.max(fromOffset, source.startOffset())));
        reading = copy;
        long left = portionRecords;
        while (copy.nextOffset < endOffsetExclusive && left > 0) {
            int count = (int) Math.min(Math.min(left, RECORDS_PER_READ), endOffsetExclusive - copy.nextOffset);
            long next = isDurableOnly
                    ? source.read(copy.nextOffset, count, onRecord)
                    : source.readAppended(copy.nextOffset, count, onRecord);
            if (next == copy.nextOffset) {
                break;
            }
            left -= next - copy.nextOffset;
            copy.nextOffset = next;
        }
        return copy.nextOffset;
    }

    private boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        Copy copy = reading;
        if (offset % HASH_EVERY_RECORDS == 0) {
            copy.noteHash(offset);
        }
        if (type == RecordType.FIX) {
            fix.wrap(buffer, index);
            boolean taken = copy.fold.onFix(
                    cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION),
                    fix.driver(),
                    fix.de(),
                    fix.session(),
                    fix.seq());
            copy.stagedRecords += taken ? 1 : 0;
        } else if (type == RecordType.EVENT
                && RangeCodec.range(EventReader.read(buffer, index, length)).orElse(null)
                        instanceof RangeRecord.Open open) {
            copy.fold.onOpen(open);
        }
        return true;
    }

    @Override
    public RangeFold staged(MovePlan plan) {
        Copy copy = copyByMigration.get(plan.migrationId());
        return copy == null ? new RangeFold(plan.cells()) : copy.fold;
    }

    @Override
    public long hashedOffset(MovePlan plan) {
        Copy copy = copyByMigration.get(plan.migrationId());
        return copy == null ? RangeEntry.NULL_OFFSET : copy.hashedOffset;
    }

    @Override
    public long hash(MovePlan plan) {
        Copy copy = copyByMigration.get(plan.migrationId());
        return copy == null || copy.hashedOffset < 0 ? 0 : copy.hashes[Copy.slot(copy.hashedOffset)];
    }

    @Override
    public Comparison compare(MovePlan plan, long offset, long hash) {
        Copy copy = copyByMigration.get(plan.migrationId());
        if (copy == null || offset < 0 || copy.hashedOffsets[Copy.slot(offset)] != offset) {
            return Comparison.UNKNOWN;
        }
        return copy.hashes[Copy.slot(offset)] == hash ? Comparison.EQUAL : Comparison.DIFFERENT;
    }

    /** Bytes of the source's records that went into the copy. */
    long stagedBytes(MovePlan plan) {
        Copy copy = copyByMigration.get(plan.migrationId());
        return copy == null ? 0 : copy.stagedRecords * FixDescriptor.LENGTH;
    }

    @Override
    public void restart(MovePlan plan) {
        copyByMigration.remove(plan.migrationId());
    }

    @Override
    public void forget(MovePlan plan) {
        copyByMigration.remove(plan.migrationId());
    }
}
