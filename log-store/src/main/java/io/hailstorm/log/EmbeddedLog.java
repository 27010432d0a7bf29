package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * The embedded engine: memory-mapped segments under {@code <dataDir>/log/<stream>/<partition>/}. One process at a time; a
 * lock file says so. Directories and segments of a partition are made on its first append.
 */
public final class EmbeddedLog implements Log {
    static final String DIRECTORY_NAME = "log";

    static final String LOCK_NAME = "lock";

    private static final long MAINTENANCE_BYTES_PER_S = 64 << 20;

    private final LogConfig config;
    private final Disk.Lock lock;
    private final Map<StreamName, EmbeddedPartition[]> partitions = new EnumMap<>(StreamName.class);
    /** The same ones, in one row. */
    private final List<EmbeddedPartition> all = new ArrayList<>();

    private final List<RecoveryReport> recoveryReports = new ArrayList<>();
    private int maintained;
    private long maintainAgainNs = Long.MIN_VALUE / 2;
    private boolean closed;

    private EmbeddedLog(LogConfig config, Disk.Lock lock) {
        this.config = config;
        this.lock = lock;
    }

    /**
     * How many partitions an existing log has.
     *
     * @throws HailstormException {@code NOT_FOUND} when there is no log in the directory
     */
    public static int partitionCountOf(Disk disk, Path dataDir) {
        return LogMeta.read(disk, dataDir.resolve(DIRECTORY_NAME))
                .orElseThrow(() -> new HailstormException(
                        ErrorCode.NOT_FOUND,
                        "no log in " + dataDir + ": expected a directory \"log\"; check --data-dir"))
                .partitionCount();
    }

    /**
     * Opens the log of a data directory, recovering every partition; creates it when there is none.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} when another process has it open, or it was made with another
     *     number of partitions; {@code DATA_LOSS} naming file and position of corruption; what {@link Disk} throws
     */
    public static EmbeddedLog open(LogConfig config, Disk disk, TimeSource time, Path dataDir) {
        return open(config, disk, time, dataDir, RecoveryProgress.SILENT);
    }

    /**
     * The same, telling how far it has come.
     *
     * @throws HailstormException as above
     */
    public static EmbeddedLog open(
            LogConfig config, Disk disk, TimeSource time, Path dataDir, RecoveryProgress progress) {
        return open(config, disk, time, dataDir, progress, ProducerTable::new);
    }

