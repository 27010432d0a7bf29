package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.AckLevel;

/**
 * What {@code hailstorm bench log} measures.
 *
 * @param ratePerS records a second; 0 for as many as there can be
 * @param warmUpS before anything counts
 * @param recoveryMib size of the log that is opened again; 0 leaves that out
 */
record LogBenchOptions(
        AckLevel ackLevel,
        int recordBytes,
        int batch,
        long ratePerS,
        int seconds,
        int warmUpS,
        long commitMs,
        int recoveryMib) {
    private static final int RECORD_BYTES_MIN = 8;
    private static final int BATCH_BYTES_MAX = 4 << 20;

    LogBenchOptions {
        require(recordBytes >= RECORD_BYTES_MIN, "--record-bytes: expected at least 8, got " + recordBytes);
        require(batch >= 1, "--batch: expected at least 1, got " + batch);
        require(
                (long) batch * recordBytes <= BATCH_BYTES_MAX,
                "--batch times --record-bytes: expected at most 4 MiB, got " + (long) batch * recordBytes);
        require(ratePerS >= 0, "--rate: expected at least 0, got " + ratePerS);
        require(seconds >= 1, "--seconds: expected at least 1, got " + seconds);
        require(warmUpS >= 0, "--warm-up: expected at least 0, got " + warmUpS);
        require(commitMs >= 0, "--commit-ms: expected at least 0, got " + commitMs);
        require(recoveryMib >= 0, "--recovery-mib: expected at least 0, got " + recoveryMib);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, message);
        }
    }
}
