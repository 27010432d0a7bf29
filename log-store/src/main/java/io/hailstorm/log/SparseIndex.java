package io.hailstorm.log;

/**
 * Where batches start in one segment: one entry for about every {@link #INTERVAL_BYTES}. Not stored; rebuilt by walking
 * the segment. One thread adds, any number look up. Steady state: no allocation.
 */
final class SparseIndex {
    static final int INTERVAL_BYTES = 4096;

    private final int[] relativeOffsets;
    private final int[] positions;
    /** Highest clock of any batch before the entry, so that it never falls from entry to entry. */
    private final long[] hlcMaxBefore;

    private volatile int size;
    private int nextPosition;
    private long hlcMax;

    /** @param hlcMaxBefore highest clock before the first batch that will be added */
    SparseIndex(int segmentBytes, long hlcMaxBefore) {
        hlcMax = hlcMaxBefore;
        int capacity = segmentBytes / INTERVAL_BYTES + 1;
        relativeOffsets = new int[capacity];
        positions = new int[capacity];
        this.hlcMaxBefore = new long[capacity];
    }

    void onBatch(int position, int relativeOffset, long batchHlcMax) {
        if (position >= nextPosition) {
            int at = size;
            relativeOffsets[at] = relativeOffset;
            positions[at] = position;
            hlcMaxBefore[at] = hlcMax;
            size = at + 1;
            nextPosition = position + INTERVAL_BYTES;
        }
        hlcMax = Math.max(hlcMax, batchHlcMax);
    }

    /** Of the largest segment this has room for. */
    int segmentBytes() {
        return (positions.length - 1) * INTERVAL_BYTES;
    }

    /** Forgets everything: for another segment. Nobody may be looking anything up. */
    SparseIndex reset(long hlcMaxBefore) {
        size = 0;
        nextPosition = 0;
        hlcMax = hlcMaxBefore;
        return this;
    }

    /** Position of the last indexed batch that starts at or before the offset; the first batch's when there is none. */
    int positionAtOrBefore(int relativeOffset) {
        int low = 0;
        int high = size - 1;
        int found = SegmentDescriptor.HEADER_LENGTH;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (relativeOffsets[middle] <= relativeOffset) {
                found = positions[middle];
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return found;
    }

    /** Position of the last indexed batch before which every clock is lower than {@code hlc}. */
    int positionBeforeHlc(long hlc) {
        int low = 0;
        int high = size - 1;
        int found = SegmentDescriptor.HEADER_LENGTH;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (hlcMaxBefore[middle] < hlc) {
                found = positions[middle];
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return found;
    }
}
