package io.hailstorm.loadtest;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.StreamConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The real embedded log in a temporary directory, with a syncer thread as in a node. Keeps little: the benchmark
 * must not fill the disk.
 */
final class TemporaryLog {
    private static final long RETENTION_BYTES = 512L << 20;
    private static final long SYNCER_IDLE_NS = 100_000;

    private static final String PREFIX = "hailstorm-benchmark";
    /** Where {@code MEMORY} is measured if possible: the processor's work, without the disk writing behind it. */
    private static final Path MEMORY_FILES = Path.of("/dev/shm");

    private final Path directory;
    private final Log log;
    private final Thread syncer;
    private volatile boolean closing;

    TemporaryLog(int partitionCount, AckLevel fixesAck) {
        try {
            directory = fixesAck == AckLevel.MEMORY && Files.isWritable(MEMORY_FILES)
                    ? Files.createTempDirectory(MEMORY_FILES, PREFIX)
                    : Files.createTempDirectory(PREFIX);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a temporary directory", e);
        }
        LogConfig defaults = LogConfig.defaults(partitionCount);
        StreamConfig fixes = defaults.stream(StreamName.FIXES)
                .withAckLevel(fixesAck)
                .withRetention(StreamConfig.UNLIMITED, RETENTION_BYTES / partitionCount);
        log = EmbeddedLog.open(
                defaults.withStream(StreamName.FIXES, fixes), new MappedDisk(), new SystemTimeSource(), directory);
        syncer = new Thread(this::sync, "syncer");
        syncer.start();
    }

    PartitionLog fixes(int partition) {
        return log.partition(StreamName.FIXES, partition);
    }

    /** Appends, waiting where a node would push back on its clients. */
    static void append(PartitionLog partition, RecordBatch batch) {
        long offset = partition.append(batch);
        while (offset == PartitionLog.BACK_PRESSURED) {
            Thread.onSpinWait();
            offset = partition.append(batch);
        }
        if (offset < 0) {
            throw new IllegalStateException("append answered " + offset);
        }
    }

    private void sync() {
        while (!closing) {
            if (log.doWork(System.nanoTime()) == 0) {
                LockSupport.parkNanos(SYNCER_IDLE_NS);
            }
        }
    }

    /** Waits until nothing waits for the syncer. */
    void awaitSynced() {
        while (log.stats(StreamName.FIXES).backlogBytes() > 0) {
            LockSupport.parkNanos(SYNCER_IDLE_NS);
        }
    }

    /** Stops the syncer and removes every file. */
    void close() throws IOException, InterruptedException {
        closing = true;
        syncer.join();
        log.close();
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
