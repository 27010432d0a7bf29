package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Segments hand their indexes on; nobody who reads may notice. */
final class IndexReuseTest {
    private static final int BATCHES = 3000;

    private final LogFixture fixture = new LogFixture();

    private void append(EmbeddedLog log, int fromBatch, int toBatch) {
        for (int i = fromBatch; i < toBatch; i++) {
            fixture.append(log, log.partition(StreamName.TRIPS, 0), fixture.batch(i * 10L, 10));
        }
        fixture.sync(log);
    }

    /** Reads ten records from an offset; false when one is not where it should be. */
    private static boolean isRight(PartitionReader partition, long from) {
        long[] expected = {from};
        boolean[] right = {true};
        partition.read(from, 10, (offset, hlc, type, buffer, index, length) -> {
            right[0] &= offset == expected[0] && buffer.getLong(index) == offset;
            expected[0]++;
            return true;
        });
        return right[0] && expected[0] == from + 10;
    }

    @Test
    void readsAnywhereWhateverSegmentHasLostItsIndex() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        try (EmbeddedLog log = fixture.open(new FaultyDisk())) {
            append(log, 0, BATCHES);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(log.stats(StreamName.TRIPS).segmentCount()).isGreaterThan(2 * SegmentChain.INDEXES_MAX);
            for (int i = 0; i < 500; i++) {
                long from = random.nextLong(BATCHES * 10L - 10);
                assertThat(isRight(trips, from)).as("from %d", from).isTrue();
            }
            append(log, BATCHES, BATCHES + 200);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, (BATCHES + 200) * 10L));
        }
    }

    @Test
    void readsRightWhileTheWriterTakesIndexesForNewSegments() {
        try (EmbeddedLog log = fixture.open(new FaultyDisk())) {
            append(log, 0, 500);
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            boolean[] done = {false};
            CompletableFuture<Long> wrong = CompletableFuture.supplyAsync(() -> {
                Random random = new Random(7);
                long count = 0;
                while (!isDone(done)) {
                    count += isRight(trips, random.nextLong(4990)) ? 0 : 1;
                }
                return count;
            });
            try {
                append(log, 500, BATCHES);
            } finally {
                finish(done);
            }
            assertThat(wrong.join()).isZero();
        }
    }

    private static boolean isDone(boolean[] done) {
        synchronized (done) {
            return done[0];
        }
    }

    private static void finish(boolean[] done) {
        synchronized (done) {
            done[0] = true;
        }
    }

    @Test
    void keepsItsIndexWhileSomebodyReads() {
        SegmentChain chain = new SegmentChain(StreamName.TRIPS, 0, LogKeyset.NONE);
        Disk.Preallocation allocation =
                new FaultyDisk().preallocate(LogFixture.DATA_DIR.resolve("segment"), LogFixture.SEGMENT_BYTES);
        allocation.step(LogFixture.SEGMENT_BYTES);
        Segment segment = new Segment(LogFixture.DATA_DIR.resolve("segment"), 0, allocation.open());
        chain.add(segment);
        segment.append(fixture.batch(0, 1), 0, 0);

        assertThat(segment.acquire()).isTrue();
        assertThat(segment.tryTakeIndex()).isNull();
        segment.release();
        assertThat(segment.tryTakeIndex()).isNotNull();
    }

    @Test
    void givesEveryIndexToAnotherSegmentOnceThereAreEnough() {
        SegmentChain chain = new SegmentChain(StreamName.TRIPS, 0, LogKeyset.NONE);
        FaultyDisk disk = new FaultyDisk();
        for (int i = 0; i < 5 * SegmentChain.INDEXES_MAX; i++) {
            Path path = LogFixture.DATA_DIR.resolve("segment-" + i);
            Disk.Preallocation allocation = disk.preallocate(path, LogFixture.SEGMENT_BYTES);
            allocation.step(LogFixture.SEGMENT_BYTES);
            Segment segment = new Segment(path, i, allocation.open());
            chain.add(segment);
            segment.append(fixture.batch(i, 1), i, 0);
        }
        assertThat(chain.indexedCount()).isEqualTo(SegmentChain.INDEXES_MAX);
    }
}
