package io.hailstorm.log;

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
 * Cuts the tail off a closed partition's files, at the beginning of a batch. What is cut off is first copied, durably, to the
 * directory {@code quarantine}: it is of a term that the other regions do not have, and somebody may want to look at it.
 *
 * <p>A crash leaves the partition whole or cut, or with some of the tail's batches left, which check out: they are cut off
 * when the copy comes in line again.
 */
final class GeoCut {
    static final String QUARANTINE = "quarantine";

    private final Disk disk;
    private final StreamName stream;
    private final int partition;
    private final Path directory;
    private final Path quarantine;

    GeoCut(Disk disk, StreamName stream, int partition, Path directory, Path logDirectory) {
        this.disk = disk;
        this.stream = stream;
        this.partition = partition;
        this.directory = directory;
        quarantine = logDirectory.resolve(QUARANTINE);
    }

    /** @param offset what lies at and behind it goes; the first of a batch */
    void cutAt(long offset, long term) {
        List<Long> bases = new ArrayList<>();
        for (String file : disk.list(directory)) {
            if (SegmentDescriptor.isFileName(file)) {
                bases.add(SegmentDescriptor.baseOffsetOf(file));
            }
        }
        int holding = bases.size() - 1;
        while (holding > 0 && bases.get(holding) > offset) {
            holding--;
        }
        Path path = path(bases.get(holding));
        MappedFile file = disk.open(path, Disk.Access.READ_WRITE);
        try {
            Place place = find(file, offset);
            keep(bases, holding, file, place.position(), offset, term);
            checkpoint(bases.get(holding), offset, place).write(disk, directory);
            for (int i = bases.size() - 1; i > holding; i--) {
                disk.delete(path(bases.get(i)));
                disk.syncDirectory(directory);
            }
            UnsafeBuffer buffer = file.buffer();
            int torn = PartitionRecovery.contentBytes(buffer, place.position());
            buffer.setMemory(place.position(), torn, (byte) 0);
            SegmentDescriptor.clearSeal(buffer);
            SegmentDescriptor.writeMark(buffer, offset);
            file.force(0, file.lengthBytes());
        } finally {
            file.close();
        }
    }

    private Path path(long baseOffset) {
        return directory.resolve(SegmentDescriptor.fileName(baseOffset));
    }

    private record Place(int position, long hlcMax) {}

    private Place find(MappedFile file, long offset) {
        BatchChecker checker = new BatchChecker(file);
        UnsafeBuffer buffer = file.buffer();
        int at = SegmentDescriptor.HEADER_LENGTH;
        long hlcMax = Long.MIN_VALUE;
        while (checker.isBatch(at) && buffer.getLong(at + BatchDescriptor.BASE_OFFSET_OFFSET) < offset) {
            long end = buffer.getLong(at + BatchDescriptor.BASE_OFFSET_OFFSET)
                    + buffer.getInt(at + BatchDescriptor.COUNT_OFFSET);
            if (end > offset) {
                throw new HailstormException(
                        ErrorCode.DATA_LOSS,
                        "cannot cut " + stream + "/" + partition + " at " + offset
                                + ": it lies within the batch that ends at " + end
                                + "; remove the partition's directory to copy it from the other regions");
            }
            hlcMax = Math.max(hlcMax, buffer.getLong(at + BatchDescriptor.HLC_MAX_OFFSET));
            at += buffer.getInt(at + BatchDescriptor.LENGTH_OFFSET);
        }
        return new Place(at, hlcMax);
    }

    private void keep(List<Long> bases, int holding, MappedFile file, int position, long offset, long term) {
        disk.createDirectories(quarantine);
        String prefix = stream.text() + "-" + partition + "-term" + term + "-";
        write(prefix + offset, file, position);
        for (int i = holding + 1; i < bases.size(); i++) {
            MappedFile later = disk.open(path(bases.get(i)), Disk.Access.READ_ONLY);
            try {
                write(prefix + bases.get(i), later, SegmentDescriptor.HEADER_LENGTH);
            } finally {
                later.close();
            }
        }
    }

    private void write(String fileName, MappedFile from, int position) {
        byte[] tail = new byte[PartitionRecovery.contentBytes(from.buffer(), position)];
        from.buffer().getBytes(position, tail);
        if (tail.length > 0) {
            disk.writeAtomically(quarantine.resolve(fileName + ".batches"), tail);
        }
    }

    /** Producers are as of the last checkpoint before the cut, or forgotten: then their next batch is taken as it comes. */
    private Checkpoint checkpoint(long base, long offset, Place place) {
        Optional<Checkpoint> last = Checkpoint.read(disk, directory);
        byte[] producers = last.filter(checkpoint -> checkpoint.offset() <= offset)
                .map(Checkpoint::producers)
                .orElseGet(() -> new ProducerTable(StreamConfig.PRODUCER_EXPIRY_MS_DEFAULT).snapshot());
        return new Checkpoint(base, offset, place.position(), place.hlcMax(), offset, false, producers);
    }
}
