package io.hailstorm.geo;

/**
 * The layout of an H3 index (https://h3geo.org/docs/core-library/h3Indexing), as far as ancestors need it:
 *
 * <pre>
 *  bit 63  62..59  58..56    55..52      51..45     44..42      ...     2..0
 *  [ 0 ]  [mode]  [rsvd]  [resolution] [base cell] [digit 1]   ...   [digit 15]
 * </pre>
 *
 * A digit beyond the resolution is 7, so an ancestor is the index with its resolution lowered and every
 * finer digit set to 7.
 */
final class H3Bits {
    private static final int RESOLUTION_SHIFT = 52;
    private static final long RESOLUTION_MASK = 0xFL << RESOLUTION_SHIFT;
    private static final int BITS_PER_DIGIT = 3;
    private static final int MAX_RESOLUTION = 15;

    private H3Bits() {}

    static int resolution(long cell) {
        return (int) ((cell & RESOLUTION_MASK) >>> RESOLUTION_SHIFT);
    }

    /** The caller makes sure that {@code resolution} is not finer than the cell's. */
    static long parent(long cell, int resolution) {
        long unusedDigits = (1L << (BITS_PER_DIGIT * (MAX_RESOLUTION - resolution))) - 1;
        return (cell & ~RESOLUTION_MASK) | ((long) resolution << RESOLUTION_SHIFT) | unusedDigits;
    }
}
