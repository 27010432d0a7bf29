package io.hailstorm.log;

import io.hailstorm.kernel.HybridLogicalClock;

/**
 * How far a reader is behind one partition.
 *
 * @param records durable and not yet read
 * @param ms from the clock of the first of them to the clock of the newest durable one; 0 when all is read. Both clocks are
 *     the log's, so a stream that pauses does not look like a reader that lags
 */
public record LogLag(long records, long ms) {
    public static final LogLag NONE = new LogLag(0, 0);

    /** Lag of a reader whose next record is {@code nextOffset}. Any thread; reads two records. */
    public static LogLag of(PartitionReader partition, long nextOffset) {
        long durable = partition.durableOffset();
        long next = Math.max(nextOffset, partition.startOffset());
        if (next >= durable) {
            return NONE;
        }
        long ms = HybridLogicalClock.epochMs(hlcAt(partition, durable - 1))
                - HybridLogicalClock.epochMs(hlcAt(partition, next));
        return new LogLag(durable - next, Math.max(0, ms));
    }

    private static long hlcAt(PartitionReader partition, long offset) {
        long[] found = {0};
        partition.read(offset, 1, (at, hlc, type, buffer, index, length) -> {
            found[0] = hlc;
            return false;
        });
        return found[0];
    }
}
