package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.RepairStep.Damage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds out what keeps one partition from opening, or from being read, and how to put that right; changes nothing.
 *
 * <ol>
 *   <li>Everything that checks out is asked how far the log was durable: checkpoint, marks, seals, and every batch.
 *   <li>The batches are walked. Where one does not check out although it was durable, the log goes on at the next one that
 *       does, in this segment or the following; what lies between is a gap.
 *   <li>A place that does not check out beyond the durable end is a torn tail: opening cuts it off, nothing to do here.
 * </ol>
 */
final class PartitionExamination {
    /** A longer gap becomes several batches. */
    private static final int GAP_COUNT_MAX = 1 << 30;

    private final Disk disk;
    private final StreamName stream;
    private final int partition;
    private final Path directory;
    private final List<Segment> segments = new ArrayList<>();
    private final List<RepairStep> steps = new ArrayList<>();
    private Optional<Checkpoint> checkpoint = Optional.empty();
    private int checkpointIndex = -1;
    private boolean checkpointReached;
    private long durable;
    private long expected;
    private long hlc;

    PartitionExamination(Disk disk, StreamName stream, int partition, Path directory) {
        this.disk = disk;
        this.stream = stream;
        this.partition = partition;
        this.directory = directory;
    }

    /** What is to be done, in order; empty when the partition is sound. */
    List<RepairStep> run() {
        try {
            openSegments();
            boolean checkpointSound = readCheckpoint();
            GroupRepair.examine(disk, directory, steps);
            findDurableEnd();
            walk();
            judgeCheckpoint(checkpointSound);
            return steps;
        } finally {
            segments.forEach(Segment::release);
        }
    }

    private Damage wholeFile(String name, String reason) {
        int length = disk.readAll(directory.resolve(name))
                .map(content -> content.length)
                .orElse(0);
        return new Damage(name, 0, length, expected, expected, reason);
    }

    private void openSegments() {
        for (String name : disk.list(directory)) {
            if (SegmentDescriptor.isFileName(name)) {
                Path path = directory.resolve(name);
                Segment segment =
                        new Segment(path, SegmentDescriptor.baseOffsetOf(name), disk.open(path, Disk.Access.READ_ONLY));
                String reason = reasonToRemove(segment);
                if (reason.isEmpty()) {
                    segments.add(segment);
                } else {
                    int length = segment.file.lengthBytes();
                    segment.release();
                    steps.add(new RepairStep.RemoveFile(
                            new Damage(name, 0, length, segment.baseOffset, segment.baseOffset, reason), path));
                }
            }
        }
        expected = segments.isEmpty() ? 0 : segments.get(0).baseOffset;
    }

