package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is found after a kill, a power cut, and corruption. */
final class RecoveryTest {
    private static final int RECORD_LENGTH = 72;
    private static final Path FIRST_SEGMENT =
            LogFixture.partitionDirectory(StreamName.TRIPS).resolve(SegmentDescriptor.fileName(0));

    private final LogFixture fixture = new LogFixture();

    /** Two durable batches of two records, one of three that is not. */
    private FaultyDisk diskWithUnsyncedBatch() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 2));
        fixture.sync(log);
        trips.append(fixture.batch(2, 2));
        fixture.sync(log);
        trips.append(fixture.batch(4, 3));
        return disk.kill();
    }

    private static int batchLength(int count) {
        return BatchDescriptor.HEADER_LENGTH + count * RECORD_LENGTH;
    }

    private static final int UNSYNCED_AT = SegmentDescriptor.HEADER_LENGTH + 2 * batchLength(2);

    @Test
    void keepsWhatThePageCacheKeptWhenTheProcessIsKilled() {
        try (EmbeddedLog log = fixture.open(diskWithUnsyncedBatch())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 7));
            assertThat(trips.append(fixture.batch(7, 1))).isEqualTo(7);
        }
    }

    @Test
    void cutsOffALastBatchTornAtAnyByte() {
        for (int kept = 0; kept < batchLength(3); kept++) {
            FaultyDisk disk = diskWithUnsyncedBatch();
            zero(disk, UNSYNCED_AT + kept, UNSYNCED_AT + batchLength(3));
            try (EmbeddedLog log = fixture.open(disk)) {
                PartitionLog trips = log.partition(StreamName.TRIPS, 0);
                // The record's padding and trailing zeros may be whole although bytes were cut.
                long end = trips.endOffset();
                assertThat(end == 4 || end == 7).as("kept=%d end=%d", kept, end).isTrue();
                assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, end));
                assertThat(trips.append(fixture.batch(end, 2))).isEqualTo(end);
                fixture.sync(log);
                assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, end + 2));
            }
        }
    }

    private static void zero(FaultyDisk disk, int from, int toExclusive) {
        byte[] content = disk.readAll(FIRST_SEGMENT).orElseThrow();
        for (int at = from; at < toExclusive; at++) {
            disk.corrupt(FIRST_SEGMENT, at, content[at]);
        }
    }

    @Test
    void cutsOffALastBatchWithAnyBitFlipped() {
        FaultyDisk disk = diskWithUnsyncedBatch();
        byte[] before = disk.readAll(FIRST_SEGMENT).orElseThrow();
        for (int bit = 0; bit < batchLength(3) * 8; bit++) {
            FaultyDisk flipped = disk.kill();
            restore(flipped, before);
            flipped.corrupt(FIRST_SEGMENT, UNSYNCED_AT + bit / 8, 1 << (bit % 8));
            try (EmbeddedLog log = fixture.open(flipped)) {
                assertThat(LogFixture.readAll(log.partition(StreamName.TRIPS, 0)))
                        .as("bit %d", bit)
                        .isEqualTo(LogFixture.numbers(0, 4));
            }
            disk = flipped;
        }
    }

    /** Puts the segment back, and the checkpoint that a recovery has moved on. */
    private static void restore(FaultyDisk disk, byte[] segment) {
        byte[] now = disk.readAll(FIRST_SEGMENT).orElseThrow();
        for (int at = 0; at < segment.length; at++) {
            if (now[at] != segment[at]) {
                disk.corrupt(FIRST_SEGMENT, at, now[at] ^ segment[at]);
            }
        }
    }

    @Test
    void refusesADurableBatchWithAnyBitFlipped() {
        FaultyDisk disk = diskWithUnsyncedBatch();
        for (int bit = 0; bit < 2 * batchLength(2) * 8; bit++) {
            int at = SegmentDescriptor.HEADER_LENGTH + bit / 8;
            int mask = 1 << (bit % 8);
            disk.corrupt(FIRST_SEGMENT, at, mask);
            FaultyDisk flipped = disk.kill();
            assertThatThrownBy(() -> fixture.open(flipped))
                    .as("bit %d", bit)
                    .isInstanceOf(HailstormException.class)
                    .hasMessageContaining(FIRST_SEGMENT.toString())
                    .hasMessageContaining("position=");
            disk.corrupt(FIRST_SEGMENT, at, mask);
        }
    }

    @Test
    void refusesCorruptionThatOnlyALaterBatchProves() {
        FaultyDisk disk = diskWithUnsyncedBatch();
        byte[] content = disk.readAll(FIRST_SEGMENT).orElseThrow();
        for (int at = SegmentDescriptor.MARK_OFFSET; at < SegmentDescriptor.MARK_OFFSET + 8; at++) {
            disk.corrupt(FIRST_SEGMENT, at, content[at]);
        }
        org.agrona.concurrent.UnsafeBuffer lowMark = new org.agrona.concurrent.UnsafeBuffer(new byte[4096]);
        SegmentDescriptor.writeMark(lowMark, 0);
        for (int at = SegmentDescriptor.MARK_OFFSET; at < SegmentDescriptor.MARK_OFFSET + 8; at++) {
            disk.corrupt(FIRST_SEGMENT, at, lowMark.getByte(at));
        }
        disk.delete(LogFixture.partitionDirectory(StreamName.TRIPS).resolve(Checkpoint.FILE_NAME));
        disk.corrupt(FIRST_SEGMENT, SegmentDescriptor.HEADER_LENGTH + 100, 1);
        assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("was durable when the batch of offset 2");
    }

    @Test
    void refusesToServeARecordThatRottedAfterOpening() {
        FaultyDisk disk = diskWithUnsyncedBatch();
        try (EmbeddedLog log = fixture.open(disk)) {
            disk.corrupt(FIRST_SEGMENT, SegmentDescriptor.HEADER_LENGTH + 100, 1);
            assertThatThrownBy(() -> LogFixture.readAll(log.partition(StreamName.TRIPS, 0)))
                    .hasMessageContaining("checksum does not match");
        }
    }

    @Test
    void refusesALogWhoseSegmentIsMissing() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            for (int i = 0; i < 300; i++) {
                fixture.append(log, trips, fixture.batch(i * 10L, 10));
            }
        }
        Path directory = LogFixture.partitionDirectory(StreamName.TRIPS);
        for (String name : disk.list(directory)) {
            if (SegmentDescriptor.isFileName(name) && SegmentDescriptor.baseOffsetOf(name) > 0) {
                FaultyDisk without = disk.kill();
                without.delete(directory.resolve(name));
                assertThatThrownBy(() -> fixture.open(without)).as(name).hasMessageContaining("corrupt log");
            }
        }
    }

    @Test
    void remembersProducersAndGroupsAcrossSegmentsAndKills() {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        trips.append(fixture.batch(0, 10, 9, 4, 100));
        for (int i = 1; i < 300; i++) {
            fixture.append(log, trips, fixture.batch(i * 10L, 10, 5, 1, i * 10L));
        }
        fixture.sync(log);
        trips.commit("matching", 77, 3);
        try (EmbeddedLog again = fixture.open(disk.kill())) {
            PartitionLog recovered = again.partition(StreamName.TRIPS, 0);
            assertThat(recovered.append(fixture.batch(0, 10, 9, 4, 100))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(recovered.append(fixture.batch(0, 10, 5, 1, 2990))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(recovered.append(fixture.batch(0, 10, 5, 1, 3010))).isEqualTo(PartitionLog.OUT_OF_ORDER);
            assertThat(recovered.append(fixture.batch(0, 10, 9, 3, 110))).isEqualTo(PartitionLog.FENCED);
            assertThat(recovered.committed("matching")).isEqualTo(77);
            assertThat(recovered.commit("matching", 78, 2)).isFalse();
            assertThat(LogFixture.readAll(recovered)).isEqualTo(LogFixture.numbers(0, 3000));
        }
    }

    @Test
    void refusesAnotherNumberOfPartitions() {
        FaultyDisk disk = new FaultyDisk();
        fixture.open(disk).close();
        assertThatThrownBy(() -> EmbeddedLog.open(LogConfig.defaults(3), disk, fixture.time, LogFixture.DATA_DIR))
                .hasMessageContaining("partitions 2");
    }

    @Test
    void tellsHowFarItHasCome() {
        FaultyDisk disk = new FaultyDisk();
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.TRIPS,
                config.stream(StreamName.TRIPS).withSegmentBytes(24 << 20).withCommit(0, 64 << 20));
        EmbeddedLog log = EmbeddedLog.open(config, disk, fixture.time, LogFixture.DATA_DIR);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        while (trips.endOffset() < 250_000) {
            fixture.append(log, trips, fixture.batch(trips.endOffset(), 400));
        }
        fixture.sync(log);
        FaultyDisk killed = disk.kill();
        killed.delete(LogFixture.partitionDirectory(StreamName.TRIPS).resolve(Checkpoint.FILE_NAME));
        List<Long> done = new ArrayList<>();
        EmbeddedLog.open(
                        config,
                        killed,
                        fixture.time,
                        LogFixture.DATA_DIR,
                        (stream, partition, doneBytes, totalBytes) -> {
                            assertThat(stream).isEqualTo(StreamName.TRIPS);
                            assertThat(doneBytes).isLessThanOrEqualTo(totalBytes);
                            done.add(doneBytes);
                        })
                .close();
        assertThat(done).isNotEmpty().isSorted();
    }
}
