package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Opens one partition: from the segment the checkpoint names, checks every batch up to the first that does not check out.
 * That place is the end of the log if nothing proves that more was durable once; otherwise it is corruption, and the
 * log refuses. Proof is: the checkpoint, the mark in a segment's header, or a later batch that checks out and says so.
 */
final class PartitionRecovery {
    private static final long PROGRESS_BYTES = 16 << 20;

    private final Disk disk;
    private final StreamName stream;
    private final int partition;
    private final Path directory;
    private final SegmentChain chain;
    private final List<Segment> segments = new ArrayList<>();
    private final ProducerTable producers;
    private final RecoveryProgress progress;
    private long totalBytes;
    private long reportedBytes;
    private long scannedBytes;

    /** A partition ready to go on. */
    record Recovered(
            StreamName stream,
            int partition,
            SegmentChain chain,
            ProducerTable producers,
            GroupFile groups,
            long endOffset,
            RecoveryReport report) {}

    PartitionRecovery(
            Disk disk,
            StreamName stream,
            int partition,
            Path directory,
            ProducerTable producers,
            LogKeyset keyset,
            RecoveryProgress progress) {
        this.disk = disk;
        this.stream = stream;
        this.partition = partition;
        this.directory = directory;
        this.producers = producers;
        this.progress = progress;
        chain = new SegmentChain(stream, partition, keyset);
    }

    /** A partition without records that begins here: the cache of a log whose head is gone. */
    Recovered beginAt(long startOffset) {
        chain.beginAt(startOffset);
        GroupFile groups = GroupFile.open(disk, directory);
        return new Recovered(stream, partition, chain, producers, groups, startOffset, report(startOffset, 0, "", 0));
    }

    Recovered recover() {
        openSegments();
        Optional<Checkpoint> checkpoint = Checkpoint.read(disk, directory);
        GroupFile groups = GroupFile.open(disk, directory);
        int from = firstToScan(checkpoint);
        checkpoint.map(Checkpoint::producers).ifPresent(producers::load);
        for (Segment segment : segments.subList(Math.min(from, segments.size()), segments.size())) {
            totalBytes += segment.file.lengthBytes();
        }
        totalBytes -= checkpoint.map(Checkpoint::position).orElse(0);
        if (segments.isEmpty()) {
            return new Recovered(stream, partition, chain, producers, groups, 0, report(0, 0, "", 0));
        }
        Segment last = segments.get(from);
        long end = last.baseOffset;
        if (checkpoint.isPresent()) {
            Checkpoint start = checkpoint.get();
            last.resumeAt(start.position(), start.offset(), start.hlcMax());
            end = start.offset();
            if (isClean(start, from)) {
                // Before anything is appended: with the mark of a clean end, what follows would never be looked at.
                start.opened().write(disk, directory);
                segments.forEach(chain::add);
                return new Recovered(stream, partition, chain, producers, groups, end, report(end, 0, "", 0));
            }
        }
        long durable = checkpoint.map(Checkpoint::durableOffset).orElse(0L);
        int at = from;
        end = scan(last, end, producers);
        while (at + 1 < segments.size() && segments.get(at + 1).baseOffset == end && hasHeader(segments.get(at + 1))) {
            at++;
            last = segments.get(at);
            end = scan(last, last.baseOffset, producers);
        }
        refuseIfMoreWasDurable(at, end, durable);
        long truncated = truncate(at);
        RecoveryReport report = report(end, truncated, truncated == 0 ? "" : last.path.toString(), last.endPosition());
        makeDurable(from, checkpoint.map(Checkpoint::position).orElse(0), at, end, producers);
        for (Segment segment : segments) {
            chain.add(segment);
        }
        return new Recovered(stream, partition, chain, producers, groups, end, report);
    }

