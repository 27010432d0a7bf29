package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.Invariants;

/**
 * How one stream is stored.
 *
 * @param ackLevel what {@link PartitionReader#durableOffset} promises
 * @param commitIntervalNs a group commit is due this long after the previous one …
 * @param commitBytes … or as soon as this many bytes wait for one
 * @param segmentBytes size of a preallocated segment; a multiple of the page size
 * @param backlogBytesMax unsynced bytes at which {@link PartitionLog#append} answers {@link PartitionLog#BACK_PRESSURED}
 * @param retentionMs segments whose newest record is older are deleted; {@link #UNLIMITED} keeps them
 * @param retentionBytes oldest segments beyond this size of a partition are deleted; {@link #UNLIMITED} keeps them
 */
public record StreamConfig(
        AckLevel ackLevel,
        long commitIntervalNs,
        int commitBytes,
        int segmentBytes,
        int backlogBytesMax,
        long retentionMs,
        long retentionBytes) {
    public static final long UNLIMITED = Long.MAX_VALUE;
    public static final int SEGMENT_BYTES_MIN = 4 * Disk.PAGE_BYTES;

    public StreamConfig {
        Invariants.require(
                segmentBytes >= SEGMENT_BYTES_MIN && segmentBytes % Disk.PAGE_BYTES == 0,
                "segmentBytes: expected a multiple of %d, at least %d, got %d",
                Disk.PAGE_BYTES,
                SEGMENT_BYTES_MIN,
                segmentBytes);
        Invariants.require(commitIntervalNs >= 0 && commitBytes > 0 && backlogBytesMax > 0, "negative stream bound");
        Invariants.require(retentionMs > 0 && retentionBytes > 0, "retention must be positive");
    }

    public StreamConfig withAckLevel(AckLevel level) {
        return new StreamConfig(
                level, commitIntervalNs, commitBytes, segmentBytes, backlogBytesMax, retentionMs, retentionBytes);
    }

    public StreamConfig withCommit(long intervalNs, int bytes) {
        return new StreamConfig(
                ackLevel, intervalNs, bytes, segmentBytes, backlogBytesMax, retentionMs, retentionBytes);
    }

    public StreamConfig withSegmentBytes(int bytes) {
        return new StreamConfig(
                ackLevel, commitIntervalNs, commitBytes, bytes, backlogBytesMax, retentionMs, retentionBytes);
    }

    public StreamConfig withBacklogBytesMax(int bytes) {
        return new StreamConfig(
                ackLevel, commitIntervalNs, commitBytes, segmentBytes, bytes, retentionMs, retentionBytes);
    }

    public StreamConfig withRetention(long ms, long bytes) {
        return new StreamConfig(ackLevel, commitIntervalNs, commitBytes, segmentBytes, backlogBytesMax, ms, bytes);
    }
}
