package io.hailstorm.ingest;

/**
 * How a node's hand-overs went since it started. Pauses are in the node's time, of the last few thousand hand-overs.
 *
 * @param handedOverCount drivers this node handed over to partitions of other nodes, durably
 * @param takenInCount drivers it took in from them, durably
 * @param takenBackCount drivers it had handed over and took back, since they were refused
 * @param recalledCount drivers it asked to have back
 * @param refusedCount drivers it refused to take in
 * @param retryCount phones told to come again, because nothing was known of their drivers yet
 * @param earlyRecordsMax most fixes that waited at one time for their drivers to be taken in
 * @param leavePauseMs from deciding that a driver leaves to the record's being durable
 * @param enterPauseMs from reading that record to the other one's, by which the driver is taken in, being durable
 */
public record HandOverSummary(
        long handedOverCount,
        long takenInCount,
        long takenBackCount,
        long recalledCount,
        long refusedCount,
        long retryCount,
        int earlyRecordsMax,
        Pause leavePauseMs,
        Pause enterPauseMs) {

    /** Percentiles in milliseconds; zeros when there was none. */
    public record Pause(long p50, long p99, long max) {}
}