    /** A file that is no segment of this partition at all; empty when it is one, be its header damaged or not. */
    private String reasonToRemove(Segment segment) {
        UnsafeBuffer buffer = segment.buffer;
        if (buffer.capacity() < StreamConfig.SEGMENT_BYTES_MIN) {
            return "the file is too short for a segment";
        }
        if (!SegmentHeader.checksOut(segment)) {
            return !SegmentHeader.flagsCheckOut(buffer) && hasEncrypted(segment)
                    ? "the key to its encrypted batches is lost with its header"
                    : "";
        }
        int version = buffer.getInt(SegmentDescriptor.VERSION_OFFSET);
        if (version > SegmentDescriptor.VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    segment.path + ": written by a newer Hailstorm: version=" + version + ", understood up to "
                            + SegmentDescriptor.VERSION + "; repair it with that one");
        }
        return SegmentHeader.belongs(segment, stream, partition)
                ? ""
                : "its header belongs to another stream, partition or offset";
    }

    private static boolean hasEncrypted(Segment segment) {
        BatchChecker checker = new BatchChecker(segment.file);
        UnsafeBuffer buffer = segment.buffer;
        for (int at = SegmentDescriptor.HEADER_LENGTH; at + HEADER_LENGTH <= buffer.capacity(); at += ALIGNMENT) {
            if (checker.isBatch(at)) {
                return (buffer.getByte(at + CODEC_OFFSET) & CODEC_ENCRYPTED) != 0;
            }
        }
        return false;
    }

    /** Whether the checkpoint, if there must be one, checks out. */
    private boolean readCheckpoint() {
        try {
            checkpoint = Checkpoint.read(disk, directory);
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.DATA_LOSS) {
                throw e;
            }
            return false;
        }
        checkpoint.ifPresent(found -> {
            durable = Math.max(durable, found.durableOffset());
            for (int i = 0; i < segments.size(); i++) {
                if (segments.get(i).baseOffset == found.segmentBaseOffset()) {
                    checkpointIndex = i;
                }
            }
            if (segments.isEmpty()) {
                expected = found.segmentBaseOffset();
            }
        });
        return checkpoint.isPresent() || segments.isEmpty() || segments.get(0).baseOffset == 0;
    }

    /** The highest offset that anything sound says was durable. */
    private void findDurableEnd() {
        for (Segment segment : segments) {
            UnsafeBuffer buffer = segment.buffer;
            long mark = SegmentHeader.isBlank(buffer) ? 0 : SegmentDescriptor.readMark(buffer);
            durable = Math.max(durable, mark);
            if (SegmentDescriptor.isSealed(buffer)) {
                durable = Math.max(durable, buffer.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET));
            }
            BatchChecker checker = new BatchChecker(segment.file);
            int at = SegmentDescriptor.HEADER_LENGTH;
            while (at + HEADER_LENGTH <= buffer.capacity()) {
                if (checker.isBatch(at)) {
                    long base = buffer.getLong(at + BASE_OFFSET_OFFSET);
                    durable = Math.max(durable, base - buffer.getInt(at + UNSYNCED_OFFSET));
                    at += buffer.getInt(at + LENGTH_OFFSET);
                } else {
                    at += ALIGNMENT;
                }
            }
        }
    }

    private void walk() {
        insertBeforeFirst();
        boolean goesOn = true;
        for (int i = 0; i < segments.size() && goesOn; i++) {
            long nextBase = i + 1 < segments.size() ? segments.get(i + 1).baseOffset : Long.MAX_VALUE;
            Segment segment = segments.get(i);
            boolean torn = SegmentHeader.isBlank(segment.buffer) && segment.baseOffset >= durable;
            if (torn && i != checkpointIndex) {
                break;
            }
            Cursor cursor = new Cursor(segment);
            walkSegment(cursor, i, nextBase);
            goesOn = expected == nextBase;
            judgeHeader(cursor, i);
        }
    }

    /** What the checkpoint starts with is never deleted by retention. */
    private void insertBeforeFirst() {
        boolean missing = checkpoint.isPresent()
                && checkpointIndex < 0
                && (segments.isEmpty() || checkpoint.get().segmentBaseOffset() < segments.get(0).baseOffset);
        if (missing) {
            expected = checkpoint.get().segmentBaseOffset();
            long nextBase = segments.isEmpty() ? Long.MAX_VALUE : segments.get(0).baseOffset;
            insert("the segment is missing, although it was durable", Math.min(nextBase, durable), nextBase);
        }
    }

    /** Where the walk through one segment is. */
    private static final class Cursor {
        private final Segment segment;
        private final UnsafeBuffer buffer;
        private final BatchChecker checker;
        private int at = SegmentDescriptor.HEADER_LENGTH;
        private long hlcMax = Long.MIN_VALUE;
        private long endOffset;
        private boolean filled;
        /** Offsets may be missing between batches: known from the header, or, if that is damaged, from the batches. */
        private final boolean mayHaveHoles;

        private boolean compacted;

        Cursor(Segment segment) {
            this.segment = segment;
            buffer = segment.buffer;
            checker = new BatchChecker(segment.file);
            boolean headerSound = SegmentHeader.checksOut(segment);
            compacted = headerSound && SegmentDescriptor.isCompacted(buffer);
            mayHaveHoles = compacted || !headerSound;
        }

        /** Whether the batch that may come next lies here. */
        boolean isNext(long expected, long limit) {
            if (!checker.isBatch(at)) {
                return false;
            }
            long base = buffer.getLong(at + BASE_OFFSET_OFFSET);
            boolean follows = base == expected || (mayHaveHoles && base > expected);
            return follows && base + buffer.getInt(at + COUNT_OFFSET) <= limit;
        }
    }

    /** Moves over one segment, jumping damage. */
    private void walkSegment(Cursor cursor, int index, long nextBase) {
        long limit = Math.min(nextBase, durable);
        while (true) {
            walkSound(cursor, index, nextBase);
            cursor.endOffset = expected;
            if (expected >= limit) {
                cutUnknownTail(cursor, nextBase);
                return;
            }
            int sound = nextSound(cursor, limit);
            long to = sound < 0 ? limit : cursor.buffer.getLong(sound + BASE_OFFSET_OFFSET);
            int stretch = sound < 0 ? restLength(cursor, index) : sound - cursor.at;
            if (stretch < HEADER_LENGTH || to - expected > GAP_COUNT_MAX) {
                insert(
                        "offset " + expected + " does not check out and was durable; no room in "
                                + cursor.segment.path.getFileName(),
                        to,
                        nextBase);
                return;
            }
            fill(cursor, stretch, to);
            cursor.filled = true;
        }
    }

    private void walkSound(Cursor cursor, int index, long nextBase) {
        UnsafeBuffer buffer = cursor.buffer;
        noteCheckpoint(cursor, index);
        while (cursor.isNext(expected, nextBase)) {
            long base = buffer.getLong(cursor.at + BASE_OFFSET_OFFSET);
            cursor.compacted |= base > expected;
            expected = base + buffer.getInt(cursor.at + COUNT_OFFSET);
            cursor.hlcMax = Math.max(cursor.hlcMax, buffer.getLong(cursor.at + HLC_MAX_OFFSET));
            cursor.at += buffer.getInt(cursor.at + LENGTH_OFFSET);
            noteCheckpoint(cursor, index);
        }
        hlc = Math.max(hlc, cursor.hlcMax);
        boolean sealedHere = SegmentDescriptor.isSealed(buffer)
                && buffer.getInt(SegmentDescriptor.SEAL_END_POSITION_OFFSET) == cursor.at;
        if (cursor.compacted && sealedHere) {
            expected = Math.max(expected, buffer.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET));
        }
    }

    private void noteCheckpoint(Cursor cursor, int index) {
        if (index == checkpointIndex) {
            checkpointReached |= checkpoint
                    .filter(found -> found.position() == cursor.at && found.offset() == expected)
                    .isPresent();
        }
    }

    /** Position of the next batch that checks out and may follow after a gap; -1 when there is none. */
    private int nextSound(Cursor cursor, long limit) {
        UnsafeBuffer buffer = cursor.buffer;
        // A whole batch after what was lost: the gap needs a header of its own.
        for (int at = cursor.at + HEADER_LENGTH; at + HEADER_LENGTH <= buffer.capacity(); at += ALIGNMENT) {
            if (cursor.checker.isBatch(at)) {
                long base = buffer.getLong(at + BASE_OFFSET_OFFSET);
                if (base > expected && base <= limit) {
                    return at;
                }
            }
        }
        return -1;
    }

    /** How much of the segment's rest a gap takes: what has content, up to where the checkpoint starts, or a header. */
    private int restLength(Cursor cursor, int index) {
        int end = cursor.at + PartitionRecovery.contentBytes(cursor.buffer, cursor.at);
        if (index == checkpointIndex) {
            end = Math.max(end, checkpoint.map(Checkpoint::position).orElse(0));
        }
        end = Math.max(end, cursor.at + HEADER_LENGTH);
        return end <= cursor.buffer.capacity() ? end - cursor.at : 0;
    }

    private void fill(Cursor cursor, int stretch, long to) {
        Path path = cursor.segment.path;
        int kept = Math.min(stretch, PartitionRecovery.contentBytes(cursor.buffer, cursor.at));
        Damage damage = new Damage(
                name(path),
                cursor.at,
                kept,
                expected,
                to,
                "offset " + expected + " does not check out and was durable");
        steps.add(new RepairStep.FillGap(damage, path, cursor.at, stretch, expected, (int) (to - expected), hlc));
        cursor.at += stretch;
        expected = to;
    }

    private void insert(String reason, long to, long nextBase) {
        do {
            int count = (int) Math.min(GAP_COUNT_MAX, to - expected);
            String file = SegmentDescriptor.fileName(expected);
            Damage damage = new Damage(file, 0, 0, expected, expected + count, reason);
            boolean sealed = expected + count < to || to == nextBase;
            steps.add(new RepairStep.InsertSegment(damage, expected, count, hlc, sealed));
            expected += count;
        } while (expected < to);
    }

    /** With the mark gone, nobody can say whether what follows the last sound batch was durable: it is kept aside. */
    private void cutUnknownTail(Cursor cursor, long nextBase) {
        boolean markLost = SegmentDescriptor.readMark(cursor.buffer) < 0;
        int length = PartitionRecovery.contentBytes(cursor.buffer, cursor.at);
        if (nextBase == Long.MAX_VALUE && markLost && length > 0) {
            Damage damage = new Damage(
                    name(cursor.segment.path),
                    cursor.at,
                    length,
                    expected,
                    expected,
                    "does not check out; the durable mark is lost, so it is unknown whether it was durable");
            steps.add(new RepairStep.CutTail(damage, cursor.segment.path, cursor.at, length));
        }
    }

    private void judgeHeader(Cursor cursor, int index) {
        Segment segment = cursor.segment;
        UnsafeBuffer buffer = cursor.buffer;
        boolean last = index + 1 == segments.size() && expected == cursor.endOffset;
        boolean sealed = SegmentDescriptor.isSealed(buffer);
        boolean sealWanted = !last && (sealed || index < checkpointIndex);
        boolean sealSound = sealed
                && buffer.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET) == cursor.endOffset
                && buffer.getInt(SegmentDescriptor.SEAL_END_POSITION_OFFSET) == cursor.at;
        String reason = "";
        if (!SegmentHeader.checksOut(segment)) {
            reason = "the header does not check out";
        } else if (SegmentDescriptor.readMark(buffer) < 0) {
            reason = "the durable mark does not check out";
        } else if (sealWanted && !sealed) {
            reason = "its seal does not check out";
        }
        boolean oldVersion = buffer.getInt(SegmentDescriptor.VERSION_OFFSET) < SegmentDescriptor.VERSION;
        boolean again = (sealWanted && !sealSound) || (last && sealed) || (cursor.filled && (oldVersion || last));
        if (!reason.isEmpty() || again) {
            int length = reason.isEmpty() ? 0 : SegmentDescriptor.HEADER_LENGTH;
            steps.add(new RepairStep.RewriteHeader(
                    new Damage(name(segment.path), 0, length, segment.baseOffset, segment.baseOffset, reason),
                    segment.path,
                    segment.baseOffset,
                    cursor.compacted,
                    Math.min(cursor.endOffset, Math.max(durable, segment.baseOffset)),
                    sealWanted ? cursor.endOffset : 0,
                    cursor.hlcMax,
                    cursor.at));
        }
    }

    private void judgeCheckpoint(boolean sound) {
        boolean leads = checkpoint.isEmpty() || checkpointReached;
        if (!sound || !leads) {
            String reason = sound ? "it names a place where no batch begins" : "the checkpoint is missing or corrupt";
            steps.add(new RepairStep.RewriteCheckpoint(wholeFile(Checkpoint.FILE_NAME, reason), durable));
        }
    }

    private static String name(Path path) {
        return String.valueOf(path.getFileName());
    }
}
