package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One real broker for all tests of a process, and logs on it: every test has topics of its own. */
final class KafkaFixture {
    private static final long PATIENCE_MS = 30_000;
    private static final AtomicInteger PREFIXES = new AtomicInteger();
    private static @Nullable KafkaCluster cluster;

    private KafkaFixture() {}

    static synchronized KafkaCluster cluster() {
        KafkaCluster running = cluster;
        if (running == null) {
            running = start("320m");
            cluster = running;
        }
        return running;
    }

    /** A broker that the test may kill. */
    static KafkaCluster start(String heap) {
        Path libraries = Path.of(System.getProperty(KafkaClusterConfig.LIBRARIES_PROPERTY, "ops/kafka/target/lib"));
        KafkaClusterConfig config = new KafkaClusterConfig(TemporaryDirectory.create(), 1, 0, heap, libraries);
        KafkaCluster started = KafkaCluster.start(config, new SystemTimeSource());
        Runtime.getRuntime().addShutdownHook(new Thread(started::kill));
        return started;
    }

    static String newPrefix() {
        return "test-" + PREFIXES.incrementAndGet();
    }

    static KafkaLogConfig config(String node, String prefix) {
        return KafkaLogConfig.defaults(cluster().bootstrap(), node, node + ":9000")
                .withTopicPrefix(prefix)
                .withReplication(1, 1)
                .withMembership(KafkaLogConfig.Membership.ALL);
    }

    /** A log that owns everything. */
    static KafkaLog openOwning(KafkaLogConfig kafka, LogConfig config, TimeSource time, Path cacheDir) {
        KafkaLog log = KafkaLog.open(kafka, config, new MappedDisk(), time, cacheDir);
        workUntil(log, time, () -> ownsAll(log));
        return log;
    }

    static boolean ownsAll(KafkaLog log) {
        for (int p = 0; p < log.partitionCount(); p++) {
            if (!log.owns(p)) {
                return false;
            }
        }
        return true;
    }

    /** Until everything appended was read back. */
    static void settle(KafkaLog log, TimeSource time) {
        workUntil(log, time, () -> isSettled(log));
    }

    private static boolean isSettled(KafkaLog log) {
        for (StreamName stream : StreamName.values()) {
            for (int p = 0; p < log.partitionCount(); p++) {
                KafkaPartition partition = log.partition(stream, p);
                if (partition.durableOffset() != partition.endOffset()) {
                    return false;
                }
            }
        }
        return true;
    }

    static void workUntil(KafkaLog log, TimeSource time, BooleanSupplier condition) {
        TimeSource wall = new SystemTimeSource();
        long deadlineNs = wall.monotonicNs() + PATIENCE_MS * 1_000_000;
        while (!condition.getAsBoolean()) {
            if (wall.monotonicNs() > deadlineNs) {
                throw new AssertionError("not within " + PATIENCE_MS + " ms");
            }
            log.doWork(time.monotonicNs());
            Thread.onSpinWait();
        }
    }
}
