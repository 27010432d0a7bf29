package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;

/** Damage of every kind of place, repaired: the log opens, and everything undamaged is read at its old offset. */
final class RepairTest {
    private static final Path DIRECTORY = LogFixture.partitionDirectory(StreamName.TRIPS);
    private static final Path QUARANTINE = LogFixture.DATA_DIR.resolve("log").resolve(Quarantine.DIRECTORY_NAME);
    private static final long NOW_MS = 1_700_000_000_000L;
    private static final int BATCH_LENGTH = BatchDescriptor.HEADER_LENGTH + 10 * 72;
    private static final int BATCHES = 300;
    private static final long END = BATCHES * 10L;

    private final LogFixture fixture = new LogFixture();

    /** Thirty hundred records in batches of ten over a few segments; record n holds n. */
    private FaultyDisk disk(boolean closed) {
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = fixture.open(disk);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        for (int i = 0; i < BATCHES; i++) {
            fixture.append(log, trips, fixture.batch(i * 10L, 10, 7, 1, i * 10L));
        }
        fixture.sync(log);
        trips.commit("matching", 1000, 1);
        trips.commit("matching", 1100, 1);
        trips.commit("pricing", 500, 1);
        if (closed) {
            log.close();
            return disk;
        }
        return disk.kill();
    }

    private static List<Path> segments(FaultyDisk disk) {
        return disk.list(DIRECTORY).stream()
                .filter(SegmentDescriptor::isFileName)
                .map(DIRECTORY::resolve)
                .toList();
    }

    private static long base(Path segment) {
        return SegmentDescriptor.baseOffsetOf(String.valueOf(segment.getFileName()));
    }

    private static int batchAt(int index) {
        return SegmentDescriptor.HEADER_LENGTH + index * BATCH_LENGTH;
    }

    private static LogRepair.Report repair(FaultyDisk disk) {
        return LogRepair.run(disk, LogFixture.DATA_DIR, false, NOW_MS);
    }

    /** Every record read holds its own offset; what was read and what was a gap make up the whole log. */
    private static final class Reading implements RecordHandler {
        private final List<Long> lost = new ArrayList<>();
        private long next;

        @Override
        public boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
            assertThat(offset).isEqualTo(next++);
            assertThat(buffer.getLong(index)).isEqualTo(offset);
            return true;
        }

