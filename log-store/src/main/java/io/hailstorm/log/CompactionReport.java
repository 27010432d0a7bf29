package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;

/**
 * What one pass of compaction over a partition found.
 *
 * @param segmentCount sealed segments old enough, and needed by nobody as they are
 * @param rewrittenCount of them, how many were replaced, or would be in a dry run
 * @param recordsBefore in those segments
 * @param bytesBefore disk space of those segments
 */
public record CompactionReport(
        StreamName stream,
        int partition,
        int segmentCount,
        int rewrittenCount,
        long recordsBefore,
        long recordsAfter,
        long bytesBefore,
        long bytesAfter) {}
