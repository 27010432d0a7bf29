package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every engine promises. */
final class LogContractTest {
    private final LogFixture fixture = new LogFixture();

    enum Engine {
        MEMORY,
        EMBEDDED,
        EMBEDDED_ON_FILES,
        EMBEDDED_LZ4,
        EMBEDDED_ZSTD,
        EMBEDDED_ENCRYPTED,
        EMBEDDED_ZSTD_ENCRYPTED,
        KAFKA
    }

    private static final LogKeyset KEYSET = LogKeyset.generate("test");

    private Log open(Engine engine) {
        return open(engine, LogFixture.config());
    }

    private Log open(Engine engine, LogConfig config) {
        return switch (engine) {
            case MEMORY -> new MemoryLog(config, fixture.time);
            case EMBEDDED -> EmbeddedLog.open(config, new FaultyDisk(), fixture.time, LogFixture.DATA_DIR);
            case EMBEDDED_ON_FILES ->
                EmbeddedLog.open(config, new MappedDisk(), fixture.time, TemporaryDirectory.create());
            case EMBEDDED_LZ4 -> embedded(LogFixture.compressed(config, Compression.LZ4));
            case EMBEDDED_ZSTD -> embedded(LogFixture.compressed(config, Compression.ZSTD));
            case EMBEDDED_ENCRYPTED -> embedded(config.withKeyset(KEYSET));
            case EMBEDDED_ZSTD_ENCRYPTED ->
                embedded(LogFixture.compressed(config, Compression.ZSTD).withKeyset(KEYSET));
            case KAFKA ->
                KafkaFixture.openOwning(
                        KafkaFixture.config("node", KafkaFixture.newPrefix()),
                        config,
                        fixture.time,
                        TemporaryDirectory.create());
        };
    }

    private Log embedded(LogConfig config) {
        return EmbeddedLog.open(config, new FaultyDisk(), fixture.time, LogFixture.DATA_DIR);
    }

    @ParameterizedTest
    @EnumSource
    void showsRecordsOnlyOnceTheyAreDurable(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 1);
            assertThat(trips.append(fixture.batch(0, 3))).isZero();
            assertThat(trips.append(fixture.batch(3, 2))).isEqualTo(3);
            assertThat(trips.endOffset()).isEqualTo(5);
            assertThat(trips.durableOffset()).isZero();
            assertThat(LogFixture.readAll(trips)).isEmpty();

