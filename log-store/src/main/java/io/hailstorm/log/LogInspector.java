package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Says what a data directory's log looks like: segments, sizes, times, how batches are stored. Reads headers only, of the
 * batches of the newest segments only; changes nothing, and may run beside a node.
 */
public final class LogInspector {
    /** Segments of a partition whose batches are looked at. */
    public static final int SAMPLED_SEGMENTS_MAX = 4;

    private LogInspector() {}

    /**
     * One partition.
     *
     * @param segmentBytes disk space of its segments
     * @param firstMs time of the oldest record; 0 when there is none
     * @param lastMs time of the newest durable one
     * @param batches what the newest segments' batches look like
     * @param checkpoint where recovery would start, and whether it has nothing to do
     */
    public record PartitionStat(
            StreamName stream,
            int partition,
            Path directory,
            int segmentCount,
            long segmentBytes,
            long startOffset,
            long durableOffset,
            long firstMs,
            long lastMs,
            BatchStat batches,
            CheckpointStat checkpoint) {
        public long recordCount() {
            return durableOffset - startOffset;
        }

        /** Mean over the time between the first record and the last; 0 when that cannot be told. */
        public double recordsPerS() {
            return lastMs > firstMs ? recordCount() * 1e3 / (lastMs - firstMs) : 0;
        }
    }

    /**
     * @param rawBytes of the batches before compression
     * @param storedBytes of the same batches in the file
     * @param codec of the newest batch, such as {@code none}, {@code lz4} or {@code zstd+encrypted}
     */
    public record BatchStat(long batchCount, long recordCount, long rawBytes, long storedBytes, String codec) {
        public double recordsPerBatch() {
            return batchCount == 0 ? 0 : (double) recordCount / batchCount;
        }

        /** How many times larger the batches would be uncompressed; 1 when they are not compressed. */
        public double compressionRatio() {
            return storedBytes == 0 ? 1 : (double) rawBytes / storedBytes;
        }
    }

    /**
     * @param offset recovery starts here; 0 when there is no checkpoint
     * @param clean whether the log was closed in order and not opened since
     */
    public record CheckpointStat(boolean exists, long offset, boolean clean) {}

    /** @throws HailstormException {@code NOT_FOUND} when the directory holds no log; {@code DATA_LOSS} for a bad header */
    public static List<PartitionStat> inspect(Disk disk, Path dataDir, LogKeyset keyset) {
        List<PartitionStat> stats = new ArrayList<>();
        try (LogReader log = LogReader.open(disk, dataDir, keyset)) {
            for (PartitionReader reader : log.partitions()) {
                stats.add(inspect(disk, (ReadOnlyPartition) reader, dataDir));
            }
        }
        return stats;
    }

    private static PartitionStat inspect(Disk disk, ReadOnlyPartition reader, Path dataDir) {
        Path directory = EmbeddedLog.partitionDirectory(
                dataDir.resolve(EmbeddedLog.DIRECTORY_NAME), reader.stream(), reader.partition());
        long durable = reader.durableOffset();
        Segment[] segments = reader.chain().segments();
        long bytes = 0;
        for (Segment segment : segments) {
            bytes += segment.buffer.capacity();
        }
        CheckpointStat checkpoint = Checkpoint.read(disk, directory)
                .map(found -> new CheckpointStat(true, found.offset(), found.clean()))
                .orElse(new CheckpointStat(false, 0, false));
        return new PartitionStat(
                reader.stream(),
                reader.partition(),
                directory,
                segments.length,
                bytes,
                reader.startOffset(),
                durable,
                timeOfFirst(reader),
                timeOfLast(segments, durable),
                batches(segments, durable),
                checkpoint);
    }

    private static long timeOfFirst(PartitionReader reader) {
        long[] found = {0};
        reader.read(reader.startOffset(), 1, (offset, hlc, type, buffer, index, length) -> {
            found[0] = HybridLogicalClock.epochMs(hlc);
            return false;
        });
        return found[0];
    }

    private static long timeOfLast(Segment[] segments, long durable) {
        long last = 0;
        for (int i = segments.length - 1; i >= 0 && last == 0; i--) {
            long[] hlcMax = {0};
            forEachBatch(segments[i], durable, (buffer, at) -> hlcMax[0] = buffer.getLong(at + HLC_MAX_OFFSET));
            last = HybridLogicalClock.epochMs(hlcMax[0]);
        }
        return last;
    }

    private interface BatchHandler {
        void onBatch(UnsafeBuffer buffer, int at);
    }

    private static void forEachBatch(Segment segment, long durable, BatchHandler handler) {
        UnsafeBuffer buffer = segment.buffer;
        int at = SegmentDescriptor.HEADER_LENGTH;
        while (at + HEADER_LENGTH <= buffer.capacity()
                && buffer.getShort(at + MAGIC_OFFSET) == MAGIC
                && buffer.getLong(at + BASE_OFFSET_OFFSET) < durable) {
            int length = buffer.getIntVolatile(at + LENGTH_OFFSET);
            if (length < HEADER_LENGTH || length > buffer.capacity() - at || length % ALIGNMENT != 0) {
                return;
            }
            handler.onBatch(buffer, at);
            at += length;
        }
    }

    private static BatchStat batches(Segment[] segments, long durable) {
        long[] sums = new long[4];
        String[] codec = {"none"};
        for (int i = Math.max(0, segments.length - SAMPLED_SEGMENTS_MAX); i < segments.length; i++) {
            forEachBatch(segments[i], durable, (buffer, at) -> {
                int bits = buffer.getByte(at + CODEC_OFFSET) & 0xFF;
                if ((bits & CODEC_GAP) == 0) {
                    int length = buffer.getInt(at + LENGTH_OFFSET);
                    boolean coded = (bits & CODEC_CODED_MASK) != 0;
                    sums[0]++;
                    sums[1] += buffer.getInt(at + COUNT_OFFSET);
                    sums[2] += coded ? HEADER_LENGTH + (long) buffer.getInt(at + RAW_LENGTH_OFFSET) : length;
                    sums[3] += length;
                    codec[0] = codecText(bits);
                }
            });
        }
        return new BatchStat(sums[0], sums[1], sums[2], sums[3], codec[0]);
    }

    private static String codecText(int bits) {
        String text = "unknown";
        for (Compression compression : Compression.values()) {
            if (compression.code() == (bits & CODEC_COMPRESSION_MASK)) {
                text = compression.name().toLowerCase(Locale.ROOT);
            }
        }
        return (bits & CODEC_ENCRYPTED) == 0 ? text : text + "+encrypted";
    }
}
