package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a data directory's log without writing to it, from any process, while a node appends or after it stopped. Sees
 * everything below the durable mark the node publishes in its segments' headers. One thread.
 */
public final class LogReader implements AutoCloseable {
    private final List<ReadOnlyPartition> partitions = new ArrayList<>();

    private LogReader() {}

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
        LogMeta.read(disk, directory); // refuses a newer one
        LogReader reader = new LogReader();
        for (StreamName stream : StreamName.values()) {
            Path streamDirectory = directory.resolve(stream.text());
            disk.list(streamDirectory).stream()
                    .filter(name -> name.chars().allMatch(Character::isDigit))
                    .map(Integer::valueOf)
                    .sorted()
                    .forEach(p -> reader.partitions.add(new ReadOnlyPartition(
                            disk, stream, p, EmbeddedLog.partitionDirectory(directory, stream, p), keyset)));
        }
        return reader;
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
