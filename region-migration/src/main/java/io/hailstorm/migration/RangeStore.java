package io.hailstorm.migration;

/**
 * Where the drivers of ranges in flight stand, folded from the source's log, on every node that takes part in a move.
 * {@link RangeFold} computes it.
 */
public interface RangeStore {
    /** What came of comparing with the source. */
    enum Comparison {
        EQUAL,
        DIFFERENT,
        /** Nothing is known here at that offset. */
        UNKNOWN
    }

    /**
     * Advances the copy of the range here, from the source's <em>durable</em> log only, starting it when there is none. Works in
     * bounded portions.
     *
     * @param fromOffset where a new copy begins
     * @param endOffsetExclusive do not read at or beyond this offset of the source
     * @return every record of the source from where the copy began and below this offset is in it
     */
    long stage(MovePlan plan, long fromOffset, long endOffsetExclusive);

    /** The copy as staged so far; empty when there is none. */
    RangeFold staged(MovePlan plan);

    /** The newest offset, not beyond what is staged, whose hash is known; {@link RangeEntry#NULL_OFFSET} when there is none. */
    long hashedOffset(MovePlan plan);

    /** {@link RangeFold#hash} of the copy at {@link #hashedOffset}. */
    long hash(MovePlan plan);

    /** Compares the copy, as it was at an offset, with what the source's own node held there. */
    Comparison compare(MovePlan plan, long offset, long hash);

    /** Begins the copy anew. */
    void restart(MovePlan plan);

    /** The move ended; its copy may go. */
    void forget(MovePlan plan);
}
