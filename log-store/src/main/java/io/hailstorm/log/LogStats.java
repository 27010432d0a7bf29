package io.hailstorm.log;

/**
 * Counters of one stream since the log was opened, summed over its partitions, for metrics. A snapshot: the fields are
 * read one after another while traffic flows.
 *
 * @param syncNsMax the longest single sync since open
 * @param backlogBytes appended, not yet synced
 * @param segmentBytes disk space held
 * @param deletedSegmentCount by retention
 * @param faults what went wrong
 */
public record LogStats(
        long appendedRecordCount,
        long appendedBytes,
        long syncCount,
        long syncNsTotal,
        long syncNsMax,
        long backlogBytes,
        long backPressuredCount,
        long segmentCount,
        long segmentBytes,
        long deletedSegmentCount,
        LogFaults faults) {
    public static final LogStats NONE = new LogStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, LogFaults.NONE);

    public LogStats plus(LogStats other) {
        return new LogStats(
                appendedRecordCount + other.appendedRecordCount,
                appendedBytes + other.appendedBytes,
                syncCount + other.syncCount,
                syncNsTotal + other.syncNsTotal,
                Math.max(syncNsMax, other.syncNsMax),
                backlogBytes + other.backlogBytes,
                backPressuredCount + other.backPressuredCount,
                segmentCount + other.segmentCount,
                segmentBytes + other.segmentBytes,
                deletedSegmentCount + other.deletedSegmentCount,
                faults.plus(other.faults));
    }
}
