package io.hailstorm.migration;

import static io.hailstorm.migration.RangeEntry.NULL_OFFSET;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The range records that are durable in the fixes, of moves that are not long over, whoever wrote them: what a node knows of the
 * other nodes' steps. Filled by reading every partition, also those served elsewhere; the same record may be read again. Of
 * records that say the same, the first in the log counts. One thread.
 */
public final class RangeRecords {
    /** Moves remembered; those ended are forgotten first of all, so only records of unknown moves can fill it. */
    static final int MOVES_MAX = 4_096;

    private static final class Seen {
        private long stagedOffset = NULL_OFFSET;
        private long sealOffset = NULL_OFFSET;
        private long abortOffset = NULL_OFFSET;
        private long openOffset = NULL_OFFSET;
        private RangeRecord.@Nullable Seal seal;
        private RangeRecord.@Nullable Open open;
    }

    private final Map<String, Seen> seenByMigration = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
            return size() > MOVES_MAX;
        }
    };

    /** A durable record of a partition's fixes. */
    public void onDurable(long offset, RangeRecord record) {
        Seen seen = seenByMigration.computeIfAbsent(record.migrationId(), _ -> new Seen());
        switch (record) {
            case RangeRecord.Staged _ -> seen.stagedOffset = first(seen.stagedOffset, offset);
            case RangeRecord.Seal seal -> {
                if (seen.seal == null || offset < seen.sealOffset) {
                    seen.seal = seal;
                    seen.sealOffset = offset;
                }
            }
            case RangeRecord.Abort _ -> seen.abortOffset = first(seen.abortOffset, offset);
            case RangeRecord.Open open -> {
                RangeRecord.Open held = seen.open;
                if (held == null
                        || held.epoch() < open.epoch()
                        || (held.epoch() == open.epoch() && offset < seen.openOffset)) {
                    seen.open = open;
                    seen.openOffset = offset;
                }
            }
        }
    }

    private static long first(long known, long offset) {
        return known == NULL_OFFSET ? offset : Math.min(known, offset);
    }

    boolean isStaged(String migrationId) {
        Seen seen = seenByMigration.get(migrationId);
        return seen != null && seen.stagedOffset != NULL_OFFSET;
    }

    boolean isAborted(String migrationId) {
        Seen seen = seenByMigration.get(migrationId);
        return seen != null && seen.abortOffset != NULL_OFFSET;
    }

    /** Whether an ABORT makes the SEAL void: it came first, or there is no SEAL. */
    boolean isAbortedBeforeSeal(String migrationId) {
        Seen seen = seenByMigration.get(migrationId);
        return seen != null
                && seen.abortOffset != NULL_OFFSET
                && (seen.sealOffset == NULL_OFFSET || seen.abortOffset < seen.sealOffset);
    }

    /** Offset of the first durable SEAL; {@link RangeEntry#NULL_OFFSET} when none was read. */
    long sealOffset(String migrationId) {
        Seen seen = seenByMigration.get(migrationId);
        return seen == null ? NULL_OFFSET : seen.sealOffset;
    }

    RangeRecord.@Nullable Seal seal(String migrationId) {
        Seen seen = seenByMigration.get(migrationId);
        return seen == null ? null : seen.seal;
    }

    /** Offset of the first durable OPEN at an epoch; {@link RangeEntry#NULL_OFFSET} when none was read. */
    long openOffset(String migrationId, long epoch) {
        Seen seen = seenByMigration.get(migrationId);
        return seen == null || open(migrationId, epoch) == null ? NULL_OFFSET : seen.openOffset;
    }

    RangeRecord.@Nullable Open open(String migrationId, long epoch) {
        Seen seen = seenByMigration.get(migrationId);
        RangeRecord.Open open = seen == null ? null : seen.open;
        return open != null && open.epoch() == epoch ? open : null;
    }

    void forget(String migrationId) {
        seenByMigration.remove(migrationId);
    }

    int moveCount() {
        return seenByMigration.size();
    }
}
