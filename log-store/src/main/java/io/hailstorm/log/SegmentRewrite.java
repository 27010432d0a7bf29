package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One sealed segment on its way to its compacted form: measured, then written to a file of its own and synced there. The
 * caller gives the file the segment's name. One thread.
 */
final class SegmentRewrite {
    private final Segment source;
    private final Path path;
    private final CompactedBatch batch;
    private final BatchEncoder encoder;
    private final PartitionCodec codec;
    private final BatchChecker checker;
    private final int sourceEnd;
    private int sourceAt = SegmentDescriptor.HEADER_LENGTH;
    private long recordsBefore;
    private long recordsAfter;
    private int targetEnd = SegmentDescriptor.HEADER_LENGTH;
    private Disk.@Nullable Preallocation allocation;
    private @Nullable Segment target;
    private @Nullable BatchChecker targetChecker;
    private int targetAt = SegmentDescriptor.HEADER_LENGTH;

    /** @param source acquired by the caller for as long as this is used */
    SegmentRewrite(Segment source, Path path, CompactedBatch batch, BatchEncoder encoder, PartitionCodec codec) {
        this.source = source;
        this.path = path;
        this.batch = batch;
        this.encoder = encoder;
        this.codec = codec;
        checker = new BatchChecker(source.file);
        sourceEnd = source.sealedEndPosition();
    }

    Segment source() {
        return source;
    }

    long recordsBefore() {
        return recordsBefore;
    }

    long recordsAfter() {
        return recordsAfter;
    }

    /** Size of the rewritten file. */
    int targetBytes() {
        int pages = (targetEnd + Disk.PAGE_BYTES - 1) / Disk.PAGE_BYTES;
        return Math.max(StreamConfig.SEGMENT_BYTES_MIN, pages * Disk.PAGE_BYTES);
    }

    /** Looks at about so many bytes; true once the whole segment was looked at. */
    boolean measure(int bytesMax) {
        int until = sourceAt + bytesMax;
        while (sourceAt < sourceEnd && sourceAt < until) {
            int length = source.buffer.getInt(sourceAt + LENGTH_OFFSET);
            requireBatch(sourceAt);
            if (BatchChecker.isGap(source.buffer, sourceAt)) {
                targetEnd += length;
            } else {
                batch.sift(source, sourceAt, checker, codec);
                recordsBefore += batch.recordCount();
                recordsAfter += batch.survivorCount();
                targetEnd += batch.storedLength(encoder, !codec.keyset.isEmpty());
            }
            sourceAt += length;
        }
        return sourceAt >= sourceEnd;
    }

    private void requireBatch(int at) {
        if (!checker.isBatch(at)) {
            throw source.corrupt(at, "checksum does not match");
        }
    }

    /** Writes about so many bytes; true once the whole file is written and synced. After {@link #measure}. */
    boolean write(Disk disk, StreamName stream, int partition, int bytesMax) {
        Segment to = target;
        if (to == null) {
            Disk.Preallocation allocating = allocation == null ? disk.preallocate(path, targetBytes()) : allocation;
            allocation = allocating;
            if (allocating.step(bytesMax)) {
                target = begin(allocating.open(), stream, partition);
                allocation = null;
                sourceAt = SegmentDescriptor.HEADER_LENGTH;
            }
            return false;
        }
        int until = sourceAt + bytesMax;
        while (sourceAt < sourceEnd && sourceAt < until) {
            int length = source.buffer.getInt(sourceAt + LENGTH_OFFSET);
            requireBatch(sourceAt);
            writeBatch(to.buffer, to, length);
            sourceAt += length;
        }
        if (sourceAt < sourceEnd) {
            return false;
        }
        UnsafeBuffer from = source.buffer;
        long endOffset = from.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET);
        SegmentDescriptor.writeMark(to.buffer, endOffset);
        SegmentDescriptor.writeSeal(
                to.buffer, endOffset, from.getLong(SegmentDescriptor.SEAL_HLC_MAX_OFFSET), targetAt);
        to.file.force(0, to.file.lengthBytes());
        return true;
    }

    private Segment begin(MappedFile file, StreamName stream, int partition) {
        SegmentDescriptor.writeHeader(
                file.buffer(), stream, partition, source.baseOffset, codec.keyset, SegmentDescriptor.FLAG_COMPACTED);
        Segment begun = new Segment(source.path, source.baseOffset, file);
        begun.codec(codec);
        begun.nameSynced = true;
        return begun;
    }

    private void writeBatch(UnsafeBuffer to, Segment into, int length) {
        if (BatchChecker.isGap(source.buffer, sourceAt)) {
            to.putBytes(targetAt, source.buffer, sourceAt, length);
            targetAt += length;
            return;
        }
        batch.sift(source, sourceAt, checker, codec);
        if (batch.survivorCount() > 0) {
            int written = batch.write(to, targetAt, source, sourceAt, encoder, into);
            to.putInt(targetAt + LENGTH_OFFSET, written);
            to.putInt(targetAt + CRC_OFFSET, crcOf(into).crc(targetAt, written));
            targetAt += written;
        }
    }

    private BatchChecker crcOf(Segment into) {
        BatchChecker found = targetChecker;
        if (found == null) {
            found = new BatchChecker(into.file);
            targetChecker = found;
        }
        return found;
    }

    /** The segment rewritten, after {@link #write}. */
    Segment target() {
        Segment written = target;
        if (written == null) {
            throw new IllegalStateException("nothing was written");
        }
        return written;
    }

    /** Gives up what was written so far. */
    void abandon(Disk disk) {
        if (allocation != null) {
            allocation.abandon();
            allocation = null;
        }
        if (target != null) {
            target.release();
            target = null;
            disk.delete(path);
        }
    }
}
