package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/**
 * How a chaos run goes: an open loop. Record {@code i} is due at {@code i / rate} seconds whatever became of those before
 * it, so a silence delays all that fell due in it, and latencies say so. Records go to the partitions batch by batch in
 * turn; a batch is sent when its last record is due.
 *
 * @param rate records a second
 * @param seconds how long
 * @param killAtS when the broker is killed, in seconds from the start
 * @param batch records a batch
 */
record ChaosPlan(int rate, int seconds, int killAtS, int batch) {
    /** What a node's turn of two milliseconds would gather. */
    private static final int BATCHES_PER_S_DEFAULT = 500;

    static final int BATCH_MAX = 1_000;

    private static final int RATE_MAX = 1_000_000;
    private static final int SECONDS_MAX = 3_600;
    private static final long NS_PER_S = 1_000_000_000;

    ChaosPlan {
        require(rate >= 1 && rate <= RATE_MAX, "--rate: expected 1 to " + RATE_MAX + ", got " + rate);
        require(seconds >= 2 && seconds <= SECONDS_MAX, "--seconds: expected 2 to " + SECONDS_MAX + ", got " + seconds);
        require(
                killAtS >= 1 && killAtS < seconds,
                "--kill-at: expected 1 to " + (seconds - 1) + " with --seconds " + seconds + ", got " + killAtS);
        require(batch >= 1 && batch <= BATCH_MAX, "--records-per-batch: expected 1 to " + BATCH_MAX + ", got " + batch);
        require(
                (long) rate * seconds <= Integer.MAX_VALUE,
                "--rate times --seconds: at most " + Integer.MAX_VALUE + " records");
    }

    /** Batches of two milliseconds' records. */
    static ChaosPlan of(int rate, int seconds, int killAtS) {
        return new ChaosPlan(rate, seconds, killAtS, Math.clamp(rate / BATCHES_PER_S_DEFAULT, 1, BATCH_MAX));
    }

    ChaosPlan withBatch(int records) {
        return new ChaosPlan(rate, seconds, killAtS, records);
    }

    /** Whole batches that are due, of all partitions together. */
    long batchesDue(long elapsedNs) {
        long records = (long) (Math.min(elapsedNs, seconds * NS_PER_S) * (rate / 1e9));
        return records / batch;
    }

    long batches() {
        return (long) rate * seconds / batch;
    }

    /** When a record of a partition is due, counted from the start. */
    long dueNs(int partition, int partitionCount, long seq) {
        long record = (seq / batch * partitionCount + partition) * batch + seq % batch;
        return (long) (record * (1e9 / rate));
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, message);
        }
    }
}
