package io.hailstorm.migration;

/**
 * A log of a model in one long: up to ten entries of six bits, the length above them. What an entry's code means is the
 * model's own.
 */
final class ModelLog {
    static final int LENGTH_MAX = 10;
    static final long EMPTY = 0;
    private static final int ENTRY_BITS = 6;
    private static final int LENGTH_SHIFT = LENGTH_MAX * ENTRY_BITS;

    private ModelLog() {}

    static int length(long log) {
        return (int) (log >>> LENGTH_SHIFT);
    }

    static boolean isFull(long log) {
        return length(log) == LENGTH_MAX;
    }

    static int at(long log, int offset) {
        return (int) (log >>> (offset * ENTRY_BITS)) & ((1 << ENTRY_BITS) - 1);
    }

    static long append(long log, int entry) {
        int length = length(log);
        return (log & mask(length)) | ((long) entry << (length * ENTRY_BITS)) | ((long) (length + 1) << LENGTH_SHIFT);
    }

    /** The first entries; what a crash or a cut leaves. */
    static long prefix(long log, int length) {
        return (log & mask(length)) | ((long) length << LENGTH_SHIFT);
    }

    /** Offset of the first such entry before the end, or -1. */
    static int find(long log, int endExclusive, int entry) {
        for (int offset = 0; offset < endExclusive; offset++) {
            if (at(log, offset) == entry) {
                return offset;
            }
        }
        return -1;
    }

    static boolean has(long log, int entry) {
        return find(log, length(log), entry) >= 0;
    }

    private static long mask(int length) {
        return length == 0 ? 0 : -1L >>> (Long.SIZE - length * ENTRY_BITS);
    }
}
