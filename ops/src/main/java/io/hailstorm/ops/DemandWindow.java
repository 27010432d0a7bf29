package io.hailstorm.ops;

import org.agrona.collections.Long2LongHashMap;

/**
 * Riders who asked for a price or a trip within the last five minutes, counted once each, in the cell they asked in
 * last. One thread at a time. Bounded: beyond {@link #ASK_MAX} asks the oldest leave early. Steady state: no
 * allocation.
 */
final class DemandWindow {
    static final long WINDOW_MS = 5 * 60_000;
    static final int ASK_MAX = 1 << 16;

    private static final int MASK = ASK_MAX - 1;
    private static final long NONE = -1;

    private final CellTable cells;
    private final Long2LongHashMap latestByRider = new Long2LongHashMap(NONE);
    private final long[] riders = new long[ASK_MAX];
    private final long[] timesMs = new long[ASK_MAX];
    private final int[] cellIndexes = new int[ASK_MAX];
    private long head;
    private long tail;

    DemandWindow(CellTable cells) {
        this.cells = cells;
    }

    void onAsk(long rider, int cellIndex, long timeMs) {
        long previous = latestByRider.get(rider);
        if (previous != NONE) {
            cells.addDemand(cellIndexes[(int) previous & MASK], -1);
            latestByRider.remove(rider);
        }
        if (tail - head == ASK_MAX) {
            dropOldest();
        }
        int at = (int) tail & MASK;
        riders[at] = rider;
        timesMs[at] = timeMs;
        cellIndexes[at] = cellIndex;
        latestByRider.put(rider, tail++);
        cells.addDemand(cellIndex, 1);
    }

    /** Lets asks older than the window go. */
    void expire(long nowMs) {
        while (head < tail && nowMs - timesMs[(int) head & MASK] > WINDOW_MS) {
            dropOldest();
        }
    }

    private void dropOldest() {
        int at = (int) head & MASK;
        if (latestByRider.get(riders[at]) == head) {
            latestByRider.remove(riders[at]);
            cells.addDemand(cellIndexes[at], -1);
        }
        head++;
    }
}
