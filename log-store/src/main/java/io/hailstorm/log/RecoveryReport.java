package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;

/**
 * What opening one partition found.
 *
 * @param scannedBytes checked against their checksums
 * @param endOffset where the log goes on
 * @param truncatedBytes of a torn tail that nobody had been told was durable; zeroed
 * @param truncatedFile where they were; empty when there were none
 * @param truncatedPosition where in that file
 */
public record RecoveryReport(
        StreamName stream,
        int partition,
        long scannedBytes,
        long endOffset,
        long truncatedBytes,
        String truncatedFile,
        int truncatedPosition) {}
