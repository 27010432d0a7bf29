package io.hailstorm.ops;

import java.util.Arrays;

/** Events a second over the last ten whole seconds of the node's clock. One thread at a time. No allocation. */
final class RateWindow {
    static final int WINDOW_S = 10;

    private static final int BUCKETS = 16;

    private final long[] seconds = new long[BUCKETS];
    private final long[] counts = new long[BUCKETS];
    private long total;

    RateWindow() {
        Arrays.fill(seconds, -1);
    }

    void add(long timeMs, int count) {
        total += count;
        long second = timeMs / 1000;
        int at = (int) (second & (BUCKETS - 1));
        if (seconds[at] < second) {
            seconds[at] = second;
            counts[at] = 0;
        }
        if (seconds[at] == second) {
            counts[at] += count;
        }
    }

    double perS(long nowMs) {
        long current = nowMs / 1000;
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            if (seconds[i] < current && seconds[i] >= current - WINDOW_S) {
                sum += counts[i];
            }
        }
        return (double) sum / WINDOW_S;
    }

    /** Since the projection began. */
    long total() {
        return total;
    }
}
