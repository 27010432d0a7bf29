package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;

/** The files of one partition of a geo log: the embedded engine's. */
final class GeoFiles implements GeoPartition.Files {
    private final Disk disk;
    private final TimeSource time;
    private final StreamConfig stream;
    private final LogKeyset keyset;
    private final Path logDirectory;
    private final StreamName name;
    private final int partition;
    private final Path directory;

    GeoFiles(Disk disk, TimeSource time, LogConfig config, Path logDirectory, StreamName name, int partition) {
        this.disk = disk;
        this.time = time;
        this.logDirectory = logDirectory;
        this.name = name;
        this.partition = partition;
        // Offsets that compaction emptied would be gaps in a copy; and what is acknowledged is not up to the stream
        // here.
        stream = config.stream(name)
                .withAckLevel(AckLevel.DISK)
                .withCompaction(CompactionPolicy.NONE, StreamConfig.UNLIMITED);
        keyset = config.keyset();
        directory = EmbeddedLog.partitionDirectory(logDirectory, name, partition);
    }

    static void checkMeta(Disk disk, Path logDirectory, int partitionCount) {
        LogMeta wanted = LogMeta.ofRegions(partitionCount);
        LogMeta found = LogMeta.read(disk, logDirectory).orElse(null);
        if (found == null) {
            wanted.write(disk, logDirectory);
        } else if (!found.isOfRegions() || found.partitionCount() != partitionCount) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    logDirectory.resolve(LogMeta.FILE_NAME) + ": expected a log of regions with " + partitionCount
                            + " partitions, found " + found.kind() + " of " + found.partitionCount()
                            + "; give every region a data directory of its own");
        }
    }

    @Override
    public EmbeddedPartition open() {
        return embedded(recovery().recover());
    }

    @Override
    public void cutAt(long offset, long term) {
        new GeoCut(disk, name, partition, directory, logDirectory).cutAt(offset, term);
    }

    @Override
    public EmbeddedPartition beginAt(long offset) {
        for (String file : disk.list(directory)) {
            disk.delete(directory.resolve(file));
        }
        disk.createDirectories(directory);
        disk.syncDirectory(directory);
        return embedded(recovery().beginAt(offset));
    }

    private PartitionRecovery recovery() {
        ProducerTable producers = new ProducerTable(stream.producerExpiryMs());
        return new PartitionRecovery(disk, name, partition, directory, producers, keyset, RecoveryProgress.SILENT);
    }

    private EmbeddedPartition embedded(PartitionRecovery.Recovered recovered) {
        return new EmbeddedPartition(recovered, stream, disk, time, directory);
    }
}