            fixture.sync(log);
            assertThat(trips.durableOffset()).isEqualTo(5);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 5));
            assertThat(log.partition(StreamName.TRIPS, 0).endOffset()).isZero();
            assertThat(log.stats(StreamName.TRIPS).appendedRecordCount()).isEqualTo(5);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "KAFKA") // what is durable there, the cluster decides
    void showsRecordsAtOnceWhenTheStreamPromisesMemoryOnly(Engine engine) {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withAckLevel(AckLevel.MEMORY));
        try (Log log = open(engine, config)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            fixes.append(fixture.batch(0, 3));
            assertThat(LogFixture.readAll(fixes)).isEqualTo(LogFixture.numbers(0, 3));
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsFromAnyOffsetAnyNumberAndStopsWhenTold(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            for (int i = 0; i < 200; i++) {
                fixture.append(log, fixes, fixture.batch(i * 10L, 10));
            }
            fixture.sync(log);
            for (int from = 0; from < 2000; from += 37) {
                long expected = from;
                long[] seen = {expected};
                long reached = fixes.read(from, 25, (offset, hlc, type, buffer, index, length) -> {
                    assertThat(offset).isEqualTo(seen[0]++);
                    assertThat(buffer.getLong(index)).isEqualTo(offset);
                    assertThat(length).isEqualTo(64);
                    return true;
                });
                assertThat(reached).isEqualTo(Math.min(2000, from + 25));
                assertThat(seen[0]).isEqualTo(reached);
                long stopAt = from;
                assertThat(fixes.read(from, 25, (offset, hlc, type, buffer, index, length) -> offset < stopAt))
                        .isEqualTo(from + 1);
            }
            assertThat(fixes.read(2000, 10, (offset, hlc, type, buffer, index, length) -> true))
                    .isEqualTo(2000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void findsRecordsByTheirClock(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            long[] hlcs = new long[100];
            for (int i = 0; i < hlcs.length; i++) {
                RecordBatch batch = fixture.batch(i * 10L, 10);
                hlcs[i] = batch.hlcFirst();
                fixture.append(log, fixes, batch);
                fixture.time.advanceMs(3);
            }
            fixture.sync(log);
            for (int i = 0; i < hlcs.length; i++) {
                assertThat(fixes.offsetAtOrAfter(hlcs[i])).isEqualTo(i * 10L);
                assertThat(fixes.offsetAtOrAfter(hlcs[i] + 4)).isEqualTo(i * 10L + 4);
                assertThat(fixes.offsetAtOrAfter(hlcs[i] + 10)).isEqualTo(i * 10L + 10);
            }
            assertThat(fixes.offsetAtOrAfter(0)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesDuplicatesGapsAndZombiesOfAnIdempotentProducer(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            for (int i = 0; i < 8; i++) {
                assertThat(trips.append(fixture.batch(i * 2L, 2, 7, 1, i * 2L))).isEqualTo(i * 2L);
            }
            assertThat(trips.append(fixture.batch(14, 2, 7, 1, 14))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(6, 2, 7, 1, 6))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(4, 2, 7, 1, 4))).isEqualTo(PartitionLog.OUT_OF_ORDER);
            assertThat(trips.append(fixture.batch(18, 2, 7, 1, 18))).isEqualTo(PartitionLog.OUT_OF_ORDER);
            assertThat(trips.append(fixture.batch(16, 2, 7, 2, 0))).isEqualTo(16);
            assertThat(trips.append(fixture.batch(16, 2, 7, 1, 16))).isEqualTo(PartitionLog.FENCED);
            assertThat(trips.append(fixture.batch(18, 1, 8, 1, 500))).isEqualTo(18);
            assertThat(trips.endOffset()).isEqualTo(19);
        }
    }

    @ParameterizedTest
    @EnumSource
    void forgetsAProducerThatWroteNothingForTooLongButNoSooner(Engine engine) {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.TRIPS, config.stream(StreamName.TRIPS).withProducerExpiry(60_000));
        try (Log log = open(engine, config)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 2, 7, 3, 0));
            fixture.time.advanceMs(59_000);
            trips.append(fixture.batch(2, 2, 8, 1, 0));
            assertThat(trips.append(fixture.batch(0, 2, 7, 3, 0))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(0, 2, 7, 2, 2))).isEqualTo(PartitionLog.FENCED);
            assertThat(trips.append(fixture.batch(0, 2, 7, 3, 9))).isEqualTo(PartitionLog.OUT_OF_ORDER);
            fixture.time.advanceMs(2_000);
            trips.append(fixture.batch(4, 2, 8, 1, 2));
            assertThat(trips.append(fixture.batch(6, 2, 7, 1, 500)))
                    .as("after a minute of silence, by the batches' clocks")
                    .isEqualTo(6);
            assertThat(trips.append(fixture.batch(6, 2, 7, 1, 500))).isEqualTo(PartitionLog.DUPLICATE);
            assertThat(trips.append(fixture.batch(4, 2, 8, 1, 2))).isEqualTo(PartitionLog.DUPLICATE);
            fixture.sync(log);
            assertThat(LogFixture.readAll(trips)).isEqualTo(LogFixture.numbers(0, 8));
        }
    }

    @ParameterizedTest
    @EnumSource
    void pushesBackWhenTooMuchWaitsForTheDisk(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            int appended = 0;
            while (fixes.append(fixture.batch(appended, 1)) != PartitionLog.BACK_PRESSURED) {
                appended++;
            }
            assertThat(appended)
                    .as("more when compressed, fewer when encrypted")
                    .isBetween(200, 500);
            fixture.sync(log);
            assertThat(fixes.append(fixture.batch(appended, 1))).isEqualTo(appended);
        }
    }

    @ParameterizedTest
    @EnumSource
    void fencesCommitsOfAnOlderGeneration(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            assertThat(fixes.committed("matching")).isEqualTo(PartitionReader.NULL_OFFSET);
            assertThat(fixes.commit("matching", 10, 2)).isTrue();
            assertThat(fixes.commit("matching", 20, 1)).isFalse();
            assertThat(fixes.committed("matching")).isEqualTo(10);
            assertThat(fixes.commit("matching", 5, 3)).isTrue();
            assertThat(fixes.commit("pricing", 1, 1)).isTrue();
            assertThat(fixes.committed("matching")).isEqualTo(5);
            assertThatThrownBy(() -> fixes.commit("", 1, 1)).isInstanceOf(HailstormException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMemberThatJoinsFencesTheOneBefore(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            fixes.append(fixture.batch(0, 10));
            fixture.sync(log);
            ConsumerGroup first = ConsumerGroup.join(fixes, "audit", 2);
            assertThat(first.poll(3, (offset, hlc, type, buffer, index, length) -> true))
                    .isEqualTo(3);
            assertThat(first.commit()).isTrue();

            ConsumerGroup second = ConsumerGroup.join(fixes, "audit", 0);
            assertThat(second.generation()).isEqualTo(first.generation() + 1);
            assertThat(second.position()).isEqualTo(5);
            assertThat(first.poll(1, (offset, hlc, type, buffer, index, length) -> true))
                    .isEqualTo(PartitionLog.FENCED);
            assertThat(first.commit(9)).isFalse();
            assertThat(fixes.committed("audit")).isEqualTo(5);
            assertThat(second.poll(100, (offset, hlc, type, buffer, index, length) -> true))
                    .isEqualTo(5);
            assertThat(second.commit()).isTrue();
            assertThat(fixes.groups()).containsExactly(new GroupPosition("audit", 2, 10));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetMovesTheGroupAndFencesItsMember(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            fixes.append(fixture.batch(0, 10));
            fixture.sync(log);
            ConsumerGroup member = ConsumerGroup.join(fixes, "audit", 0);
            assertThat(fixes.reset("audit", 7)).isEqualTo(2);
            assertThat(member.commit(3)).isFalse();
            assertThat(ConsumerGroup.join(fixes, "audit", 0).position()).isEqualTo(7);
            assertThat(fixes.generation("audit")).isEqualTo(3);
            assertThat(fixes.generation("nobody")).isZero();
            assertThatThrownBy(() -> fixes.reset("audit", -1)).isInstanceOf(HailstormException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsHowFarAReaderIsBehind(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            assertThat(LogLag.of(fixes, 0)).isEqualTo(LogLag.NONE);
            fixes.append(fixture.batch(0, 10));
            fixture.time.advanceMs(3_000);
            fixes.append(fixture.batch(10, 10));
            fixture.sync(log);
            assertThat(LogLag.of(fixes, 5)).isEqualTo(new LogLag(15, 3_000));
            assertThat(LogLag.of(fixes, 15)).isEqualTo(new LogLag(5, 0));
            assertThat(LogLag.of(fixes, 20)).isEqualTo(LogLag.NONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsAProducerWhereItStopped(Engine engine) {
        try (Log log = open(engine)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(trips.nextSeq(7)).isEqualTo(PartitionLog.UNKNOWN_PRODUCER);
            trips.append(fixture.batch(0, 3, 7, 1, 0));
            fixture.sync(log);
            assertThat(trips.nextSeq(7)).isEqualTo(3);
            assertThat(trips.nextSeq(8)).isEqualTo(PartitionLog.UNKNOWN_PRODUCER);
        }
    }

    @ParameterizedTest
    @EnumSource
    void forgetsWhatIsTooOldButNothingAGroupHasYetToRead(Engine engine) {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withRetention(60_000, StreamConfig.UNLIMITED));
        try (Log log = open(engine, config)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            fixes.commit("matching", 100, 1);
            for (int i = 0; i < 1_500; i++) {
                fixture.append(log, fixes, fixture.batch(i * 10L, 10));
            }
            fixture.sync(log);
            fixture.time.advanceMs(61_000);
            fixture.sync(log);
            assertThat(fixes.startOffset()).isLessThanOrEqualTo(100);

            fixes.commit("matching", 15_000, 1);
            fixture.time.advanceMs(1_000);
            fixture.sync(log);
            long start = fixes.startOffset();
            assertThat(start).isGreaterThan(100);
            assertThat(LogFixture.readAll(fixes)).isEqualTo(LogFixture.numbers(start, 15_000));
            assertThatThrownBy(() -> fixes.read(0, 1, (offset, hlc, type, buffer, index, length) -> true))
                    .hasMessageContaining("no longer retained");
            assertThat(fixture.append(log, fixes, fixture.batch(15_000, 10))).isEqualTo(15_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    void keepsAStreamBelowItsSize(Engine engine) {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES,
                config.stream(StreamName.FIXES).withRetention(StreamConfig.UNLIMITED, 3L * LogFixture.SEGMENT_BYTES));
        try (Log log = open(engine, config)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            for (int i = 0; i < 1000; i++) {
                fixture.append(log, fixes, fixture.batch(i * 10L, 10));
                if (i % 100 == 0) {
                    fixture.time.advanceMs(1_000);
                }
            }
            fixture.time.advanceMs(1_000);
            fixture.sync(log);
            assertThat(log.stats(StreamName.FIXES).segmentBytes()).isLessThanOrEqualTo(3L * LogFixture.SEGMENT_BYTES);
            assertThat(LogFixture.readAll(fixes)).isEqualTo(LogFixture.numbers(fixes.startOffset(), 10_000));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesABatchNoSegmentCanHold(Engine engine) {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.LATE, config.stream(StreamName.LATE).withSegmentBytes(StreamConfig.SEGMENT_BYTES_MIN));
        try (Log log = open(engine, config)) {
            PartitionLog late = log.partition(StreamName.LATE, 0);
            assertThatThrownBy(() -> late.append(fixture.batch(0, 200))).hasMessageContaining("batch too large");
            assertThat(late.append(fixture.batch(0, 1))).isZero();
            fixture.sync(log);
            assertThat(LogFixture.readAll(late)).isEqualTo(List.of(0L));
        }
    }
}
