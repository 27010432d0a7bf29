package io.hailstorm.migration;

import java.util.NavigableSet;

/**
 * What the ownership table holds of one routing cell. Immutable.
 *
 * @param epoch grows each time ownership changes: by one with a move, by two when the source takes a range back
 * @param ownerPartition who accepts its fixes, up to the SEAL while a move is under way
 * @param targetPartition who will; the owner itself while nothing is under way
 * @param migrationId the move under way, or the one that brought the cell here; empty for a first owner
 * @param cells that move together with it; empty for a first owner
 * @param parentPartition where it came from; {@link #NULL_PARTITION} for a first owner
 * @param parentSealOffset offset of the SEAL in the parent's fixes; {@link #NULL_OFFSET} when there is none
 * @param startOffset see {@link ControlRecord.Proposal}; {@link #NULL_OFFSET} for a first owner
 */
public record RangeEntry(
        long epoch,
        RangeState state,
        int ownerPartition,
        int targetPartition,
        String migrationId,
        NavigableSet<Long> cells,
        int parentPartition,
        long parentSealOffset,
        long startOffset) {
    public static final int NULL_PARTITION = -1;
    public static final long NULL_OFFSET = -1;

    /** Whether its owner has the range by a move, and so begins with an OPEN. */
    public boolean isMoved() {
        return state == RangeState.ACTIVE && parentPartition != NULL_PARTITION;
    }

    /** Whether the source took the range back: its OPEN is in its own log, after the seal. */
    public boolean isTakenBack() {
        return state == RangeState.ACTIVE && parentPartition == ownerPartition;
    }

    RangeEntry startingAt(long offset) {
        return new RangeEntry(
                epoch,
                state,
                ownerPartition,
                targetPartition,
                migrationId,
                cells,
                parentPartition,
                parentSealOffset,
                offset);
    }
}
