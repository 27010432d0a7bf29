package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What a checkpoint spares the next opening, and what it may not hide. */
final class CheckpointTest {
    private static final Path DIRECTORY = LogFixture.partitionDirectory(StreamName.TRIPS);
    private static final int BATCH_LENGTH = BatchDescriptor.HEADER_LENGTH + 10 * 72;

    private final LogFixture fixture = new LogFixture();

    /** Batches of ten, by one producer, synced one by one. */
    private void append(EmbeddedLog log, int fromBatch, int toBatch) {
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        for (int i = fromBatch; i < toBatch; i++) {
            assertThat(fixture.append(log, trips, fixture.batch(i * 10L, 10, 5, 1, i * 10L)))
                    .isEqualTo(i * 10L);
            fixture.sync(log);
        }
    }

    private static RecoveryReport report(EmbeddedLog log) {
        return log.recoveryReports().stream()
                .filter(report -> report.stream() == StreamName.TRIPS && report.partition() == 0)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void checksNothingAfterACleanCloseAndServesEverything() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            append(log, 0, 130);
        }
        try (EmbeddedLog log = fixture.open(disk.kill())) {
            assertThat(report(log).scannedBytes()).isZero();
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(trips.append(fixture.batch(0, 10, 5, 1, 1290))).isEqualTo(PartitionLog.DUPLICATE);
            append(log, 130, 300);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 3000));
            assertThat(trips.append(fixture.batch(0, 10, 5, 1, 3010))).isEqualTo(PartitionLog.OUT_OF_ORDER);
        }
    }

    @Test
    void findsRecordsByClockOnBothSidesOfWhereItWasOpened() {
        FaultyDisk disk = new FaultyDisk();
        long[] hlcs = new long[60];
        try (EmbeddedLog log = fixture.open(disk)) {
            appendNoting(log, hlcs, 0, 30);
        }
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(trips.offsetAtOrAfter(hlcs[29] + 10)).isEqualTo(300);
            appendNoting(log, hlcs, 30, 60);
            for (int i = 0; i < hlcs.length; i++) {
                assertThat(trips.offsetAtOrAfter(hlcs[i] + 3)).isEqualTo(i * 10L + 3);
                assertThat(trips.offsetAtOrAfter(hlcs[i] + 10)).isEqualTo(i * 10L + 10);
            }
        }
    }

    private void appendNoting(EmbeddedLog log, long[] hlcs, int from, int to) {
        for (int i = from; i < to; i++) {
            RecordBatch batch = fixture.batch(i * 10L, 10);
            hlcs[i] = batch.hlcFirst();
            fixture.append(log, log.partition(StreamName.TRIPS, 0), batch);
            fixture.sync(log);
        }
    }

    @Test
    void leavesCheckpointsToWhoeverDoesTheMaintenance() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        log.doMaintenance(0);
        append(log, 0, 75);
        assertThat(disk.list(DIRECTORY)).doesNotContain(Checkpoint.FILE_NAME);
        try (EmbeddedLog without = fixture.open(disk.crash(1))) {
            assertThat(LogFixture.readAll(without.partition(StreamName.TRIPS, 0)))
                    .isEqualTo(LogFixture.numbers(0, 750));
        }

        assertThat(log.doMaintenance(1)).isPositive();
        try (EmbeddedLog with = fixture.open(disk.crash(2))) {
            assertThat(report(with).scannedBytes()).isLessThan(LogFixture.SEGMENT_BYTES / 4 + BATCH_LENGTH);
            assertThat(LogFixture.readAll(with.partition(StreamName.TRIPS, 0))).isEqualTo(LogFixture.numbers(0, 750));
        }
    }

    @Test
    void checksOnlyWhatFollowsTheLastCheckpointAfterAKill() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        append(log, 0, 75);
        try (EmbeddedLog again = fixture.open(disk.kill())) {
            assertThat(report(again).scannedBytes())
                    .isPositive()
                    .isLessThan(LogFixture.SEGMENT_BYTES / 4 + BATCH_LENGTH);
            PartitionLog trips = again.partition(StreamName.TRIPS, 0);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 750));
            assertThat(trips.append(fixture.batch(0, 10, 5, 1, 740))).isEqualTo(PartitionLog.DUPLICATE);
        }
    }

    /**
     * An operating system may write the second of two unsynced batches back and not the first. Were the log still taken
     * for cleanly closed, the second would stay, and come to life behind a new batch as long as the first.
     */
    @Test
    void noLongerCountsAsCleanOnceItWasOpened() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            append(log, 0, 3);
        }
        assertThat(Checkpoint.read(disk, DIRECTORY).orElseThrow().clean()).isTrue();

        EmbeddedLog opened = fixture.open(disk);
        opened.partition(StreamName.TRIPS, 0).append(fixture.batch(30, 10));
        opened.partition(StreamName.TRIPS, 0).append(fixture.batch(40, 10));
        FaultyDisk killed = disk.kill();
        zero(killed, SegmentDescriptor.HEADER_LENGTH + 3 * BATCH_LENGTH, BATCH_LENGTH);

        EmbeddedLog again = fixture.open(killed);
        assertThat(report(again).truncatedBytes()).isPositive();
        PartitionLog trips = again.partition(StreamName.TRIPS, 0);
        assertThat(trips.append(fixture.batch(30, 10))).isEqualTo(30);
        try (EmbeddedLog last = fixture.open(killed.kill())) {
            assertThat(LogFixture.readAll(last.partition(StreamName.TRIPS, 0))).isEqualTo(LogFixture.numbers(0, 40));
        }
    }

    private static void zero(FaultyDisk disk, int from, int length) {
        Path segment = DIRECTORY.resolve(SegmentDescriptor.fileName(0));
        byte[] content = disk.readAll(segment).orElseThrow();
        for (int at = from; at < from + length; at++) {
            disk.corrupt(segment, at, content[at]);
        }
    }

    @Test
    void isNotTrustedWhenTheSegmentDoesNotBearItOut() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            append(log, 0, 3);
        }
        Checkpoint clean = Checkpoint.read(disk, DIRECTORY).orElseThrow();
        try (EmbeddedLog log = fixture.open(disk)) {
            append(log, 3, 5);
        }
        clean.write(disk, DIRECTORY);
        try (EmbeddedLog log = fixture.open(disk)) {
            assertThat(LogFixture.readAll(log.partition(StreamName.TRIPS, 0))).isEqualTo(LogFixture.numbers(0, 50));
        }
    }

    @Test
    void refusesOneOfANewerVersionByName() {
        FaultyDisk disk = new FaultyDisk();
        fixture.open(disk).close();
        ByteBuffer newer = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        newer.put("HAILCKPT".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                .putInt(9);
        disk.createDirectories(DIRECTORY);
        disk.writeAtomically(DIRECTORY.resolve(Checkpoint.FILE_NAME), newer.array());
        assertThatThrownBy(() -> fixture.open(disk))
                .hasMessageContaining("written by a newer Hailstorm: version=9, understood up to 2");
    }
}