    /**
     * Whether the log was closed at the checkpoint and not touched since. The checkpoint says so alone; the mark and the
     * zeros after the end are cheap to look at, and a restored file shows there.
     */
    private boolean isClean(Checkpoint checkpoint, int from) {
        Segment last = segments.get(from);
        if (!checkpoint.clean()
                || from != segments.size() - 1
                || SegmentDescriptor.readMark(last.buffer) != checkpoint.offset()) {
            return false;
        }
        int zerosTo = Math.min(last.buffer.capacity(), checkpoint.position() + HEADER_LENGTH);
        for (int at = checkpoint.position(); at < zerosTo; at += Long.BYTES) {
            if (last.buffer.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private RecoveryReport report(long end, long truncated, String file, int position) {
        return new RecoveryReport(stream, partition, scannedBytes, end, truncated, file, truncated == 0 ? 0 : position);
    }

    private void openSegments() {
        for (String name : disk.list(directory)) {
            Path path = directory.resolve(name);
            if (name.endsWith(".tmp")) {
                disk.delete(path);
            } else if (SegmentDescriptor.isFileName(name)) {
                MappedFile file = disk.open(path, Disk.Access.READ_WRITE);
                Segment segment = new Segment(path, SegmentDescriptor.baseOffsetOf(name), file);
                segment.nameSynced = true;
                SegmentHeader.refuseForeign(segment, stream, partition);
                segments.add(segment);
            }
        }
    }

    private static boolean hasHeader(Segment segment) {
        return !SegmentHeader.isBlank(segment.buffer);
    }

    private int firstToScan(Optional<Checkpoint> checkpoint) {
        if (checkpoint.isEmpty()) {
            if (!segments.isEmpty() && segments.get(0).baseOffset != 0) {
                throw new HailstormException(
                        ErrorCode.DATA_LOSS,
                        directory.resolve(Checkpoint.FILE_NAME) + ": missing, although the log begins at "
                                + segments.get(0).baseOffset + "; restore it from a copy");
            }
            return 0;
        }
        long base = checkpoint.get().segmentBaseOffset();
        int from = -1;
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            if (segment.baseOffset == base) {
                from = i;
                break;
            }
            boolean chained = SegmentDescriptor.isSealed(segment.buffer)
                    && i + 1 < segments.size()
                    && segment.buffer.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET)
                            == segments.get(i + 1).baseOffset;
            if (!chained) {
                throw segment.corrupt(
                        SegmentDescriptor.SEAL_END_OFFSET_OFFSET, "its seal does not lead to the next segment");
            }
        }
        boolean found = from >= 0
                && checkpoint.get().position() <= segments.get(from).buffer.capacity()
                && hasHeader(segments.get(from));
        if (!found) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "corrupt log: file=" + directory.resolve(SegmentDescriptor.fileName(base))
                            + ": missing, blank or too short, although it was durable; restore it from a copy");
        }
        return from;
    }

    /** Walks a segment's batches as far as they check out; returns the offset after the last. */
    private long scan(Segment segment, long fromOffset, ProducerTable producers) {
        if (SegmentDescriptor.isCompacted(segment.buffer)) {
            return scanCompacted(segment, producers);
        }
        BatchChecker checker = new BatchChecker(segment.file);
        UnsafeBuffer buffer = segment.buffer;
        long expected = fromOffset;
        int at = segment.endPosition();
        while (checker.isBatchAt(at, expected) && segment.hasKeyFor(at)) {
            int length = buffer.getInt(at + LENGTH_OFFSET);
            int count = buffer.getInt(at + COUNT_OFFSET);
            remember(producers, buffer, at, count, expected);
            segment.onAppended(at, length);
            expected += count;
            at += length;
            scannedBytes += length;
            tellProgress();
        }
        return expected;
    }

    /** Whole and durable since before it got its name, so anything wrong in it is corruption. */
    private long scanCompacted(Segment segment, ProducerTable producers) {
        if (!SegmentDescriptor.isSealed(segment.buffer)) {
            throw segment.corrupt(SegmentDescriptor.SEAL_CRC_OFFSET, "a compacted segment without a seal");
        }
        BatchChecker checker = new BatchChecker(segment.file);
        UnsafeBuffer buffer = segment.buffer;
        int end = segment.sealedEndPosition();
        int at = SegmentDescriptor.HEADER_LENGTH;
        while (at < end) {
            if (!checker.isBatch(at)) {
                throw segment.corrupt(at, "checksum does not match");
            }
            int length = buffer.getInt(at + LENGTH_OFFSET);
            remember(producers, buffer, at, buffer.getInt(at + COUNT_OFFSET), buffer.getLong(at + BASE_OFFSET_OFFSET));
            segment.onAppended(at, length);
            at += length;
            scannedBytes += length;
            tellProgress();
        }
        return segment.sealedEndOffset();
    }

    static void remember(ProducerTable producers, UnsafeBuffer buffer, int at, int count, long offset) {
        if (BatchChecker.isGap(buffer, at)) {
            producers.onGap();
        } else {
            producers.onBatch(
                    buffer.getLong(at + PRODUCER_ID_OFFSET),
                    buffer.getInt(at + PRODUCER_EPOCH_OFFSET),
                    buffer.getLong(at + BASE_SEQ_OFFSET),
                    count,
                    offset,
                    buffer.getLong(at + HLC_FIRST_OFFSET));
        }
    }

    private void tellProgress() {
        if (scannedBytes - reportedBytes >= PROGRESS_BYTES) {
            reportedBytes = scannedBytes;
            progress.onChecked(stream, partition, scannedBytes, totalBytes);
        }
    }

    private void refuseIfMoreWasDurable(int lastIndex, long end, long checkpointed) {
        Segment last = segments.get(lastIndex);
        int position = last.endPosition();
        if (end < checkpointed) {
            throw last.corrupt(
                    position, "offset " + end + " does not check out, and is below the checkpoint's " + checkpointed);
        }
        for (int i = lastIndex; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            long mark = hasHeader(segment) ? SegmentDescriptor.readMark(segment.buffer) : 0;
            if (mark < 0) {
                throw segment.corrupt(SegmentDescriptor.MARK_OFFSET, "the durable mark does not check out");
            }
            boolean laterMark = i > lastIndex && mark > segment.baseOffset;
            if (mark > end && (i == lastIndex || laterMark)) {
                throw last.corrupt(
                        position, "offset " + end + " does not check out, and is below the durable mark " + mark);
            }
            int from = i == lastIndex ? position : SegmentDescriptor.HEADER_LENGTH;
            refuseIfBatchesProveMore(segment, from, end, last, position);
        }
    }

    private static void refuseIfBatchesProveMore(Segment segment, int from, long end, Segment last, int position) {
        BatchChecker checker = new BatchChecker(segment.file);
        UnsafeBuffer buffer = segment.buffer;
        int at = from;
        while (at + HEADER_LENGTH <= buffer.capacity()) {
            if (checker.isBatch(at)) {
                long base = buffer.getLong(at + BASE_OFFSET_OFFSET);
                long durableThen = base - buffer.getInt(at + UNSYNCED_OFFSET);
                if (durableThen > end) {
                    throw last.corrupt(
                            position,
                            "offset " + end + " does not check out, but was durable when the batch of offset " + base
                                    + " was written after it");
                }
                at += buffer.getInt(at + LENGTH_OFFSET);
            } else {
                at += ALIGNMENT;
            }
        }
    }

    /** Zeroes what follows the last good batch, and drops later segments; returns how many bytes had content. */
    private long truncate(int lastIndex) {
        long truncated = 0;
        while (segments.size() > lastIndex + 1) {
            Segment dropped = segments.remove(segments.size() - 1);
            truncated += contentBytes(dropped.buffer, SegmentDescriptor.HEADER_LENGTH);
            disk.delete(dropped.path);
            disk.syncDirectory(directory);
            dropped.release();
        }
        Segment last = segments.get(lastIndex);
        int position = last.endPosition();
        int torn = contentBytes(last.buffer, position);
        if (torn > 0) {
            last.buffer.setMemory(position, torn, (byte) 0);
        }
        return truncated + torn;
    }

    /** Length from a position to the last byte that is not zero, rounded up to 8. */
    static int contentBytes(UnsafeBuffer buffer, int from) {
        int at = buffer.capacity() - Long.BYTES;
        while (at >= from && buffer.getLong(at) == 0) {
            at -= Long.BYTES;
        }
        return Math.max(0, at + Long.BYTES - from);
    }

    /**
     * What survived in the page cache alone becomes durable before anybody reads it. It is written again from the checkpoint on, where
     * the last proof ends: the process before this one may have stopped because a sync failed, and a second sync by itself
     * writes nothing of what the first one lost.
     */
    private void makeDurable(int from, int provenPosition, int lastIndex, long end, ProducerTable producers) {
        if (SegmentHeader.isBlank(segments.get(lastIndex).buffer)) {
            Segment only = segments.get(lastIndex);
            SegmentDescriptor.writeHeader(only.buffer, stream, partition, only.baseOffset, chain.keyset(), 0);
        }
        for (int i = from; i <= lastIndex; i++) {
            Segment segment = segments.get(i);
            int proven = i == from ? Math.max(provenPosition, SegmentDescriptor.HEADER_LENGTH) : 0;
            segment.file.writeAgain(0, SegmentDescriptor.HEADER_LENGTH);
            segment.file.writeAgain(proven, segment.endPosition() - proven);
            segment.file.force(0, segment.file.lengthBytes());
        }
        disk.syncDirectory(directory);
        for (int i = from; i < lastIndex; i++) {
            EmbeddedPartition.seal(segments.get(i), segments.get(i + 1).baseOffset);
        }
        Segment last = segments.get(lastIndex);
        SegmentDescriptor.writeMark(last.buffer, end);
        last.file.force(0, SegmentDescriptor.HEADER_LENGTH);
        new Checkpoint(last.baseOffset, end, last.endPosition(), last.hlcMax(), end, false, producers.snapshot())
                .write(disk, directory);
    }
}
