package io.hailstorm.migration;

import java.util.NavigableSet;

/** Where a range's drivers stand, on both sides of a move. {@link RangeFold} computes it. */
public interface RangeStore {
    /**
     * Advances the target's staged copy of the range, from the source's <em>durable</em> log only, starting it when there
     * is none. Work in bounded portions.
     *
     * @param endOffsetExclusive do not read at or beyond this offset of the source
     * @return every record of the source below this offset is in the copy
     */
    long stage(String migrationId, NavigableSet<Long> cells, int sourcePartition, long endOffsetExclusive);

    /** The target's copy as staged so far. */
    RangeFold staged(String migrationId);

    /** {@link RangeFold#hash} as the source's writer itself holds it at its SEAL, however it keeps it. */
    long sourceHash(int sourcePartition, NavigableSet<Long> cells, long sealOffset);

    /** The move ended; its copy may go. */
    void forget(String migrationId);
}
