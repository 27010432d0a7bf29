package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.KafkaLog;
import io.hailstorm.log.KafkaLogConfig;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecoveryReport;
import io.hailstorm.log.StreamConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.agrona.concurrent.UnsafeBuffer;

/** Any engine behind the {@link Log} port: the records go to {@code fixes}, through the port, as in a node. */
final class LogPortBench implements LogBenchEngine {
    /** What a run leaves on disk at most; older segments are deleted meanwhile. */
    private static final long RETENTION_BYTES = 1L << 30;

    private static final long MS = 1_000_000;
    private static final int MIB = 1 << 20;
    private static final long OWNED_MS_MAX = 30_000;

    private final String label;
    private final String durability;
    private final Log log;
    private final PartitionLog partition;
    private final RecordBatch batch;
    private final int batchSize;
    private final UnsafeBuffer payload;
    private final HybridLogicalClock clock;
    private long payloadSum;
    private long toRead;

    private LogPortBench(String label, String durability, Log log, LogBenchOptions options, TimeSource time) {
        this.label = label;
        this.durability = durability;
        this.log = log;
        partition = log.partition(StreamName.FIXES, 0);
        batchSize = options.batch();
        payload = new UnsafeBuffer(new byte[options.recordBytes()]);
        batch = new RecordBatch(batchSize * RecordBatch.recordLength(options.recordBytes()));
        clock = new HybridLogicalClock(time);
    }

    /** The embedded engine in a directory of its own, otherwise with a node's settings. */
    static LogPortBench embedded(LogBenchOptions options, Path directory) {
        TimeSource time = new SystemTimeSource();
        LogConfig config = config(options, RETENTION_BYTES);
        return new LogPortBench(
                "embedded",
                options.ackLevel().name(),
                EmbeddedLog.open(config, new MappedDisk(), time, directory),
                options,
                time);
    }

    /** The Kafka engine on a cluster that runs; on topics of its own, which stay. */
    static LogPortBench kafka(LogBenchOptions options, String bootstrap, Path directory) {
        TimeSource time = new SystemTimeSource();
        KafkaLogConfig kafka = KafkaLogConfig.defaults(bootstrap, "bench", "localhost:0")
                .withTopicPrefix("hailstorm-bench-" + UUID.randomUUID())
                .withMembership(KafkaLogConfig.Membership.ALL);
        KafkaLog log = KafkaLog.open(kafka, config(options, RETENTION_BYTES), new MappedDisk(), time, directory);
        boolean owned = false;
        try {
            long deadlineNs = time.monotonicNs() + OWNED_MS_MAX * MS;
            while (!log.owns(0) && time.monotonicNs() < deadlineNs) {
                log.doWork(time.monotonicNs());
            }
            owned = log.owns(0);
            if (!owned) {
                throw new HailstormException(
                        ErrorCode.UNAVAILABLE, "the cluster at " + bootstrap + " did not give us the partition");
            }
            return new LogPortBench("kafka", "acks=all, in sync 2 of 3, read back", log, options, time);
        } finally {
            if (!owned) {
                log.close();
            }
        }
    }

    private static LogConfig config(LogBenchOptions options, long retentionBytes) {
        LogConfig defaults = LogConfig.defaults(1);
        StreamConfig fixes = defaults.stream(StreamName.FIXES);
        return defaults.withStream(
                StreamName.FIXES,
                fixes.withAckLevel(options.ackLevel())
                        .withCommit(options.commitMs() * MS, fixes.commitBytes())
                        .withRetention(StreamConfig.UNLIMITED, retentionBytes));
    }

    @Override
    public String label() {
        return label;
    }

    @Override
    public String durability() {
        return durability;
    }

    @Override
    public boolean append() {
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next(batchSize));
        for (int i = 0; i < batchSize; i++) {
            batch.add(RecordType.FIX, payload, 0, payload.capacity());
        }
        long offset = partition.append(batch);
        if (offset < 0 && offset != PartitionLog.BACK_PRESSURED) {
            throw new HailstormException(ErrorCode.INTERNAL, "append was refused: answer=" + offset);
        }
        return offset >= 0;
    }

    @Override
    public long appendedCount() {
        return partition.endOffset();
    }

    @Override
    public long acknowledgedCount() {
        return partition.durableOffset();
    }

    @Override
    public int doWork(long nowNs) {
        return log.doWork(nowNs);
    }

    @Override
    public int doMaintenance(long nowNs) {
        return log.doMaintenance(nowNs);
    }

    @Override
    public long idleNs(long nowNs, long maxNs) {
        return log.idleNs(nowNs, maxNs);
    }

    @Override
    public long read(long recordsMax) {
        toRead = recordsMax;
        long start = partition.startOffset();
        long reached = partition.read(
                start, (int) Math.min(recordsMax, Integer.MAX_VALUE), (offset, hlc, type, buffer, index, length) -> {
                    payloadSum += buffer.getLong(index);
                    return --toRead > 0;
                });
        return reached - start;
    }

    /** What the payloads added up to: keeps reading from being optimised away. */
    long payloadSum() {
        return payloadSum;
    }

    @Override
    public void close() {
        log.close();
    }

    /**
     * How fast a log is opened again.
     *
     * @param cleanMs after a clean close
     * @param scannedMbPerS without any checkpoint, so that every byte is checked; with a warm page cache
     */
    record Reopening(double cleanMs, double scannedMbPerS, long logBytes) {}

    /** Writes a log of this size, closes it, and opens it twice. */
    static Reopening measureReopening(LogBenchOptions options, Path directory) {
        TimeSource time = new SystemTimeSource();
        LogConfig config = config(options, StreamConfig.UNLIMITED);
        long bytes = (long) options.recoveryMib() * MIB;
        try (Log log = EmbeddedLog.open(config, new MappedDisk(), time, directory);
                LogPortBench bench = new LogPortBench("reopened", "", log, options, time)) {
            while (log.stats(StreamName.FIXES).appendedBytes() < bytes) {
                if (!bench.append()) {
                    log.doWork(time.monotonicNs());
                }
            }
        }
        long startNs = time.monotonicNs();
        EmbeddedLog clean = EmbeddedLog.open(config, new MappedDisk(), time, directory);
        double cleanMs = (time.monotonicNs() - startNs) / (double) MS;
        clean.close();
        forgetCheckpoint(directory);
        long scanStartNs = time.monotonicNs();
        try (EmbeddedLog scanned = EmbeddedLog.open(config, new MappedDisk(), time, directory)) {
            double seconds = (time.monotonicNs() - scanStartNs) / 1e9;
            long scannedBytes = scanned.recoveryReports().stream()
                    .mapToLong(RecoveryReport::scannedBytes)
                    .sum();
            return new Reopening(cleanMs, scannedBytes / 1e6 / seconds, scannedBytes);
        }
    }

    private static void forgetCheckpoint(Path directory) {
        try {
            Files.delete(directory.resolve("log/fixes/0/checkpoint"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
