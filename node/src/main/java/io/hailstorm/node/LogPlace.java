package io.hailstorm.node;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogKeyset;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.StreamConfig;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags of every {@code hailstorm log} command: which log, and how it is opened. */
final class LogPlace {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "hailstorm-data",
            description = "data directory of a node (hailstorm-data)")
    private Path dataDir = Path.of("hailstorm-data");

    @Option(
            names = {"--keyset", "--log-keyset"},
            paramLabel = "FILE",
            description = "the log's keys, where it is encrypted")
    private @Nullable Path keyset;

    @Option(names = "--json", description = "JSON, one object a line")
    private boolean json;

    boolean json() {
        return json;
    }

    Path dataDir() {
        return dataDir;
    }

    LogKeyset keyset() {
        return LogKeysets.readOrNone(keyset);
    }

    /** Reads, also while a node writes. */
    LogReader open() {
        return LogReader.open(new MappedDisk(), DataDirectory.existing(dataDir).root(), keyset());
    }

    /**
     * Opens for writing what exists, which nobody else may have open. Nothing is ever deleted by retention then.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} naming the process that holds it
     */
    EmbeddedLog openExclusively() {
        int partitionCount;
        try (LogReader reader = open()) {
            partitionCount = reader.partitionCount();
        }
        return openExclusively(partitionCount, AckLevel.DISK, 0);
    }

    /** The same, created when there is none. */
    EmbeddedLog openExclusively(int partitionCount, AckLevel ackLevel, long commitIntervalNs) {
        LogConfig config = LogConfig.defaults(partitionCount).withKeyset(keyset());
        for (StreamName stream : StreamName.values()) {
            StreamConfig of = config.stream(stream);
            config = config.withStream(
                    stream,
                    of.withAckLevel(ackLevel)
                            .withCommit(commitIntervalNs, of.commitBytes())
                            .withRetention(StreamConfig.UNLIMITED, StreamConfig.UNLIMITED));
        }
        return EmbeddedLog.open(config, new MappedDisk(), new SystemTimeSource(), dataDir);
    }

    static List<PartitionReader> of(LogReader log, StreamName stream) {
        return log.partitions().stream()
                .filter(partition -> partition.stream() == stream)
                .toList();
    }
}
