package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Readers that follow the end of a log sleep until there is something to read. */
final class AwaitDurableTest {
    private static final long LONG_NS = TimeUnit.SECONDS.toNanos(60);

    private final LogFixture fixture = new LogFixture();

    private static CompletableFuture<Long> await(PartitionReader partition, long offset) {
        return CompletableFuture.supplyAsync(() -> partition.awaitDurable(offset, LONG_NS));
    }

    private static void untilSomebodyWaits(PartitionLog partition) {
        while (((EmbeddedPartition) partition).waiters().waitingCount() == 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void wakesAReaderOnlyOnceItsRecordIsDurable() {
        try (EmbeddedLog log = fixture.open(new FaultyDisk())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            CompletableFuture<Long> reader = await(trips, 4);
            untilSomebodyWaits(trips);
            trips.append(fixture.batch(0, 3));
            fixture.sync(log);
            trips.append(fixture.batch(3, 3));
            assertThat(reader).isNotDone();
            fixture.sync(log);
            assertThat(reader.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(6);
        }
    }

    @Test
    void answersAtOnceWhenThereIsSomethingToReadAndWhenTheTimeIsOver() {
        try (EmbeddedLog log = fixture.open(new FaultyDisk())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 3));
            fixture.sync(log);
            assertThat(trips.awaitDurable(2, LONG_NS)).isEqualTo(3);
            assertThat(trips.awaitDurable(3, 1)).isEqualTo(3);
        }
    }

    @Test
    void wakesReadersOfAStreamThatPromisesMemoryOnly() {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withAckLevel(AckLevel.MEMORY));
        try (EmbeddedLog log = EmbeddedLog.open(config, new FaultyDisk(), fixture.time, LogFixture.DATA_DIR)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            CompletableFuture<Long> reader = await(fixes, 0);
            untilSomebodyWaits(fixes);
            fixes.append(fixture.batch(0, 3));
            log.doWork(fixture.time.monotonicNs());
            assertThat(reader.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(3);
        }
    }

    @Test
    void tellsReadersThatTheLogHasStopped() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        CompletableFuture<Long> reader = await(trips, 0);
        untilSomebodyWaits(trips);
        trips.append(fixture.batch(0, 3));
        disk.failSyncs(1);
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("injected failure");
        assertThatThrownBy(() -> reader.orTimeout(30, TimeUnit.SECONDS).join()).hasMessageContaining("log stopped");
        log.close();
    }

    @Test
    void followsFromAnotherProcess() {
        Path directory = TemporaryDirectory.create();
        MappedDisk disk = new MappedDisk();
        try (EmbeddedLog log = EmbeddedLog.open(LogFixture.config(), disk, fixture.time, directory)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 3));
            fixture.sync(log);
            try (LogReader outside = LogReader.open(disk, directory)) {
                CompletableFuture<Long> reader = await(outside.partition(StreamName.TRIPS, 0), 3);
                trips.append(fixture.batch(3, 2));
                fixture.sync(log);
                assertThat(reader.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(5);
            }
        }
    }
}
