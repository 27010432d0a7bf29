package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What compaction keeps, what it must not touch, and what a crash in the middle of it leaves. */
final class CompactionTest {
    private static final long COMPACT_AFTER_MS = 1_000;
    private static final long KEPT_KEY = 0;
    private static final long DROPPED_KEY = 1;
    private static final LogKeyset KEYSET = LogKeyset.generate("test");

    private final LogFixture fixture = new LogFixture();
    private final RecordBatch batch = new RecordBatch(8 * 1024);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[128]);
    /** Offset to key of everything appended. */
    private final NavigableMap<Long, Long> appended = new TreeMap<>();

    private record Stored(long key, long value, long hlc, int length) {}

    private final Map<Long, Stored> before = new HashMap<>();

    enum Storage {
        PLAIN,
        LZ4,
        ZSTD_ENCRYPTED
    }

    /** The first eight bytes are the key; key 0 is kept, key 1 dropped. */
    private static long keyOf(int type, org.agrona.DirectBuffer buffer, int index, int length) {
        long key = buffer.getLong(index);
        return key == KEPT_KEY ? CompactionPolicy.KEEP : key == DROPPED_KEY ? CompactionPolicy.DROP : key;
    }

    private static LogConfig config(Storage storage) {
        LogConfig config = LogFixture.config();
        StreamConfig compacted =
                config.stream(StreamName.TRIPS).withCompaction(CompactionTest::keyOf, COMPACT_AFTER_MS);
        config = config.withStream(StreamName.TRIPS, compacted);
        return switch (storage) {
            case PLAIN -> config;
            case LZ4 -> LogFixture.compressed(config, Compression.LZ4);
            case ZSTD_ENCRYPTED ->
                LogFixture.compressed(config, Compression.ZSTD).withKeyset(KEYSET);
        };
    }

    private EmbeddedLog open(Disk disk, Storage storage) {
        return EmbeddedLog.open(config(storage), disk, fixture.time, LogFixture.DATA_DIR);
    }

    private static long seed() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("seed=" + seed);
        return seed;
    }

    private void appendRandom(EmbeddedLog log, Random random, int records, int keys) {
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        int written = 0;
        while (written < records) {
            int count = 1 + random.nextInt(40);
            batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, fixture.clock.next(count));
            long first = trips.endOffset();
            for (int i = 0; i < count; i++) {
                long key = random.nextInt(keys);
                payload.putLong(0, key);
                payload.putLong(8, first + i);
                payload.putLong(16, random.nextLong());
                batch.add(RecordType.EVENT, payload, 0, 24 + random.nextInt(60));
                appended.put(first + i, key);
            }
            assertThat(fixture.append(log, trips, batch)).isEqualTo(first);
            written += count;
        }
        fixture.sync(log);
    }

    private static NavigableMap<Long, Stored> read(PartitionReader trips) {
        NavigableMap<Long, Stored> found = new TreeMap<>();
        long next = trips.startOffset();
        while (next < trips.durableOffset()) {
            long reached = trips.read(next, 777, (offset, hlc, type, buffer, index, length) -> {
                assertThat(buffer.getLong(index + 8)).as("offset in the record").isEqualTo(offset);
                found.put(offset, new Stored(buffer.getLong(index), buffer.getLong(index + 16), hlc, length));
                return true;
            });
            assertThat(reached).isGreaterThan(next);
            next = reached;
        }
        return found;
    }

    /** Of sealed segments the latest of each key, of the last one everything. */
    private Map<Long, Stored> expected(long compactedEnd) {
        Map<Long, Long> latest = new HashMap<>();
        appended.headMap(compactedEnd).forEach((offset, key) -> latest.put(key, offset));
        Map<Long, Stored> expected = new TreeMap<>();
        before.forEach((offset, stored) -> {
            boolean survives =
                    stored.key == KEPT_KEY || (stored.key != DROPPED_KEY && offset.equals(latest.get(stored.key)));
            if (offset >= compactedEnd || survives) {
                expected.put(offset, stored);
            }
        });
        return expected;
    }

    private static long lastSegment(Disk disk) {
        return disk.list(LogFixture.partitionDirectory(StreamName.TRIPS)).stream()
                .filter(SegmentDescriptor::isFileName)
                .mapToLong(SegmentDescriptor::baseOffsetOf)
                .max()
                .orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void keepsExactlyTheLatestOfEachKeyWithOffsetAndClock(Storage storage) {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, storage)) {
            for (int round = 0; round < 4; round++) {
                appendRandom(log, random, 4_000, 2 + random.nextInt(300));
                before.putAll(read(log.partition(StreamName.TRIPS, 0)));
                CompactionReport report = log.compact(StreamName.TRIPS, false).get(0);
                long end = lastSegment(disk);
                NavigableMap<Long, Stored> found = read(log.partition(StreamName.TRIPS, 0));
                assertThat(found).as("round %d", round).isEqualTo(expected(end));
                assertThat(report.recordsAfter()).isEqualTo(found.headMap(end).size());
                assertThat(report.bytesAfter()).isLessThanOrEqualTo(report.bytesBefore());
                before.keySet().retainAll(found.keySet());
            }
        }
        try (EmbeddedLog again = open(disk.crash(7), storage)) {
            assertThat(read(again.partition(StreamName.TRIPS, 0))).isEqualTo(expected(lastSegment(disk)));
        }
        assertThat(LogVerifier.verify(disk, LogFixture.DATA_DIR).problems()).isEmpty();
        LogVerifier.Report withKeys = LogVerifier.verify(disk, LogFixture.DATA_DIR, KEYSET);
        assertThat(withKeys.problems()).isEmpty();
        assertThat(withKeys.recordCount()).isEqualTo(before.size());
        try (LogReader outside = LogReader.open(disk, LogFixture.DATA_DIR, KEYSET)) {
            assertThat(read(outside.partition(StreamName.TRIPS, 0))).isEqualTo(expected(lastSegment(disk)));
        }
    }

    @Test
    void findsOffsetsByClockAcrossHoles() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            appendRandom(log, random, 4_000, 20);
            NavigableMap<Long, Stored> all = read(trips);
            log.compact(StreamName.TRIPS, false);
            NavigableMap<Long, Stored> left = read(trips);
            for (Stored each : all.values()) {
                long from = trips.offsetAtOrAfter(each.hlc);
                long firstLeft = left.entrySet().stream()
                        .filter(entry -> entry.getValue().hlc >= each.hlc)
                        .findFirst()
                        .orElseThrow()
                        .getKey();
                assertThat(left.ceilingKey(from)).isEqualTo(firstLeft);
            }
        }
    }

    @Test
    void runsInStepsBesideTheTrafficOnceSegmentsAreOldEnough() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            appendRandom(log, random, 4_000, 50);
            before.putAll(read(log.partition(StreamName.TRIPS, 0)));
            assertThat(log.doMaintenance(fixture.time.monotonicNs()))
                    .as("too young")
                    .isZero();
            fixture.time.advanceMs(2 * COMPACT_AFTER_MS);
            for (int step = 0; step < 200; step++) {
                fixture.time.advanceMs(100);
                log.doMaintenance(fixture.time.monotonicNs());
            }
            assertThat(read(log.partition(StreamName.TRIPS, 0))).isEqualTo(expected(lastSegment(disk)));
        }
    }

    @Test
    void leavesAloneWhatAGroupHasYetToReadOrSomebodyHolds() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            appendRandom(log, random, 4_000, 20);
            NavigableMap<Long, Stored> all = read(trips);
            trips.commit("slow", 0, 1);
            log.compact(StreamName.TRIPS, false);
            assertThat(read(trips)).isEqualTo(all);

            trips.commit("slow", trips.durableOffset(), 1);
            RetentionHold hold = log.hold("a move", StreamName.TRIPS, 0, 1_500);
            log.compact(StreamName.TRIPS, false);
            assertThat(read(trips).tailMap(1_500L)).isEqualTo(all.tailMap(1_500L));

            hold.moveTo(2_500);
            log.compact(StreamName.TRIPS, false);
            assertThat(read(trips).tailMap(2_500L)).isEqualTo(all.tailMap(2_500L));
            int held = read(trips).size();
            hold.close();
            log.compact(StreamName.TRIPS, false);
            assertThat(read(trips).size()).isLessThan(held);
        }
    }

    @Test
    void aReaderInTheMiddleOfASegmentFinishesThere() {
        Random random = new Random(seed());
        try (EmbeddedLog log = open(new FaultyDisk(), Storage.PLAIN)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            appendRandom(log, random, 4_000, 20);
            long[] seen = {0};
            trips.read(0, 100, (offset, hlc, type, buffer, index, length) -> {
                if (offset == 10) {
                    log.compact(StreamName.TRIPS, false);
                }
                assertThat(buffer.getLong(index + 8)).isEqualTo(offset);
                seen[0]++;
                return true;
            });
            assertThat(seen[0]).isEqualTo(100);
            assertThat(read(trips).headMap(100L).size()).isLessThan(100);
        }
    }

    @Test
    void aCrashAtAnyStepLeavesTheOldOrTheNew() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = open(disk, Storage.PLAIN);
        appendRandom(log, random, 3_000, 40);
        before.putAll(read(log.partition(StreamName.TRIPS, 0)));
        Map<Long, Stored> compacted = expected(lastSegment(disk));
        fixture.time.advanceMs(2 * COMPACT_AFTER_MS);
        int mixed = 0;
        for (int step = 0; step < 60; step++) {
            fixture.time.advanceMs(100);
            log.doMaintenance(fixture.time.monotonicNs());
            FaultyDisk crashed = disk.crash(random.nextLong());
            try (EmbeddedLog again = open(crashed, Storage.PLAIN)) {
                Map<Long, Stored> found = read(again.partition(StreamName.TRIPS, 0));
                assertThat(found).as("step %d", step).containsAllEntriesOf(compacted);
                assertThat(before).as("step %d", step).containsAllEntriesOf(found);
                mixed += found.size() < before.size() && found.size() > compacted.size() ? 1 : 0;
            }
            assertThat(LogVerifier.verify(crashed, LogFixture.DATA_DIR).problems())
                    .isEmpty();
        }
        assertThat(read(log.partition(StreamName.TRIPS, 0))).isEqualTo(compacted);
        assertThat(mixed).as("crashes between two segments").isPositive();
    }

    @Test
    void aFullDiskPutsItOffAndHarmsNothing() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            appendRandom(log, random, 4_000, 40);
            NavigableMap<Long, Stored> all = read(log.partition(StreamName.TRIPS, 0));
            disk.limitCapacity(disk.usedBytes());
            assertThatThrownBy(() -> log.compact(StreamName.TRIPS, false)).isInstanceOf(HailstormException.class);
            assertThat(read(log.partition(StreamName.TRIPS, 0))).isEqualTo(all);
            assertThat(disk.list(LogFixture.partitionDirectory(StreamName.TRIPS)))
                    .doesNotContain(Compactor.FILE_NAME);
            disk.limitCapacity(Long.MAX_VALUE);
            log.compact(StreamName.TRIPS, false);
            assertThat(read(log.partition(StreamName.TRIPS, 0)).size()).isLessThan(all.size());
        }
    }

    @Test
    void aDryRunOnlyCounts() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            appendRandom(log, random, 4_000, 40);
            NavigableMap<Long, Stored> all = read(log.partition(StreamName.TRIPS, 0));
            CompactionReport dry = log.compact(StreamName.TRIPS, true).get(0);
            assertThat(read(log.partition(StreamName.TRIPS, 0))).isEqualTo(all);
            assertThat(log.compact(StreamName.TRIPS, false).get(0)).isEqualTo(dry);
            assertThat(dry.recordsAfter()).isLessThan(dry.recordsBefore());
        }
    }

    @Test
    void rottenRecordsAreNotCarriedOver() {
        Random random = new Random(seed());
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = open(disk, Storage.PLAIN)) {
            appendRandom(log, random, 4_000, 40);
            Path first = LogFixture.partitionDirectory(StreamName.TRIPS).resolve(SegmentDescriptor.fileName(0));
            disk.corrupt(first, SegmentDescriptor.HEADER_LENGTH + 200, 1);
            assertThatThrownBy(() -> log.compact(StreamName.TRIPS, false))
                    .hasMessageContaining("checksum does not match")
                    .hasMessageContaining(first.toString());
        }
    }
}
