package io.hailstorm.simulator;

import io.hailstorm.kernel.Invariants;
import java.util.Arrays;

/**
 * What is due when: a calendar queue (Brown, "Calendar Queues", CACM 1988) with one bucket a millisecond and a horizon
 * that wraps. Events are bare longs and run in the order of (due time, event), whatever order they were scheduled in and
 * however coarse the steps are. Steady state: no allocation.
 */
final class CalendarQueue {
    /** Buckets; what is due later than so many milliseconds stays in its bucket for another turn. */
    static final int HORIZON_MS = 1 << 14;

    /** Runs an event at its time, or at the time of scheduling when that was later. */
    interface Handler {
        void onEvent(long event, long atMs);
    }

    private final long[][] dueMs = new long[HORIZON_MS][];
    private final long[][] events = new long[HORIZON_MS][];
    private final int[] sizes = new int[HORIZON_MS];
    private long[] ready = new long[64];
    private long cursorMs;

    CalendarQueue(long startMs) {
        cursorMs = startMs;
    }

    /** Everything due before this has run. */
    long cursorMs() {
        return cursorMs;
    }

    /** A time already passed means as soon as possible. */
    void schedule(long due, long event) {
        long atMs = Math.max(due, cursorMs);
        int bucket = (int) (atMs & (HORIZON_MS - 1));
        int size = sizes[bucket];
        if (dueMs[bucket] == null) {
            dueMs[bucket] = new long[4];
            events[bucket] = new long[4];
        } else if (size == dueMs[bucket].length) {
            dueMs[bucket] = Arrays.copyOf(dueMs[bucket], size * 2);
            events[bucket] = Arrays.copyOf(events[bucket], size * 2);
        }
        dueMs[bucket][size] = atMs;
        events[bucket][size] = event;
        sizes[bucket] = size + 1;
    }

    /** Runs everything due up to and including {@code nowMs}; returns how many ran. */
    int poll(long nowMs, Handler handler) {
        Invariants.require(nowMs >= cursorMs - 1, "simulated time went back");
        int count = 0;
        while (cursorMs <= nowMs) {
            int ran = pollBucket(handler);
            count += ran;
            if (ran == 0) {
                cursorMs++;
            }
        }
        return count;
    }

    private int pollBucket(Handler handler) {
        int bucket = (int) (cursorMs & (HORIZON_MS - 1));
        int size = sizes[bucket];
        if (size == 0) {
            return 0;
        }
        long[] due = dueMs[bucket];
        long[] queued = events[bucket];
        int readyCount = 0;
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (due[i] <= cursorMs) {
                if (readyCount == ready.length) {
                    ready = Arrays.copyOf(ready, readyCount * 2);
                }
                ready[readyCount++] = queued[i];
            } else {
                due[kept] = due[i];
                queued[kept++] = queued[i];
            }
        }
        sizes[bucket] = kept;
        Arrays.sort(ready, 0, readyCount);
        for (int i = 0; i < readyCount; i++) {
            handler.onEvent(ready[i], cursorMs);
        }
        return readyCount;
    }
}