    /** @param producerTables makes a partition's empty table of producers that expire after so many milliseconds */
    static EmbeddedLog open(
            LogConfig config,
            Disk disk,
            TimeSource time,
            Path dataDir,
            RecoveryProgress progress,
            LongFunction<ProducerTable> producerTables) {
        Path directory = dataDir.resolve(DIRECTORY_NAME);
        disk.createDirectories(directory);
        Disk.Lock lock = disk.lock(directory.resolve(LOCK_NAME));
        EmbeddedLog log = new EmbeddedLog(config, lock);
        boolean opened = false;
        try {
            log.recover(disk, time, directory, progress, producerTables);
            opened = true;
            return log;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    private void recover(
            Disk disk,
            TimeSource time,
            Path directory,
            RecoveryProgress progress,
            LongFunction<ProducerTable> producerTables) {
        checkPartitionCount(disk, directory);
        for (StreamName stream : StreamName.values()) {
            StreamConfig ofThis = config.stream(stream);
            EmbeddedPartition[] ofStream = new EmbeddedPartition[config.partitionCount()];
            for (int p = 0; p < ofStream.length; p++) {
                Path partitionDirectory = partitionDirectory(directory, stream, p);
                ProducerTable producers = producerTables.apply(ofThis.producerExpiryMs());
                PartitionRecovery.Recovered recovered = new PartitionRecovery(
                                disk, stream, p, partitionDirectory, producers, config.keyset(), progress)
                        .recover();
                ofStream[p] = new EmbeddedPartition(recovered, ofThis, disk, time, partitionDirectory);
                recoveryReports.add(recovered.report());
            }
            partitions.put(stream, ofStream);
            all.addAll(List.of(ofStream));
        }
    }

    static Path partitionDirectory(Path logDirectory, StreamName stream, int partition) {
        return logDirectory.resolve(stream.text()).resolve(Integer.toString(partition));
    }

    /** Cells are routed by the number of partitions, so it may not change under existing records. */
    private void checkPartitionCount(Disk disk, Path directory) {
        LogMeta wanted = LogMeta.ofLog(config.partitionCount());
        LogMeta found = LogMeta.read(disk, directory).orElse(null);
        if (found != null && found.isKafkaCache()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    directory.resolve(LogMeta.FILE_NAME)
                            + ": the cache of a node whose log is on Kafka; it can be read, and only that node writes"
                            + " it");
        }
        if (found != null && found.isOfRegions()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    directory.resolve(LogMeta.FILE_NAME)
                            + ": the log of a region among others; start the node with --regions, or give it another"
                            + " data directory");
        }
        if (found != null && found.partitionCount() != wanted.partitionCount()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    directory.resolve(LogMeta.FILE_NAME) + ": the log was created with partitions "
                            + found.partitionCount() + ", configured is " + wanted.partitionCount()
                            + "; use the same number of partitions or a new data directory");
        }
        if (!wanted.equals(found)) {
            wanted.write(disk, directory);
        }
    }

    @Override
    public int partitionCount() {
        return config.partitionCount();
    }

    @Override
    public PartitionLog partition(StreamName stream, int partition) {
        return ofStream(stream)[partition];
    }

    private EmbeddedPartition[] ofStream(StreamName stream) {
        EmbeddedPartition[] found = partitions.get(stream);
        if (found == null) {
            throw new IllegalStateException("every stream is opened");
        }
        return found;
    }

    /** What opening found, one report a partition. */
    public List<RecoveryReport> recoveryReports() {
        return List.copyOf(recoveryReports);
    }

    @Override
    public int doWork(long nowNs) {
        int work = 0;
        for (int i = 0; i < all.size(); i++) { // an iterator would be garbage, thousands of times a second
            work += all.get(i).doWork(nowNs);
        }
        return work;
    }

    /** At most {@link #MAINTENANCE_BYTES_PER_S} over all partitions. */
    @Override
    public int doMaintenance(long nowNs) {
        int checkpoints = 0;
        for (EmbeddedPartition[] ofStream : partitions.values()) {
            for (EmbeddedPartition partition : ofStream) {
                checkpoints += partition.writeCheckpoint();
            }
        }
        return checkpoints + compactSome(nowNs);
    }

    private int compactSome(long nowNs) {
        if (nowNs - maintainAgainNs < 0) {
            return 0;
        }
        StreamName[] streams = StreamName.values();
        for (int tried = 0; tried < streams.length * config.partitionCount(); tried++) {
            EmbeddedPartition[] ofStream = ofStream(streams[maintained / config.partitionCount()]);
            int bytes = ofStream[maintained % config.partitionCount()].compact();
            if (bytes > 0) {
                maintainAgainNs = nowNs + bytes * 1_000_000_000L / MAINTENANCE_BYTES_PER_S;
                return 1;
            }
            maintained = (maintained + 1) % (streams.length * config.partitionCount());
        }
        return 0;
    }

    /**
     * Compacts a stream's sealed segments whole and now, whatever their age, or only measures that. For a log nobody else
     * works with.
     */
    public List<CompactionReport> compact(StreamName stream, boolean dryRun) {
        List<CompactionReport> reports = new ArrayList<>();
        for (EmbeddedPartition partition : ofStream(stream)) {
            reports.add(partition.compactNow(dryRun));
        }
        return reports;
    }

    @Override
    public RetentionHold hold(String name, StreamName stream, int partition, long offset) {
        return ofStream(stream)[partition].hold(name, offset);
    }

    @Override
    public long idleNs(long nowNs, long maxNs) {
        long idleNs = maxNs;
        for (int i = 0; i < all.size(); i++) {
            idleNs = Math.min(idleNs, all.get(i).untilCommitNs(nowNs));
        }
        return Math.max(0, idleNs);
    }

    @Override
    public LogStats stats(StreamName stream) {
        LogStats sum = LogStats.NONE;
        for (EmbeddedPartition partition : ofStream(stream)) {
            sum = sum.plus(partition.stats());
        }
        return sum;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        HailstormException failure = null;
        for (EmbeddedPartition partition : all) {
            try {
                partition.close();
            } catch (HailstormException e) {
                failure = e; // the others are still to be made durable
            }
        }
        lock.close();
        if (failure != null) {
            throw failure;
        }
    }
}
