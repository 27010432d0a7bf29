package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.RepairStep.Damage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes a log open again that refuses with {@code DATA_LOSS}. Damaged bytes go to quarantine, the offsets of what they
 * held become an explicit gap, every sound batch keeps its offset; a sound log is left alone. May be run again after a
 * crash in the middle: bytes are overwritten only once their copy is durable.
 */
public final class LogRepair {
    /** Repairing may lay bare what was hidden behind the first damage. */
    private static final int ROUNDS_MAX = 4;

    private LogRepair() {}

    /** What was damaged, in the order of streams, partitions and places. */
    public record Report(List<Finding> findings) {
        public Report {
            findings = List.copyOf(findings);
        }

        /** Records lost for good; their damaged bytes, if there were any, are in quarantine. */
        public long lostRecordCount() {
            return findings.stream().mapToLong(Finding::lostRecordCount).sum();
        }
    }

    /**
     * One damaged place.
     *
     * @param position of the damaged bytes in the file
     * @param length how many; 0 when a file is missing
     * @param firstOffset first offset lost
     * @param endOffset the one after the last lost; the same when none is
     * @param quarantine where the bytes are now; empty in a dry run
     */
    public record Finding(
            StreamName stream,
            int partition,
            Path file,
            int position,
            int length,
            long firstOffset,
            long endOffset,
            String reason,
            Optional<Path> quarantine) {
        public long lostRecordCount() {
            return endOffset - firstOffset;
        }
    }

