package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Seeded crashes, a full disk, failing syncs, two openers, and readers in other processes. */
final class FaultTest {
    private static final int ROUNDS = 80;

    private final LogFixture fixture = new LogFixture();

    private static long seed() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("seed=" + seed);
        return seed;
    }

    @Test
    void losesNothingDurableInAnyCrash() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        for (int round = 0; round < ROUNDS; round++) {
            EmbeddedLog log = fixture.open(disk);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            long next = trips.endOffset();
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(trips.startOffset(), next));
            appendAtRandom(log, trips, disk, random);
            long durable = trips.durableOffset();
            long appended = trips.endOffset();
            disk = random.nextInt(4) == 0 ? disk.kill() : disk.crash(random.nextLong());
            try (EmbeddedLog again = fixture.open(disk)) {
                assertThat(again.partition(StreamName.TRIPS, 0).endOffset())
                        .as("round %d", round)
                        .isBetween(durable, appended);
            }
        }
    }

    private void appendAtRandom(EmbeddedLog log, PartitionLog trips, FaultyDisk disk, Random random) {
        int steps = random.nextInt(60);
        for (int step = 0; step < steps; step++) {
            int count = 1 + random.nextInt(60);
            trips.append(fixture.batch(trips.endOffset(), count));
            if (random.nextInt(6) == 0) {
                fixture.sync(log);
            }
            if (random.nextInt(5) == 0) {
                disk.writeBack(random.nextLong());
            }
        }
    }

    @Test
    void aDiskThatLiesAboutSyncsIsNoticedByTheSameTest() {
        Random random = new Random(seed());
        boolean noticed = false;
        for (int round = 0; round < 20 && !noticed; round++) {
            FaultyDisk disk = new FaultyDisk();
            EmbeddedLog log = fixture.open(disk);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            disk.ignoreSyncs();
            for (int i = 0; i < 20; i++) {
                trips.append(fixture.batch(i * 10L, 10));
                fixture.sync(log);
            }
            long durable = trips.durableOffset();
            try (EmbeddedLog again = fixture.open(disk.crash(random.nextLong()))) {
                noticed = again.partition(StreamName.TRIPS, 0).endOffset() < durable;
            } catch (HailstormException e) {
                noticed = e.code() == ErrorCode.DATA_LOSS;
            }
        }
        assertThat(noticed).isTrue();
    }

    @Test
    void stopsForGoodAfterAFailedSync() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 3));
        fixture.sync(log);
        trips.append(fixture.batch(3, 3));
        disk.failSyncs(1);
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("injected failure");
        assertThat(trips.durableOffset()).isEqualTo(3);
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("log stopped");
        assertThatThrownBy(() -> trips.append(fixture.batch(6, 1)))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
        assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 3));
        log.close();
        try (EmbeddedLog again = fixture.open(disk.crash(1))) {
            assertThat(again.partition(StreamName.TRIPS, 0).endOffset()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aProcessThatStartsOnThePageCacheOfAFailedSyncWritesItAgain(long seed) {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 3));
        fixture.sync(log);
        trips.append(fixture.batch(3, 300));
        disk.failSyncs(1);
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("injected failure");
        log.close();

        FaultyDisk cache = disk.kill();
        EmbeddedLog restarted = fixture.open(cache);
        PartitionLog found = restarted.partition(StreamName.TRIPS, 0);
        assertThat(found.durableOffset()).isEqualTo(303);
        found.append(fixture.batch(303, 7));
        fixture.sync(restarted);
        assertThat(found.durableOffset()).isEqualTo(310);

        try (EmbeddedLog again = fixture.open(cache.crash(seed))) {
            assertThat(LogFixture.readAll(again.partition(StreamName.TRIPS, 0))).isEqualTo(LogFixture.numbers(0, 310));
        }
    }

    @Test
    void refusesAppendsOnAFullDiskAndGoesOnWhenThereIsRoom() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 1));
            fixture.sync(log);
            disk.limitCapacity(disk.usedBytes() + LogFixture.SEGMENT_BYTES / 2);
            long end = fillUntilRefused(log, trips);
            assertThat(end).isGreaterThan(300);
            disk.limitCapacity(Long.MAX_VALUE);
            fixture.time.advanceMs(2_000);
            fixture.sync(log);
            assertThat(trips.append(fixture.batch(end, 10))).isEqualTo(end);
            fixture.sync(log);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, end + 10));
        }
    }

    private long fillUntilRefused(EmbeddedLog log, PartitionLog trips) {
        for (int i = 0; i < 1000; i++) {
            try {
                fixture.append(log, trips, fixture.batch(trips.endOffset(), 10));
            } catch (HailstormException e) {
                assertThat(e.code()).isEqualTo(ErrorCode.RESOURCE_EXHAUSTED);
                return trips.endOffset();
            }
        }
        throw new AssertionError("the disk never filled");
    }

    @Test
    void makesFilesOfRealBlocksThatHoldNothingOfWhatWasThere() throws IOException {
        Path path = TemporaryDirectory.create().resolve("file");
        byte[] old = new byte[1 << 20];
        Arrays.fill(old, (byte) 7);
        Files.write(path, old);
        Disk.Preallocation allocation = new MappedDisk().preallocate(path, 1 << 20);
        boolean whole = allocation.step(4096);
        for (int step = 0; step < 256 && !whole; step++) {
            whole = allocation.step(4096);
        }
        assertThat(whole).isTrue();
        try (MappedFile file = allocation.open()) {
            file.buffer().putByte(5, (byte) 1);
            file.prepareWrites(0, 1 << 20);
            assertThat(file.lengthBytes()).isEqualTo(1 << 20);
            assertThat(file.buffer().getByte(5)).isEqualTo((byte) 1);
            for (int at = 8; at < 1 << 20; at += 8) {
                assertThat(file.buffer().getLong(at)).isZero();
            }
        }
    }

    @Test
    void refusesASecondOpenerAndNamesThePath() {
        Path directory = TemporaryDirectory.create();
        MappedDisk disk = new MappedDisk();
        try (EmbeddedLog log = EmbeddedLog.open(LogFixture.config(), disk, fixture.time, directory)) {
            assertThat(log.partitionCount()).isEqualTo(2);
            assertThatThrownBy(() -> EmbeddedLog.open(LogFixture.config(), disk, fixture.time, directory))
                    .hasMessageContaining("data directory in use")
                    .hasMessageContaining(directory.toString());
        }
        EmbeddedLog.open(LogFixture.config(), disk, fixture.time, directory).close();
    }

    @Test
    void isReadAndVerifiedFromOutsideWhileItGrows() {
        Path directory = TemporaryDirectory.create();
        MappedDisk disk = new MappedDisk();
        try (EmbeddedLog log = EmbeddedLog.open(LogFixture.config(), disk, fixture.time, directory)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 10));
            fixture.sync(log);
            try (LogReader reader = LogReader.open(disk, directory)) {
                PartitionReader outside = reader.partition(StreamName.TRIPS, 0);
                for (int i = 1; i < 500; i++) {
                    fixture.append(log, trips, fixture.batch(i * 10L, 10));
                    if (i % 100 == 0) {
                        assertThat(LogFixture.readAll(outside)).isEqualTo(LogFixture.numbers(0, trips.durableOffset()));
                    }
                }
                fixture.sync(log);
                trips.append(fixture.batch(5000, 10));
                assertThat(LogFixture.readAll(outside)).isEqualTo(LogFixture.numbers(0, 5000));
                trips.commit("matching", 42, 1);
                assertThat(outside.committed("matching")).isEqualTo(42);
            }
            LogVerifier.Report report = LogVerifier.verify(disk, directory);
            assertThat(report.problems()).isEmpty();
            assertThat(report.recordCount()).isEqualTo(5000);
            assertThat(report.payloadBytes()).isEqualTo(5000 * 64);
        }
    }

    @Test
    void reportsEveryFlippedByteOfADurableBatch() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            log.partition(StreamName.TRIPS, 0).append(fixture.batch(0, 3));
        }
        Path segment = LogFixture.partitionDirectory(StreamName.TRIPS).resolve(SegmentDescriptor.fileName(0));
        int length = BatchDescriptor.HEADER_LENGTH + 3 * 72;
        assertThat(LogVerifier.verify(disk, LogFixture.DATA_DIR).ok()).isTrue();
        for (int at = 0; at < length; at++) {
            disk.corrupt(segment, SegmentDescriptor.HEADER_LENGTH + at, 0x10);
            LogVerifier.Report report = LogVerifier.verify(disk, LogFixture.DATA_DIR);
            assertThat(report.problems()).as("byte %d", at).hasSize(1);
            assertThat(report.problems().get(0).message()).contains(segment.toString(), "position=4096");
            disk.corrupt(segment, SegmentDescriptor.HEADER_LENGTH + at, 0x10);
        }
    }

    private static LogFaults faults(EmbeddedLog log) {
        return log.stats(StreamName.TRIPS).faults();
    }

    @Test
    void showsEveryFaultInTheCounters() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 10));
            fixture.sync(log);
            assertThat(faults(log)).isEqualTo(LogFaults.NONE);
            disk.limitCapacity(disk.usedBytes());
            fillUntilRefused(log, trips);
            assertThat(faults(log).diskFullCount()).isPositive();
            disk.corrupt(
                    LogFixture.partitionDirectory(StreamName.TRIPS).resolve(SegmentDescriptor.fileName(0)),
                    SegmentDescriptor.HEADER_LENGTH + 100,
                    1);
            assertThatThrownBy(() -> LogFixture.readAll(trips)).hasMessageContaining("hailstorm log repair");
            assertThat(faults(log).corruptReadCount()).isEqualTo(1);
            disk.failSyncs(1);
            trips.append(fixture.batch(trips.endOffset(), 1));
            assertThatThrownBy(() -> fixture.sync(log)).isInstanceOf(HailstormException.class);
            assertThat(faults(log).stoppedCount()).isEqualTo(1);
        }
    }

    @Test
    void aSlowDiskIsCountedAndPushesBackAndLosesNothing() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            disk.onSync(() -> fixture.time.advanceMs(300));
            for (int i = 0; i < 60; i++) {
                assertThat(fixture.append(log, trips, fixture.batch(i * 10L, 10)))
                        .isEqualTo(i * 10L);
            }
            fixture.sync(log);
            assertThat(faults(log).slowSyncCount()).isPositive();
            assertThat(log.stats(StreamName.TRIPS).syncNsMax()).isGreaterThanOrEqualTo(300_000_000);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 600));
        }
    }

    @Test
    void stopsWhenTheDiskTurnsReadOnlyAndStillServesWhatIsDurable() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 3));
        fixture.sync(log);
        disk.setReadOnly(true);
        trips.append(fixture.batch(3, 3));
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("read-only file system");
        assertThatThrownBy(() -> trips.append(fixture.batch(6, 1)))
                .hasMessageContaining("log stopped")
                .hasMessageContaining("read-only file system");
        assertThat(faults(log).stoppedCount()).isEqualTo(1);
        assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 3));
        log.close();
        FaultyDisk restarted = disk.crash(3);
        restarted.setReadOnly(true);
        assertThatThrownBy(() -> fixture.open(restarted))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PERMISSION_DENIED));
        restarted.setReadOnly(false);
        try (EmbeddedLog again = fixture.open(restarted)) {
            assertThat(again.partition(StreamName.TRIPS, 0).endOffset()).isBetween(3L, 6L);
        }
    }

    @Test
    void refusesAppendsWhileNoSegmentCanBeMappedAndGoesOnAfter() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            disk.failMaps(1);
            assertThatThrownBy(() -> trips.append(fixture.batch(0, 1))).hasMessageContaining("cannot map");
            trips.append(fixture.batch(0, 10));
            disk.failMaps(1);
            long end = fillUntilRefused(log, trips);
            assertThat(faults(log).diskFullCount()).isGreaterThanOrEqualTo(2);
            fixture.time.advanceMs(2_000);
            fixture.sync(log);
            assertThat(fixture.append(log, trips, fixture.batch(end, 10))).isEqualTo(end);
            fixture.sync(log);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, end + 10));
        }
    }

    @Test
    void refusesToOpenWhatCannotBeReadAndChangesNothing() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            log.partition(StreamName.TRIPS, 0).append(fixture.batch(0, 3));
        }
        disk.failOpens(1);
        assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("cannot open");
        try (EmbeddedLog log = fixture.open(disk)) {
            assertThat(LogFixture.readAll(log.partition(StreamName.TRIPS, 0))).isEqualTo(LogFixture.numbers(0, 3));
        }
    }

    @Test
    void stopsWhenADirectoryCannotBeSynced() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 3));
        disk.failDirectorySyncs(1);
        assertThatThrownBy(() -> fixture.sync(log)).hasMessageContaining("cannot sync directory");
        assertThat(trips.durableOffset()).isZero();
        assertThatThrownBy(() -> trips.append(fixture.batch(3, 1))).hasMessageContaining("log stopped");
        log.close();
        try (EmbeddedLog again = fixture.open(disk.crash(5))) {
            assertThat(again.partition(StreamName.TRIPS, 0).endOffset()).isIn(0L, 3L);
        }
    }

    @Test
    void countsTheTornTailThatOpeningCutOff() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 3));
        fixture.sync(log);
        trips.append(fixture.batch(3, 3));
        FaultyDisk killed = disk.kill();
        Path segment = LogFixture.partitionDirectory(StreamName.TRIPS).resolve(SegmentDescriptor.fileName(0));
        int second = SegmentDescriptor.HEADER_LENGTH + BatchDescriptor.HEADER_LENGTH + 3 * 72;
        killed.corrupt(segment, second + 80, 1);
        try (EmbeddedLog again = fixture.open(killed)) {
            assertThat(again.partition(StreamName.TRIPS, 0).endOffset()).isEqualTo(3);
            long truncated = again.recoveryReports().stream()
                    .mapToLong(RecoveryReport::truncatedBytes)
                    .sum();
            assertThat(truncated).isPositive();
            assertThat(faults(again).truncatedBytes()).isEqualTo(truncated);
        }
    }
}
