package io.hailstorm.log;

/**
 * What went wrong in one stream since the log was opened, summed over its partitions; all zero on a healthy disk.
 *
 * @param diskFullCount appends refused because the next segment could not be made
 * @param slowSyncCount syncs that took longer than {@link #SLOW_SYNC_NS}
 * @param stoppedCount partitions that stopped for good on a failure of the disk
 * @param corruptReadCount reads refused because bytes did not check out
 * @param gapRecordCount offsets whose records were quarantined by a repair, in the segments indexed so far
 * @param truncatedBytes of torn tails, cut off when the log was opened
 * @param expiredProducerCount producers forgotten because they wrote nothing for too long, or were too many
 * @param clockBackCount how often a partition saw the wall clock run back; records are kept longer then, never shorter
 */
public record LogFaults(
        long diskFullCount,
        long slowSyncCount,
        long stoppedCount,
        long corruptReadCount,
        long gapRecordCount,
        long truncatedBytes,
        long expiredProducerCount,
        long clockBackCount) {
    /** A sync longer than this is counted: somebody's acknowledgement waited for it. */
    public static final long SLOW_SYNC_NS = 200_000_000;

    public static final LogFaults NONE = new LogFaults(0, 0, 0, 0, 0, 0, 0, 0);

    public LogFaults plus(LogFaults other) {
        return new LogFaults(
                diskFullCount + other.diskFullCount,
                slowSyncCount + other.slowSyncCount,
                stoppedCount + other.stoppedCount,
                corruptReadCount + other.corruptReadCount,
                gapRecordCount + other.gapRecordCount,
                truncatedBytes + other.truncatedBytes,
                expiredProducerCount + other.expiredProducerCount,
                clockBackCount + other.clockBackCount);
    }
}
