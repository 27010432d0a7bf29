package io.hailstorm.kernel;

/**
 * A hybrid logical clock: 48 bits of epoch milliseconds, 16 bits of counter, in one {@code long} whose
 * natural order is causal order. One owner thread. After Kulkarni et al., "Logical Physical Clocks",
 * OPODIS 2014.
 */
public final class HybridLogicalClock {
    /** A remote timestamp further ahead than this is refused: its sender's clock is broken. */
    public static final long MAX_AHEAD_MS = 500;

    private static final int COUNTER_BITS = 16;

    private final TimeSource time;
    private long last;

    public HybridLogicalClock(TimeSource time) {
        this.time = time;
    }

    /** A timestamp greater than every one issued or observed before. */
    public long next() {
        return next(1);
    }

    /** Reserves {@code count} consecutive timestamps and returns the first. */
    public long next(int count) {
        long first = Math.max(time.epochMs() << COUNTER_BITS, last + 1);
        last = first + count - 1;
        return first;
    }

    /**
     * Folds in a remote timestamp, so that later local ones exceed it.
     *
     * @throws HailstormException with {@link ErrorCode#FAILED_PRECONDITION} when it is more than
     *     {@link #MAX_AHEAD_MS} ahead of this clock; nothing is changed then
     */
    public void observe(long remote) {
        long aheadMs = epochMs(remote) - time.epochMs();
        if (aheadMs > MAX_AHEAD_MS) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "remote clock too far ahead: ahead_ms=" + aheadMs + ", max=" + MAX_AHEAD_MS
                            + "; check time synchronisation of the sender");
        }
        last = Math.max(last, remote);
    }

    /** Restores the clock past a timestamp found in this node's own log; recovery only, never refused. */
    public void restore(long fromOwnLog) {
        last = Math.max(last, fromOwnLog);
    }

    /** The lowest timestamp of a millisecond. */
    public static long firstOf(long epochMs) {
        return epochMs << COUNTER_BITS;
    }

    /** The physical part of a timestamp, epoch milliseconds. */
    public static long epochMs(long timestamp) {
        return timestamp >>> COUNTER_BITS;
    }
}
