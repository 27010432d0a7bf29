package io.hailstorm.node;

/**
 * The moves of ranges that ended since this node started, as it saw them.
 *
 * @param count that ended with their target as the owner
 * @param aborted that were given up or taken back
 * @param pauseMsP50 median of the time from a SEAL to when the range could be accepted again; 0 when there was none
 * @param bufferedMax most fixes that waited at the edge at once while a range was sealed
 */
record MigrationSummary(
        long count, long aborted, long pauseMsP50, long pauseMsP99, long pauseMsMax, long bufferedMax) {}
