package io.hailstorm.simulator;

/**
 * How many fixes are sent and not answered, over all phones, and how old the oldest is: counts by the second of sending.
 * One owner thread; allocates nothing.
 */
final class InFlight {
    /** Anything older is counted in the oldest second. */
    private static final int SECONDS = 1 << 12;

    private static final long MS_PER_SECOND = 1_000;

    private final int[] bySecond = new int[SECONDS];
    private long oldestSecond = Long.MIN_VALUE;
    private long newestSecond = Long.MIN_VALUE;
    private long total;

    void add(long sentMs, int count) {
        long second = Math.floorDiv(sentMs, MS_PER_SECOND);
        if (total == 0) {
            oldestSecond = second;
        }
        newestSecond = Math.max(newestSecond, second);
        while (oldestSecond <= newestSecond - SECONDS) {
            int tail = bySecond[slot(oldestSecond)];
            bySecond[slot(oldestSecond)] = 0;
            bySecond[slot(++oldestSecond)] += tail;
        }
        bySecond[slot(Math.max(second, oldestSecond))] += count;
        total += count;
    }

    void remove(long sentMs, int count) {
        long second = Math.max(Math.floorDiv(sentMs, MS_PER_SECOND), oldestSecond);
        bySecond[slot(second)] -= count;
        total -= count;
        while (oldestSecond < newestSecond && bySecond[slot(oldestSecond)] == 0) {
            oldestSecond++;
        }
    }

    long total() {
        return total;
    }

    /** At most this old, to the second; 0 when nothing is in flight. */
    long ageMs(long nowMs) {
        return total == 0 ? 0 : Math.max(0, nowMs - (oldestSecond + 1) * MS_PER_SECOND);
    }

    private static int slot(long second) {
        return (int) (second & (SECONDS - 1));
    }
}
