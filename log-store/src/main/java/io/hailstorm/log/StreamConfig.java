package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.Invariants;
import java.util.function.Consumer;

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
 * @param producerExpiryMs an idempotent producer that wrote nothing for longer, by the clocks of the partition's batches, is
 *     forgotten: it must not send a batch again that late; {@link #UNLIMITED} keeps it
 * @param compression of new batches
 * @param compaction which records a later one makes worthless
 * @param compactAfterMs segments whose newest record is older are compacted; {@link #UNLIMITED} leaves them alone
 */
public record StreamConfig(
        AckLevel ackLevel,
        long commitIntervalNs,
        int commitBytes,
        int segmentBytes,
        int backlogBytesMax,
        long retentionMs,
        long retentionBytes,
        long producerExpiryMs,
        Compression compression,
        CompactionPolicy compaction,
        long compactAfterMs) {
    public static final long UNLIMITED = Long.MAX_VALUE;
    public static final int SEGMENT_BYTES_MIN = 4 * Disk.PAGE_BYTES;

    /** How long a silent producer is remembered unless configured. */
    public static final long PRODUCER_EXPIRY_MS_DEFAULT = 7L * 24 * 60 * 60 * 1000;

    public StreamConfig {
        Invariants.require(
                segmentBytes >= SEGMENT_BYTES_MIN && segmentBytes % Disk.PAGE_BYTES == 0,
                "segmentBytes: expected a multiple of %d, at least %d, got %d",
                Disk.PAGE_BYTES,
                SEGMENT_BYTES_MIN,
                segmentBytes);
        Invariants.require(commitIntervalNs >= 0 && commitBytes > 0 && backlogBytesMax > 0, "negative stream bound");
        Invariants.require(retentionMs > 0 && retentionBytes > 0, "retention must be positive");
        Invariants.require(producerExpiryMs > 0, "producerExpiryMs: expected more than 0, got %d", producerExpiryMs);
        Invariants.require(compactAfterMs >= 0, "compactAfterMs must not be negative, got %d", compactAfterMs);
    }

    /** Neither compressed nor compacted; silent producers are forgotten after the default time. */
    public StreamConfig(
            AckLevel ackLevel,
            long commitIntervalNs,
            int commitBytes,
            int segmentBytes,
            int backlogBytesMax,
            long retentionMs,
            long retentionBytes) {
        this(
                ackLevel,
                commitIntervalNs,
                commitBytes,
                segmentBytes,
                backlogBytesMax,
                retentionMs,
                retentionBytes,
                PRODUCER_EXPIRY_MS_DEFAULT,
                Compression.NONE,
                CompactionPolicy.NONE,
                UNLIMITED);
    }

    public StreamConfig withAckLevel(AckLevel level) {
        return with(copy -> copy.ackLevel = level);
    }

    public StreamConfig withCommit(long intervalNs, int bytes) {
        return with(copy -> {
            copy.commitIntervalNs = intervalNs;
            copy.commitBytes = bytes;
        });
    }

    public StreamConfig withSegmentBytes(int bytes) {
        return with(copy -> copy.segmentBytes = bytes);
    }

    public StreamConfig withBacklogBytesMax(int bytes) {
        return with(copy -> copy.backlogBytesMax = bytes);
    }

    public StreamConfig withRetention(long ms, long bytes) {
        return with(copy -> {
            copy.retentionMs = ms;
            copy.retentionBytes = bytes;
        });
    }

    public StreamConfig withProducerExpiry(long ms) {
        return with(copy -> copy.producerExpiryMs = ms);
    }

    public StreamConfig withCompression(Compression of) {
        return with(copy -> copy.compression = of);
    }

    public StreamConfig withCompaction(CompactionPolicy policy, long afterMs) {
        return with(copy -> {
            copy.compaction = policy;
            copy.compactAfterMs = afterMs;
        });
    }

    private StreamConfig with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.frozen();
    }

    /** The components, to be changed. */
    private static final class Copy {
        private AckLevel ackLevel;
        private long commitIntervalNs;
        private int commitBytes;
        private int segmentBytes;
        private int backlogBytesMax;
        private long retentionMs;
        private long retentionBytes;
        private long producerExpiryMs;
        private Compression compression;
        private CompactionPolicy compaction;
        private long compactAfterMs;

        Copy(StreamConfig of) {
            ackLevel = of.ackLevel;
            commitIntervalNs = of.commitIntervalNs;
            commitBytes = of.commitBytes;
            segmentBytes = of.segmentBytes;
            backlogBytesMax = of.backlogBytesMax;
            retentionMs = of.retentionMs;
            retentionBytes = of.retentionBytes;
            producerExpiryMs = of.producerExpiryMs;
            compression = of.compression;
            compaction = of.compaction;
            compactAfterMs = of.compactAfterMs;
        }

        StreamConfig frozen() {
            return new StreamConfig(
                    ackLevel,
                    commitIntervalNs,
                    commitBytes,
                    segmentBytes,
                    backlogBytesMax,
                    retentionMs,
                    retentionBytes,
                    producerExpiryMs,
                    compression,
                    compaction,
                    compactAfterMs);
        }
    }
}
