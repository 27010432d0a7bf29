package io.hailstorm.migration;

import java.util.List;
import java.util.NavigableSet;

/** What a range move writes into the {@code fixes} stream of its source and target, among the fixes. */
public sealed interface RangeRecord {
    String migrationId();

    /** Epoch of the range once this record counts: the source's for a SEAL or ABORT, the next owner's for an OPEN. */
    long epoch();

    /**
     * In the target's log: its copy has everything of the source below {@code stagedOffset}, which was then almost its end. Changes
     * nothing; whoever decides may close the source now.
     */
    record Staged(String migrationId, long epoch, long stagedOffset) implements RangeRecord {}

    /**
     * In the source's log: the last record of this range at this epoch.
     *
     * @param hashedOffset an offset of the source a little before the seal; {@link RangeEntry#NULL_OFFSET} when the source has
     *     nothing to compare with
     * @param stateHash {@link RangeFold#hash} of the range below that offset, as the source's own node folded it
     */
    record Seal(String migrationId, long epoch, NavigableSet<Long> cells, long hashedOffset, long stateHash)
            implements RangeRecord {
        public Seal {
            cells = ControlRecord.sorted(cells);
        }
    }

    /** In the source's log: a SEAL of this migration that comes later counts for nothing. */
    record Abort(String migrationId, long epoch) implements RangeRecord {}

    /**
     * In the next owner's log, the target's, or the source's own at a later epoch: the range goes on here. Counts only when the
     * table says that this partition owns the range at this epoch.
     *
     * @param stateHash of {@code drivers}, equal at source and target; see {@link RangeFold#hash}
     * @param drivers by driver: where each driver's sequence stood at the seal
     */
    record Open(
            String migrationId,
            long epoch,
            NavigableSet<Long> cells,
            int parentPartition,
            long parentSealOffset,
            long stateHash,
            List<DriverPosition> drivers)
            implements RangeRecord {
        public Open {
            cells = ControlRecord.sorted(cells);
            drivers = List.copyOf(drivers);
        }
    }

    /** The last accepted fix of a driver in its visible order. Compares by driver, then by that order. */
    record DriverPosition(long driver, int de, long session, long lastSeq) implements Comparable<DriverPosition> {
        @Override
        public int compareTo(DriverPosition other) {
            int byDriver = Long.compare(driver, other.driver);
            return byDriver != 0
                    ? byDriver
                    : compareOrder(de, session, lastSeq, other.de, other.session, other.lastSeq);
        }

        static int compareOrder(int deA, long sessionA, long seqA, int deB, long sessionB, long seqB) {
            int byDe = Integer.compare(deA, deB);
            if (byDe != 0) {
                return byDe;
            }
            int bySession = Long.compare(sessionA, sessionB);
            return bySession != 0 ? bySession : Long.compare(seqA, seqB);
        }
    }
}