        @Override
        public void onGap(long fromOffset, long toOffsetExclusive) {
            assertThat(fromOffset).isEqualTo(next);
            lost.addAll(LogFixture.numbers(fromOffset, toOffsetExclusive));
            next = toOffsetExclusive;
        }
    }

    private void assertLostExactly(FaultyDisk disk, long fromInclusive, long toExclusive) {
        assertThat(LogRepair.run(disk, LogFixture.DATA_DIR, false, NOW_MS).findings())
                .as("nothing is left to repair")
                .isEmpty();
        LogVerifier.Report verified = LogVerifier.verify(disk, LogFixture.DATA_DIR);
        assertThat(verified.problems()).isEmpty();
        assertThat(verified.quarantinedRecordCount()).isEqualTo(toExclusive - fromInclusive);
        for (int opening = 0; opening < 2; opening++) {
            try (EmbeddedLog log = fixture.open(disk)) {
                PartitionLog trips = log.partition(StreamName.TRIPS, 0);
                Reading reading = new Reading();
                assertThat(trips.read(0, Integer.MAX_VALUE, reading)).isEqualTo(END + opening);
                assertThat(reading.lost).isEqualTo(LogFixture.numbers(fromInclusive, toExclusive));
                assertThat(log.stats(StreamName.TRIPS).faults().gapRecordCount())
                        .isEqualTo(toExclusive - fromInclusive);
                if (toExclusive > fromInclusive) {
                    long from = (fromInclusive + toExclusive) / 2;
                    long[] first = {-1};
                    trips.read(from, 1_000_000, (offset, hlc, type, buffer, index, length) -> {
                        first[0] = offset;
                        return false;
                    });
                    assertThat(first[0]).isEqualTo(toExclusive == END && opening == 0 ? -1 : toExclusive);
                }
                fixture.append(log, trips, fixture.batch(END + opening, 1));
                fixture.sync(log);
                assertThat(trips.durableOffset()).isEqualTo(END + opening + 1);
            }
        }
        assertThat(LogVerifier.verify(disk, LogFixture.DATA_DIR).problems()).isEmpty();
    }

    private static void zero(FaultyDisk disk, Path path, int from, int toExclusive) {
        byte[] content = disk.readAll(path).orElseThrow();
        for (int at = from; at < toExclusive; at++) {
            disk.corrupt(path, at, content[at]);
        }
    }

    @Test
    void leavesASoundLogAlone() {
        for (boolean closed : new boolean[] {true, false}) {
            FaultyDisk disk = disk(closed);
            assertThat(repair(disk).findings()).isEmpty();
            assertThat(disk.list(QUARANTINE)).isEmpty();
            assertLostExactly(disk, 0, 0);
        }
    }

    @Test
    void leavesEveryTornTailToOpening() {
        Random random = new Random(42);
        for (int round = 0; round < 60; round++) {
            FaultyDisk disk = new FaultyDisk();
            EmbeddedLog log = fixture.open(disk);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            for (int i = 0; i < random.nextInt(150); i++) {
                fixture.append(log, trips, fixture.batch(trips.endOffset(), 10));
                if (random.nextInt(20) == 0) {
                    fixture.sync(log);
                }
            }
            FaultyDisk crashed = disk.crash(random.nextLong());
            assertThat(repair(crashed).findings()).as("round %d", round).isEmpty();
            fixture.open(crashed).close();
        }
    }

    @Test
    void turnsADamagedBatchIntoAGapAndKeepsEveryOtherOffset() {
        for (boolean closed : new boolean[] {true, false}) {
            for (int index : new int[] {0, 5, 40}) {
                for (int at : new int[] {0, 4, 8, 16, 20, 23, 44, 70, 100, BATCH_LENGTH - 1}) {
                    FaultyDisk disk = disk(closed);
                    Path segment = segments(disk).get(1);
                    byte[] before = disk.readAll(segment).orElseThrow();
                    disk.corrupt(segment, batchAt(index) + at, 0x11);
                    byte[] damaged = disk.readAll(segment).orElseThrow();
                    long lost = base(segment) + index * 10L;

                    LogRepair.Report report = repair(disk);

                    assertThat(report.findings()).hasSize(1);
                    LogRepair.Finding finding = report.findings().get(0);
                    assertThat(finding.firstOffset()).isEqualTo(lost);
                    assertThat(finding.endOffset()).isEqualTo(lost + 10);
                    assertThat(report.lostRecordCount()).isEqualTo(10);
                    assertThat(damaged).isNotEqualTo(before);
                    Path kept = finding.quarantine().orElseThrow();
                    byte[] copy = disk.readAll(kept.resolve(segment.getFileName() + "@" + batchAt(index)))
                            .orElseThrow();
                    assertThat(copy)
                            .isEqualTo(java.util.Arrays.copyOfRange(damaged, batchAt(index), batchAt(index + 1)));
                    String manifest = new String(
                            disk.readAll(kept.resolve("manifest.json")).orElseThrow(), StandardCharsets.UTF_8);
                    assertThat(manifest)
                            .contains("\"first_offset\": " + lost, "\"lost_records\": 10", "\"stream\": \"trips\"");
                    assertThat(kept.toString()).contains("trips-0-" + lost + "-20231114T221320Z");
                    assertLostExactly(disk, lost, lost + 10);
                }
            }
        }
    }

    @Test
    void turnsTheLastDurableBatchIntoAGap() {
        for (boolean closed : new boolean[] {true, false}) {
            FaultyDisk disk = disk(closed);
            Path last = segments(disk).getLast();
            int index = (int) (END - base(last)) / 10 - 1;
            zero(disk, last, batchAt(index) + 30, batchAt(index + 1));
            assertThat(repair(disk).lostRecordCount()).isEqualTo(10);
            assertLostExactly(disk, END - 10, END);
        }
    }

    @Test
    void keepsTheRestOfASegmentThatWasZeroedFromTheMiddle() {
        for (int which : new int[] {0, 1, -1}) {
            FaultyDisk disk = disk(false);
            List<Path> segments = segments(disk);
            int at = which < 0 ? segments.size() - 1 : which;
            Path segment = segments.get(at);
            zero(disk, segment, batchAt(3), disk.lengthBytes(segment));
            long end = at + 1 < segments.size() ? base(segments.get(at + 1)) : END;
            assertThat(repair(disk).lostRecordCount()).isEqualTo(end - base(segment) - 30);
            assertLostExactly(disk, base(segment) + 30, end);
        }
    }

    @Test
    void rebuildsHeadersMarksAndSealsWithoutLosingARecord() {
        int[] places = {0, 9, 17, 33, SegmentDescriptor.MARK_OFFSET + 1, SegmentDescriptor.SEAL_CRC_OFFSET};
        for (int which : new int[] {0, 1, 2}) {
            for (int place : places) {
                FaultyDisk disk = disk(true);
                Path segment = segments(disk).get(which);
                disk.corrupt(segment, place, 0x21);
                repair(disk);
                assertLostExactly(disk, 0, 0);
            }
        }
    }

    @Test
    void repairsAHeaderPageThatIsGone() {
        for (int which = 0; which < 4; which++) {
            FaultyDisk disk = disk(true);
            Path segment = segments(disk).get(which);
            zero(disk, segment, 0, SegmentDescriptor.HEADER_LENGTH);
            assertThat(repair(disk).findings()).isNotEmpty();
            assertLostExactly(disk, 0, 0);
        }
    }

    @Test
    void namesTheOffsetsOfAMissingSegmentAndGoesOnAfterThem() {
        for (boolean closed : new boolean[] {true, false}) {
            int count = segments(disk(closed)).size();
            for (int which = 1; which < count; which++) {
                FaultyDisk disk = disk(closed);
                List<Path> segments = segments(disk);
                disk.delete(segments.get(which));
                long end = which + 1 < count ? base(segments.get(which + 1)) : END;
                assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("corrupt log");
                if (which + 1 == count && !closed) {
                    // Of what was written after the last checkpoint, nothing is left that could tell of it.
                    long known = Checkpoint.read(disk, DIRECTORY).orElseThrow().durableOffset();
                    assertThat(repair(disk).lostRecordCount()).isEqualTo(known - base(segments.get(which)));
                    continue;
                }
                assertThat(repair(disk).lostRecordCount()).isEqualTo(end - base(segments.get(which)));
                assertLostExactly(disk, base(segments.get(which)), end);
            }
        }
    }

    @Test
    void takesAForeignFileAwayWhole() {
        FaultyDisk disk = disk(true);
        List<Path> segments = segments(disk);
        byte[] other = disk.readAll(segments.get(0)).orElseThrow();
        disk.delete(segments.get(2));
        disk.writeAtomically(segments.get(2), other);
        LogRepair.Report report = repair(disk);
        assertThat(report.lostRecordCount()).isEqualTo(base(segments.get(3)) - base(segments.get(2)));
        Path kept = report.findings().get(0).quarantine().orElseThrow();
        assertThat(disk.readAll(kept.resolve(segments.get(2).getFileName() + "@0"))
                        .orElseThrow())
                .isEqualTo(other);
        assertLostExactly(disk, base(segments.get(2)), base(segments.get(3)));
    }

    @Test
    void writesALostOrCorruptCheckpointAnew() {
        for (boolean missing : new boolean[] {true, false}) {
            FaultyDisk disk = disk(true);
            Path checkpoint = DIRECTORY.resolve(Checkpoint.FILE_NAME);
            if (missing) {
                disk.delete(checkpoint);
            } else {
                disk.corrupt(checkpoint, 20, 1);
                assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("checksum does not match");
                assertThat(repair(disk).findings()).hasSize(1);
            }
            try (EmbeddedLog log = fixture.open(disk)) {
                PartitionLog trips = log.partition(StreamName.TRIPS, 0);
                assertThat(trips.append(fixture.batch(0, 10, 7, 1, END - 10))).isEqualTo(PartitionLog.DUPLICATE);
                assertThat(trips.append(fixture.batch(0, 10, 7, 1, END + 1))).isEqualTo(PartitionLog.OUT_OF_ORDER);
            }
            assertLostExactly(disk, 0, 0);
        }
    }

    @Test
    void forgetsOnlyTheGroupWhosePositionIsLost() {
        FaultyDisk disk = disk(true);
        Path groups = DIRECTORY.resolve(GroupFile.FILE_NAME);
        disk.corrupt(groups, 25, 1);
        disk.corrupt(groups, 128 + 25, 1);
        assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("neither slot of a group checks out");
        assertThat(LogVerifier.verify(disk, LogFixture.DATA_DIR).problems()).hasSize(1);
        LogRepair.Report report = repair(disk);
        assertThat(report.findings()).hasSize(1);
        assertThat(report.findings().get(0).reason()).contains("matching");
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(trips.committed("matching")).isEqualTo(PartitionReader.NULL_OFFSET);
            assertThat(trips.committed("pricing")).isEqualTo(500);
            trips.commit("other", 1, 1);
            trips.commit("other", 2, 1);
            assertThat(trips.committed("pricing")).isEqualTo(500);
        }
        try (EmbeddedLog log = fixture.open(disk)) {
            assertThat(log.partition(StreamName.TRIPS, 0).committed("pricing")).isEqualTo(500);
            assertThat(log.partition(StreamName.TRIPS, 0).committed("other")).isEqualTo(2);
        }
    }

    @Test
    void letsAProducerGoOnAfterAGapButDoublesNothing() {
        FaultyDisk disk = disk(false);
        Path last = segments(disk).getLast();
        int index = (int) (END - base(last)) / 10 - 1;
        disk.corrupt(last, batchAt(index) + 80, 1);
        disk.corrupt(last, batchAt(index - 1) + 80, 1);
        assertThat(repair(disk).lostRecordCount()).isEqualTo(20);
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(trips.append(fixture.batch(0, 10, 7, 1, END - 30))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(END, 10, 7, 1, END))).isEqualTo(END);
            assertThat(trips.append(fixture.batch(0, 10, 7, 1, END))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(0, 10, 7, 1, END + 30))).isEqualTo(PartitionLog.OUT_OF_ORDER);
        }
    }

    @Test
    void changesNothingInADryRun() {
        FaultyDisk disk = disk(true);
        Path segment = segments(disk).get(1);
        disk.corrupt(segment, batchAt(2) + 80, 1);
        byte[] before = disk.readAll(segment).orElseThrow();
        LogRepair.Report report = LogRepair.run(disk, LogFixture.DATA_DIR, true, NOW_MS);
        assertThat(report.lostRecordCount()).isEqualTo(10);
        assertThat(report.findings().get(0).quarantine()).isEmpty();
        assertThat(disk.readAll(segment)).hasValue(before);
        assertThat(disk.list(QUARANTINE)).isEmpty();
    }

    @Test
    void neverRunsBesideANode() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            log.partition(StreamName.TRIPS, 0).append(fixture.batch(0, 1));
            assertThatThrownBy(() -> repair(disk))
                    .isInstanceOfSatisfying(
                            HailstormException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION));
        }
    }

    @Test
    void mayBeCutShortByACrashAtAnyChangeAndRunAgain() {
        Random random = new Random(7);
        for (int stopAt = 1; stopAt < 40; stopAt++) {
            FaultyDisk disk = disk(true);
            List<Path> segments = segments(disk);
            byte[] lostBytes =
                    java.util.Arrays.copyOfRange(disk.readAll(segments.get(0)).orElseThrow(), batchAt(4), batchAt(5));
            disk.corrupt(segments.get(0), batchAt(4) + 80, 1);
            lostBytes[80] ^= 1;
            disk.corrupt(segments.get(1), 3, 1);
            disk.delete(segments.get(2));
            disk.syncDirectory(DIRECTORY);
            disk.corrupt(DIRECTORY.resolve(Checkpoint.FILE_NAME), 20, 1);
            disk.failAfterChanges(stopAt);
            boolean cutShort = false;
            try {
                repair(disk);
            } catch (HailstormException e) {
                cutShort = true;
            }
            FaultyDisk again = cutShort ? disk.crash(random.nextLong()) : disk;
            again.failAfterChanges(Integer.MAX_VALUE);
            repair(again);
            assertThat(copiesInQuarantine(again))
                    .as("stop at %d", stopAt)
                    .anyMatch(copy -> java.util.Arrays.equals(copy, lostBytes));
            try (EmbeddedLog log = fixture.open(again)) {
                Reading reading = new Reading();
                assertThat(log.partition(StreamName.TRIPS, 0).read(0, Integer.MAX_VALUE, reading))
                        .isEqualTo(END);
                assertThat(reading.lost).as("stop at %d", stopAt).hasSize((int)
                        (10 + base(segments.get(3)) - base(segments.get(2))));
            }
            if (!cutShort) {
                return;
            }
        }
        throw new AssertionError("the repair never came to its end");
    }

    private static List<byte[]> copiesInQuarantine(FaultyDisk disk) {
        List<byte[]> copies = new ArrayList<>();
        for (String directory : disk.list(QUARANTINE)) {
            for (String name : disk.list(QUARANTINE.resolve(directory))) {
                if (name.contains("@")) {
                    copies.add(disk.readAll(QUARANTINE.resolve(directory).resolve(name))
                            .orElseThrow());
                }
            }
        }
        return copies;
    }

    @Test
    void repairsEncryptedBatchesWithoutTheirKeyButNotASegmentWhoseKeyIsGone() {
        LogConfig config =
                LogFixture.compressed(LogFixture.config(), Compression.LZ4).withKeyset(LogKeyset.generate("test"));
        for (boolean keyGone : new boolean[] {false, true}) {
            FaultyDisk disk = new FaultyDisk();
            EmbeddedLog log = EmbeddedLog.open(config, disk, fixture.time, LogFixture.DATA_DIR);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            while (segments(disk).size() < 3) {
                fixture.append(log, trips, fixture.batch(trips.endOffset(), 10));
            }
            log.close();
            Path second = segments(disk).get(1);
            disk.corrupt(
                    second, keyGone ? SegmentDescriptor.WRAPPED_OFFSET + 4 : SegmentDescriptor.HEADER_LENGTH + 90, 1);
            long end = keyGone ? base(segments(disk).get(2)) : base(second) + 10;

            LogRepair.Report report = repair(disk);

            assertThat(report.lostRecordCount()).isEqualTo(end - base(second));
            assertThat(copiesInQuarantine(disk)).isNotEmpty();
            try (EmbeddedLog again = EmbeddedLog.open(config, disk, fixture.time, LogFixture.DATA_DIR)) {
                PartitionLog repaired = again.partition(StreamName.TRIPS, 0);
                Reading reading = new Reading();
                assertThat(repaired.read(0, Integer.MAX_VALUE, reading)).isEqualTo(repaired.durableOffset());
                assertThat(reading.lost).isEqualTo(LogFixture.numbers(base(second), end));
            }
        }
    }
}
