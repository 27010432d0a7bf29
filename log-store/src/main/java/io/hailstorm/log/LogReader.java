package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads a data directory's log without writing to it, from any process, while a node appends or after it stopped. Sees
 * everything below the durable mark the node publishes in its segments' headers. One thread.
 */
public final class LogReader implements AutoCloseable {
    private final List<ReadOnlyPartition> partitions = new ArrayList<>();

    private final Disk disk;
    private final Path directory;
    private final LogKeyset keyset;
    private final int partitionCount;

    private LogReader(Disk disk, Path directory, LogKeyset keyset, int partitionCount) {
        this.disk = disk;
        this.directory = directory;
        this.keyset = keyset;
        this.partitionCount = partitionCount;
    }

    /** @throws HailstormException {@code NOT_FOUND} when the directory holds no log; {@code DATA_LOSS} for a bad header */
    public static LogReader open(Disk disk, Path dataDir) {
        return open(disk, dataDir, LogKeyset.NONE);
    }

    /** @param keyset of the log, where it is encrypted */
    public static LogReader open(Disk disk, Path dataDir, LogKeyset keyset) {
        Path directory = dataDir.resolve(EmbeddedLog.DIRECTORY_NAME);
        if (disk.list(directory).isEmpty()) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "no log in " + dataDir + ": expected a directory \"log\"; check --data-dir");
        }
        int partitionCount = LogMeta.read(disk, directory) // refuses a newer one
                .map(LogMeta::partitionCount)
                .orElse(0);
        LogReader reader = new LogReader(disk, directory, keyset, partitionCount);
        reader.findPartitions();
        return reader;
    }

    private void findPartitions() {
        List<ReadOnlyPartition> known = List.copyOf(partitions);
        partitions.clear();
        for (StreamName stream : StreamName.values()) {
            Path streamDirectory = directory.resolve(stream.text());
            disk.list(streamDirectory).stream()
                    .filter(name -> name.chars().allMatch(Character::isDigit))
                    .map(Integer::valueOf)
                    .sorted()
                    .forEach(p -> partitions.add(find(known, stream, p)
                            .orElseGet(() -> new ReadOnlyPartition(
                                    disk, stream, p, EmbeddedLog.partitionDirectory(directory, stream, p), keyset))));
        }
    }

    private static Optional<ReadOnlyPartition> find(List<ReadOnlyPartition> known, StreamName stream, int partition) {
        return known.stream()
                .filter(each -> each.stream() == stream && each.partition() == partition)
                .findFirst();
    }

    /**
     * In which terms a partition was written, ascending, as of now; empty where the log is not one of regions, and for what is
     * older than the terms remembered.
     */
    public List<TermStart> terms(StreamName stream, int partition) {
        if (!isOfRegions()) {
            return List.of();
        }
        GeoTerms terms = new GeoTerms(disk, directory, StreamName.values().length * partitionCount);
        return terms.of(KafkaLog.index(stream) * partitionCount + partition).all();
    }

    /** What take-overs cut off, on record here; empty where the log is not one of regions. */
    public List<GeoStatus.Gap> gaps() {
        return isOfRegions() ? new GeoGaps(disk, directory, Integer.MAX_VALUE).all() : List.of();
    }

    private boolean isOfRegions() {
        return LogMeta.read(disk, directory).filter(LogMeta::isOfRegions).isPresent();
    }

    /** How many partitions each stream has, whether or not they hold anything. */
    public int partitionCount() {
        return partitionCount;
    }

    /** The same as {@link #partitions}, with those that got their first records since. */
    public List<PartitionReader> refreshed() {
        findPartitions();
        return partitions();
    }

    /** The partitions that hold anything, by stream, then number. */
    public List<PartitionReader> partitions() {
        return List.copyOf(partitions);
    }

    /** @throws HailstormException {@code NOT_FOUND} when nothing was ever appended to it */
    public PartitionReader partition(StreamName stream, int partition) {
        for (ReadOnlyPartition each : partitions) {
            if (each.stream() == stream && each.partition() == partition) {
                return each;
            }
        }
        throw new HailstormException(
                ErrorCode.NOT_FOUND, "no records in " + stream + "/" + partition + ": nothing was appended to it yet");
    }

    @Override
    public void close() {
        partitions.forEach(ReadOnlyPartition::close);
    }
}