    /**
     * Repairs every partition; with {@code dryRun}, only says what would be done.
     *
     * @param nowMs goes into the names in quarantine
     * @throws HailstormException {@code NOT_FOUND} without a log; {@code FAILED_PRECONDITION} while another process has it
     *     open, and for files of a newer version; what {@link Disk} throws
     */
    public static Report run(Disk disk, Path dataDir, boolean dryRun, long nowMs) {
        Path directory = dataDir.resolve(EmbeddedLog.DIRECTORY_NAME);
        if (disk.list(directory).isEmpty()) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "no log in " + dataDir + ": expected a directory \"log\"; check --data-dir");
        }
        List<Finding> findings = new ArrayList<>();
        Quarantine quarantine = new Quarantine(disk, directory, nowMs);
        Disk.Lock lock = disk.lock(directory.resolve(EmbeddedLog.LOCK_NAME));
        try {
            for (StreamName stream : StreamName.values()) {
                for (String name : disk.list(directory.resolve(stream.text()))) {
                    if (name.chars().allMatch(Character::isDigit)) {
                        int partition = Integer.parseInt(name);
                        Path of = EmbeddedLog.partitionDirectory(directory, stream, partition);
                        repair(new Partition(disk, quarantine, stream, partition, of), dryRun, findings);
                    }
                }
            }
        } finally {
            lock.close();
        }
        return new Report(findings);
    }

    private static void repair(Partition partition, boolean dryRun, List<Finding> findings) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            List<RepairStep> steps = partition.examine();
            if (steps.isEmpty()) {
                return;
            }
            for (RepairStep step : steps) {
                Damage damage = step.damage();
                boolean found = !damage.reason().isEmpty();
                Optional<Path> kept = found && !dryRun ? Optional.of(partition.keep(damage)) : Optional.empty();
                if (found) {
                    findings.add(partition.finding(damage, kept));
                }
                if (!dryRun) {
                    partition.take(step);
                }
            }
            if (dryRun) {
                return;
            }
        }
        throw new HailstormException(
                ErrorCode.DATA_LOSS,
                partition.directory + ": still damaged after " + ROUNDS_MAX + " rounds of repair; restore a copy");
    }

    /** Changes the files of one partition. */
    private record Partition(Disk disk, Quarantine quarantine, StreamName stream, int partition, Path directory) {
        List<RepairStep> examine() {
            return new PartitionExamination(disk, stream, partition, directory).run();
        }

        Path keep(Damage damage) {
            return quarantine.keep(stream, partition, directory, damage);
        }

        Finding finding(Damage damage, Optional<Path> kept) {
            return new Finding(
                    stream,
                    partition,
                    directory.resolve(damage.file()),
                    damage.position(),
                    damage.length(),
                    damage.firstOffset(),
                    damage.endOffset(),
                    damage.reason(),
                    kept);
        }

        void take(RepairStep step) {
            switch (step) {
                case RepairStep.FillGap fill -> fillGap(fill);
                case RepairStep.CutTail cut -> zero(cut.segment(), cut.position(), cut.length());
                case RepairStep.InsertSegment insert -> insert(insert);
                case RepairStep.RewriteHeader rewrite -> rewriteHeader(rewrite);
                case RepairStep.RemoveFile remove -> remove(remove.file());
                case RepairStep.ForgetGroup forget ->
                    zero(
                            forget.file(),
                            forget.damage().position(),
                            forget.damage().length());
                case RepairStep.RewriteCheckpoint rewrite -> rewriteCheckpoint(rewrite);
            }
        }

        private void zero(Path path, int position, int length) {
            try (MappedFile file = disk.open(path, Disk.Access.READ_WRITE)) {
                file.buffer().setMemory(position, length, (byte) 0);
                file.force(position, length);
            }
        }

        private void remove(Path path) {
            disk.delete(path);
            disk.syncDirectory(directory);
        }

        private void fillGap(RepairStep.FillGap fill) {
            try (MappedFile file = disk.open(fill.segment(), Disk.Access.READ_WRITE)) {
                writeGap(file, fill.position(), fill.length(), fill.baseOffset(), fill.count(), fill.hlc());
                file.force(fill.position(), fill.length());
            }
        }

        private static void writeGap(MappedFile file, int at, int length, long baseOffset, int count, long hlc) {
            UnsafeBuffer to = file.buffer();
            to.setMemory(at, length, (byte) 0);
            to.putLong(at + BASE_OFFSET_OFFSET, baseOffset);
            to.putInt(at + COUNT_OFFSET, count);
            to.putInt(at + CODEC_OFFSET, CODEC_GAP | MAGIC << 16);
            to.putLong(at + PRODUCER_ID_OFFSET, RecordBatch.NO_PRODUCER);
            to.putLong(at + HLC_FIRST_OFFSET, hlc);
            to.putLong(at + HLC_MAX_OFFSET, hlc);
            to.putInt(at + CRC_OFFSET, new BatchChecker(file).crc(at, length));
            to.putInt(at + LENGTH_OFFSET, length);
        }

        private void insert(RepairStep.InsertSegment insert) {
            Path temporary = directory.resolve(NextSegment.FILE_NAME);
            Disk.Preallocation allocation = disk.preallocate(temporary, StreamConfig.SEGMENT_BYTES_MIN);
            allocation.step(StreamConfig.SEGMENT_BYTES_MIN);
            try (MappedFile file = allocation.open()) {
                long end = insert.baseOffset() + insert.count();
                UnsafeBuffer buffer = file.buffer();
                SegmentDescriptor.writeHeader(buffer, stream, partition, insert.baseOffset(), LogKeyset.NONE, 0);
                int at = SegmentDescriptor.HEADER_LENGTH;
                if (insert.count() > 0) {
                    writeGap(file, at, HEADER_LENGTH, insert.baseOffset(), insert.count(), insert.hlc());
                    at += HEADER_LENGTH;
                }
                SegmentDescriptor.writeMark(buffer, end);
                if (insert.sealed()) {
                    SegmentDescriptor.writeSeal(buffer, end, insert.hlc(), at);
                }
                file.force(0, file.lengthBytes());
            }
            disk.rename(temporary, directory.resolve(SegmentDescriptor.fileName(insert.baseOffset())));
            disk.syncDirectory(directory);
        }

        private void rewriteHeader(RepairStep.RewriteHeader rewrite) {
            try (MappedFile file = disk.open(rewrite.segment(), Disk.Access.READ_WRITE)) {
                UnsafeBuffer buffer = file.buffer();
                SegmentDescriptor.mendHeader(buffer, stream, partition, rewrite.baseOffset(), rewrite.compacted());
                SegmentDescriptor.writeMark(buffer, rewrite.markedTo());
                SegmentDescriptor.clearSeal(buffer);
                if (rewrite.sealedTo() > 0) {
                    SegmentDescriptor.writeSeal(buffer, rewrite.sealedTo(), rewrite.hlcMax(), rewrite.endPosition());
                }
                file.force(0, SegmentDescriptor.HEADER_LENGTH);
            }
        }

        /** What the old one knew of producers is kept: recovery goes over all batches again, in order. */
        private void rewriteCheckpoint(RepairStep.RewriteCheckpoint rewrite) {
            Optional<String> first = disk.list(directory).stream()
                    .filter(SegmentDescriptor::isFileName)
                    .findFirst();
            if (first.isEmpty()) {
                remove(directory.resolve(Checkpoint.FILE_NAME));
                return;
            }
            long base = SegmentDescriptor.baseOffsetOf(first.get());
            try (MappedFile file = disk.open(directory.resolve(first.get()), Disk.Access.READ_WRITE)) {
                if (SegmentHeader.isBlank(file.buffer())) {
                    SegmentDescriptor.writeHeader(file.buffer(), stream, partition, base, LogKeyset.NONE, 0);
                    file.force(0, SegmentDescriptor.HEADER_LENGTH);
                }
            }
            Checkpoint.atSegmentStart(base, Math.max(base, rewrite.durableOffset()), knownProducers())
                    .write(disk, directory);
        }

        private byte[] knownProducers() {
            try {
                Optional<Checkpoint> old = Checkpoint.read(disk, directory);
                if (old.isPresent()) {
                    return old.get().producers();
                }
            } catch (HailstormException e) {
                if (e.code() != ErrorCode.DATA_LOSS) {
                    throw e;
                }
            }
            return new ProducerTable(StreamConfig.UNLIMITED).snapshot();
        }
    }
}
