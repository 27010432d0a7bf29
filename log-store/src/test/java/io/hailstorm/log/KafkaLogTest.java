package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Who may write, what is void, and what a cache is good for: on one real broker. */
final class KafkaLogTest {
    private final LogFixture fixture = new LogFixture();
    private final String prefix = KafkaFixture.newPrefix();
    private final List<String> told = new ArrayList<>();

    private KafkaLogConfig kafka(String node) {
        return KafkaFixture.config(node, prefix);
    }

    private KafkaLog open(String node) {
        return open(node, new FaultyDisk(), LogFixture.config());
    }

    private KafkaLog open(String node, FaultyDisk disk, LogConfig config) {
        KafkaLog log = KafkaLog.open(kafka(node), config, disk, fixture.time, LogFixture.DATA_DIR);
        log.onOwnership(new OwnershipListener() {
            @Override
            public void onAcquired(int partition, long ownerEpoch) {
                told.add(node + " acquired " + partition + " epoch " + ownerEpoch);
            }

            @Override
            public void onReleasing(int partition) {
                told.add(node + " releasing " + partition);
            }

            @Override
            public void onLost(int partition) {
                told.add(node + " lost " + partition);
            }
        });
        KafkaFixture.workUntil(log, fixture.time, () -> KafkaFixture.ownsAll(log));
        return log;
    }

    private void settle(KafkaLog log) {
        KafkaFixture.settle(log, fixture.time);
    }

    private KafkaPartition fixes(KafkaLog log) {
        return log.partition(StreamName.FIXES, 0);
    }

    private TopicPartition topic() {
        return new TopicPartition(prefix + ".fixes", 0);
    }

