package io.hailstorm.ops;

import java.util.Arrays;

/** Waits from request to arrival over the last five minutes; the last {@link #WAIT_MAX} of them. One thread at a time. */
final class WaitWindow {
    static final long WINDOW_MS = 5 * 60_000;
    static final int WAIT_MAX = 8192;

    private final long[] timesMs = new long[WAIT_MAX];
    private final long[] waitsMs = new long[WAIT_MAX];
    private long added;

    void add(long timeMs, long waitMs) {
        int at = (int) (added++ % WAIT_MAX);
        timesMs[at] = timeMs;
        waitsMs[at] = waitMs;
    }

    Waits waits(long nowMs) {
        long[] recent = new long[(int) Math.min(added, WAIT_MAX)];
        int count = 0;
        for (int i = 0; i < recent.length; i++) {
            if (nowMs - timesMs[i] <= WINDOW_MS) {
                recent[count++] = waitsMs[i];
            }
        }
        Arrays.sort(recent, 0, count);
        return new Waits(percentile(recent, count, 0.50), percentile(recent, count, 0.95), count);
    }

    private static long percentile(long[] sorted, int count, double share) {
        return count == 0 ? 0 : sorted[(int) Math.ceil(share * count) - 1];
    }

    /** Nearest-rank percentiles; 0 where {@code count} is 0. */
    record Waits(long p50Ms, long p95Ms, int count) {}
}