    /** Whatever anybody with access to the topic may write. */
    private void write(byte[]... values) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", KafkaFixture.cluster().bootstrap());
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (byte[] value : values) {
                var _ = producer.send(new ProducerRecord<>(topic().topic(), 0, null, value));
            }
        }
    }

    private List<byte[]> framesInTopic() {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, KafkaFixture.cluster().bootstrap());
        List<byte[]> frames = new ArrayList<>();
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(topic()));
            consumer.seekToBeginning(List.of(topic()));
            long end = consumer.endOffsets(List.of(topic())).getOrDefault(topic(), 0L);
            while (consumer.position(topic()) < end) {
                for (ConsumerRecord<byte[], byte[]> each : consumer.poll(Duration.ofMillis(100))) {
                    frames.add(each.value());
                }
            }
        }
        return frames;
    }

    private List<byte[]> dataInTopic() {
        return framesInTopic().stream()
                .filter(frame -> KafkaFrame.decode(frame) instanceof KafkaFrame.Data)
                .toList();
    }

    @Test
    void voidsWhatAZombieAppendsAfterAnotherOwnersClaim() {
        try (KafkaLog zombie = open("a")) {
            fixes(zombie).append(fixture.batch(0, 3));
            settle(zombie);
            // Held up here, with appends nobody has been told are durable.
            fixes(zombie).append(fixture.batch(1000, 3));
            try (KafkaLog successor = open("b")) {
                assertThat(LogFixture.readAll(fixes(successor))).isEqualTo(LogFixture.numbers(0, 3));
                assertThat(fixes(zombie).append(fixture.batch(2000, 2))).isEqualTo(6);
                fixes(successor).append(fixture.batch(3, 2));
                settle(successor);

                KafkaFixture.workUntil(
                        zombie,
                        fixture.time,
                        () -> !zombie.owns(0) && fixes(zombie).durableOffset() == 5);
                assertThat(fixes(zombie).append(fixture.batch(3000, 1))).isEqualTo(PartitionLog.FENCED);
                KafkaFixture.workUntil(
                        successor, fixture.time, () -> fixes(successor).voidCount() == 2);
                assertThat(fixes(successor).append(fixture.batch(5, 1))).isEqualTo(5);
                settle(successor);
                KafkaFixture.workUntil(zombie, fixture.time, () -> fixes(zombie).durableOffset() == 6);

                assertThat(LogFixture.readAll(fixes(successor))).isEqualTo(LogFixture.numbers(0, 6));
                assertThat(LogFixture.readAll(fixes(zombie))).isEqualTo(LogFixture.numbers(0, 6));
                assertThat(successor.owner(0)).contains(new Owner("b", "b:9000", 2));
                assertThat(zombie.owner(0)).contains(new Owner("b", "b:9000", 2));
                assertThat(zombie.kafkaStats().fencedCount()).isPositive();
                assertThat(told)
                        .contains("a acquired 0 epoch 1", "b acquired 0 epoch 2", "a lost 0")
                        .doesNotContain("a releasing 0");
            }
        }
    }

    @Test
    void showsOnceWhatWasSentTwice() {
        try (KafkaLog log = open("a")) {
            for (int i = 0; i < 20; i++) {
                fixes(log).append(fixture.batch(i * 2L, 2));
                if (i % 7 == 3) {
                    log.doWork(fixture.time.monotonicNs());
                    assertThat(fixes(log).sendAgain()).isNotNegative();
                }
            }
            settle(log);
            assertThat(dataInTopic()).hasSizeGreaterThan(20);
            assertThat(fixes(log).voidCount()).isPositive();
            assertThat(LogFixture.readAll(fixes(log))).isEqualTo(LogFixture.numbers(0, 40));
            try (KafkaLog other = open("b")) {
                assertThat(LogFixture.readAll(fixes(other))).isEqualTo(LogFixture.numbers(0, 40));
            }
        }
    }

    @Test
    void sendsAgainWhenABatchBehindAGapArrives() {
        try (KafkaLog log = open("a")) {
            fixes(log).append(fixture.batch(0, 2));
            settle(log);
            byte[] behindAGap = dataInTopic().get(0).clone();
            new org.agrona.concurrent.UnsafeBuffer(behindAGap).putLong(KafkaFrame.BASE_OFFSET_OFFSET, 100);
            write(behindAGap);
            KafkaFixture.workUntil(log, fixture.time, () -> log.kafkaStats().renewalCount() == 1);
            fixes(log).append(fixture.batch(2, 2));
            settle(log);
            assertThat(LogFixture.readAll(fixes(log))).isEqualTo(LogFixture.numbers(0, 4));
        }
    }

    @Test
    void passesOverWhatAStrangerWrites() {
        try (KafkaLog log = open("a")) {
            fixes(log).append(fixture.batch(0, 2));
            settle(log);
            byte[] truncated = java.util.Arrays.copyOf(dataInTopic().get(0), 100);
            new org.agrona.concurrent.UnsafeBuffer(truncated).putLong(KafkaFrame.BASE_OFFSET_OFFSET, 2);
            write("hello".getBytes(StandardCharsets.UTF_8), new byte[0], truncated);
            KafkaFixture.workUntil(log, fixture.time, () -> fixes(log).voidCount() == 3);
            fixes(log).append(fixture.batch(2, 2));
            settle(log);
            assertThat(LogFixture.readAll(fixes(log))).isEqualTo(LogFixture.numbers(0, 4));
        }
    }

    @Test
    void refusesWhatANewerHailstormWrote() {
        try (KafkaLog log = open("a")) {
            fixes(log).append(fixture.batch(0, 2));
            settle(log);
            byte[] newer = dataInTopic().get(0).clone();
            newer[2] = KafkaFrame.VERSION + 1;
            write(newer);
            assertThatThrownBy(() -> KafkaFixture.workUntil(log, fixture.time, () -> false))
                    .hasMessageContaining("written by a newer Hailstorm: version=2");
        }
    }

    @Test
    void knowsAProducersBatchesUnderTheNextOwner() {
        try (KafkaLog first = open("a")) {
            fixes(first).append(fixture.batch(0, 2, 7, 1, 0));
            fixes(first).append(fixture.batch(2, 2, 7, 1, 2));
            settle(first);
            try (KafkaLog second = open("b")) {
                assertThat(fixes(second).append(fixture.batch(2, 2, 7, 1, 2))).isEqualTo(PartitionLog.DUPLICATE);
                assertThat(fixes(second).nextSeq(7)).isEqualTo(4);
                assertThat(fixes(second).append(fixture.batch(4, 1, 7, 1, 4))).isEqualTo(4);
                assertThat(fixes(second).append(fixture.batch(4, 1, 7, 0, 4))).isEqualTo(PartitionLog.FENCED);
            }
        }
    }

    @Test
    void keepsAGroupWhereItIsWhenAnOldCommitArrivesLate() {
        try (KafkaLog log = open("a")) {
            fixes(log).commit("audit", 10, 1);
            byte[] old = framesInTopic().stream()
                    .filter(frame -> KafkaFrame.decode(frame) instanceof KafkaFrame.Group)
                    .findFirst()
                    .orElseThrow();
            fixes(log).commit("audit", 20, 1);
            write(old);
            KafkaFixture.workUntil(log, fixture.time, () -> fixes(log).voidCount() == 1);
            assertThat(fixes(log).committed("audit")).isEqualTo(20);
            try (KafkaLog other = open("b")) {
                assertThat(fixes(other).committed("audit")).isEqualTo(20);
                assertThat(fixes(other).join("audit", 0)).isEqualTo(2);
            }
            assertThat(fixes(log).commit("audit", 30, 1))
                    .as("the other's join came first")
                    .isFalse();
        }
    }

    @Test
    void goesOnFromItsCacheAfterAKillAndFillsItAgainAfterAPowerCut() {
        FaultyDisk disk = new FaultyDisk();
        KafkaLog log = open("a", disk, LogFixture.config());
        FaultyDisk killed;
        FaultyDisk powerless;
        try (log) {
            for (int i = 0; i < 100; i++) {
                fixture.append(log, fixes(log), fixture.batch(i * 10L, 10));
                fixture.time.advanceMs(30);
            }
            settle(log);
            killed = disk.copy();
            powerless = disk.crash(42);
        }
        for (FaultyDisk found : List.of(killed.kill(), powerless, new FaultyDisk())) {
            try (KafkaLog again = open("a", found, LogFixture.config())) {
                assertThat(LogFixture.readAll(fixes(again))).isEqualTo(LogFixture.numbers(0, 1000));
            }
        }
    }

    @Test
    void fillsACorruptCacheAgain() {
        FaultyDisk disk = new FaultyDisk();
        try (KafkaLog log = open("a", disk, LogFixture.config())) {
            fixes(log).append(fixture.batch(0, 10));
            settle(log);
        }
        disk.corrupt(
                LogFixture.partitionDirectory(StreamName.FIXES).resolve(SegmentDescriptor.fileName(0)),
                SegmentDescriptor.BASE_OFFSET_OFFSET,
                0xFF);
        try (KafkaLog again = open("a", disk, LogFixture.config())) {
            assertThat(LogFixture.readAll(fixes(again))).isEqualTo(LogFixture.numbers(0, 10));
        }
    }

    @Test
    void beginsAtASnapshotWhereTheTopicsHeadIsGone() {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withRetention(60_000, StreamConfig.UNLIMITED));
        try (KafkaLog log = open("a", new FaultyDisk(), config)) {
            fixes(log).join("audit", 0);
            for (int i = 0; i < 500; i++) {
                fixture.append(log, fixes(log), fixture.batch(i * 10L, 10, 7, 1, i * 10L));
                if (i % 50 == 49) {
                    fixture.time.advanceMs(31_000); // a snapshot is due
                    fixture.sync(log);
                }
            }
            fixes(log).commit("audit", 5_000, 1);
            fixture.time.advanceMs(61_000);
            fixture.sync(log);
            fixes(log).append(fixture.batch(5_000, 10, 7, 1, 5_000));
            fixture.time.advanceMs(31_000);
            fixture.sync(log);
            fixture.sync(log);
            assertThat(fixes(log).startOffset()).isPositive();
            KafkaFixture.workUntil(log, fixture.time, () -> headOfTopic() > 0);

            try (KafkaLog late = open("b", new FaultyDisk(), config)) {
                long start = fixes(late).startOffset();
                assertThat(start).isBetween(1L, fixes(log).startOffset());
                assertThat(LogFixture.readAll(fixes(late))).isEqualTo(LogFixture.numbers(start, 5_010));
                assertThat(fixes(late).committed("audit")).isEqualTo(5_000);
                assertThat(fixes(late).nextSeq(7)).isEqualTo(5_010);
                assertThat(fixes(late).append(fixture.batch(5_010, 1))).isEqualTo(5_010);
            }
        }
    }

    private long headOfTopic() {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, KafkaFixture.cluster().bootstrap());
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            return consumer.beginningOffsets(List.of(topic())).getOrDefault(topic(), 0L);
        }
    }

    @Test
    void refusesTopicsOfAnotherShapeAndDirectoriesOfAnotherEngine() {
        FaultyDisk disk = new FaultyDisk();
        open("a", disk, LogFixture.config()).close();
        assertThatThrownBy(() -> KafkaLog.open(
                        kafka("b"), LogConfig.defaults(3), new FaultyDisk(), fixture.time, LogFixture.DATA_DIR))
                .hasMessageContaining("partitions=2")
                .hasMessageContaining("configured are partitions=3");
        assertThatThrownBy(() -> KafkaLog.open(
                        kafka("b").withReplication(2, 1),
                        LogFixture.config(),
                        new FaultyDisk(),
                        fixture.time,
                        LogFixture.DATA_DIR))
                .hasMessageContaining("replication=1");
        assertThatThrownBy(() -> fixture.open(disk)).hasMessageContaining("log is on Kafka");
        FaultyDisk embedded = new FaultyDisk();
        fixture.open(embedded).close();
        assertThatThrownBy(() ->
                        KafkaLog.open(kafka("b"), LogFixture.config(), embedded, fixture.time, LogFixture.DATA_DIR))
                .hasMessageContaining("a directory of its own");
    }
}
