package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Groups across crashes, a zombie among their members, and what the generation protects from. */
final class ConsumerGroupTest {
    private static final String GROUP = "billing";

    private final LogFixture fixture = new LogFixture();

    /** Polls and commits by twos; what it took. */
    private static void take(ConsumerGroup member, List<Long> taken) {
        member.poll(2, (offset, hlc, type, buffer, index, length) -> taken.add(offset));
        member.commit();
    }

    /** A member that hangs after its poll, is replaced, wakes up and commits; what its successors took, restarts included. */
    private List<Long> takenAroundAZombie(PartitionLog partition) {
        List<Long> taken = new ArrayList<>();
        ConsumerGroup zombie = ConsumerGroup.join(partition, GROUP, 0);
        take(zombie, taken);
        long read = zombie.position();
        ConsumerGroup successor = ConsumerGroup.join(partition, GROUP, 0);
        take(successor, taken);
        take(successor, taken);
        zombie.commit(read);
        ConsumerGroup next = ConsumerGroup.join(partition, GROUP, 0);
        while (next.position() < 10) {
            take(next, taken);
        }
        return taken;
    }

    @Test
    void aZombiesCommitChangesNothing() {
        try (Log log = fixture.open(new FaultyDisk())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 10));
            fixture.sync(log);
            assertThat(takenAroundAZombie(trips)).isEqualTo(LogFixture.numbers(0, 10));
        }
    }

    @Test
    void withoutTheGenerationAZombiesCommitTakesTheGroupBack() {
        try (Log log = fixture.open(new FaultyDisk())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 10));
            fixture.sync(log);
            List<Long> taken =
                    takenAroundAZombie(new UnprotectedPartition(trips, UnprotectedPartition.Missing.GENERATIONS));
            assertThat(taken).hasSize(14).contains(2L, 3L, 4L, 5L).isNotEqualTo(LogFixture.numbers(0, 10));
        }
    }

    @Test
    void aGenerationOutlivesACrashAtAnyStepOfJoining() {
        for (long steps = 0; ; steps++) {
            FaultyDisk disk = new FaultyDisk();
            try (Log log = fixture.open(disk)) {
                log.partition(StreamName.TRIPS, 0).append(fixture.batch(0, 10));
                log.doWork(fixture.time.monotonicNs());
                ConsumerGroup.join(log.partition(StreamName.TRIPS, 0), GROUP, 3).commit(5);
            }
            boolean joined = false;
            CrashingDisk crashing = new CrashingDisk(disk, steps);
            try (EmbeddedLog log = fixture.open(crashing)) {
                ConsumerGroup.join(log.partition(StreamName.TRIPS, 0), GROUP, 0);
                joined = true;
            } catch (CrashingDisk.Crash e) {
                assertThat(steps).isLessThan(10_000);
            }
            try (EmbeddedLog log = fixture.open(disk.crash(steps))) {
                PartitionLog trips = log.partition(StreamName.TRIPS, 0);
                assertThat(trips.committed(GROUP)).isEqualTo(5);
                assertThat(trips.generation(GROUP)).isBetween(joined ? 2L : 1L, 2L);
            }
            if (joined) {
                return;
            }
        }
    }

    @Test
    void aHandlerThatThrowsGetsTheRecordAgain() {
        try (Log log = fixture.open(new FaultyDisk())) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 10));
            fixture.sync(log);
            ConsumerGroup member = ConsumerGroup.join(trips, GROUP, 0);
            assertThatThrownBy(() -> member.poll(10, (offset, hlc, type, buffer, index, length) -> {
                        if (offset == 4) {
                            throw new IllegalStateException("cannot do 4");
                        }
                        return true;
                    }))
                    .hasMessage("cannot do 4");
            assertThat(member.position()).isEqualTo(4);
        }
    }

    @Test
    void aGroupDoesNotPassOverRecordsThatTakeTheOffsetsOfLostOnes() {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withAckLevel(AckLevel.MEMORY));
        FaultyDisk disk = new FaultyDisk();
        EmbeddedLog log = EmbeddedLog.open(config, disk, fixture.time, LogFixture.DATA_DIR);
        PartitionLog fixes = log.partition(StreamName.FIXES, 0);
        fixes.append(fixture.batch(0, 10));
        fixture.sync(log);
        fixes.append(fixture.batch(10, 10));
        ConsumerGroup member = ConsumerGroup.join(fixes, GROUP, 0);
        assertThat(member.poll(100, (offset, hlc, type, buffer, index, length) -> true))
                .isEqualTo(20);
        member.commit();
        for (long seed = 0; seed < 20; seed++) {
            FaultyDisk after = disk.crash(seed);
            try (EmbeddedLog again = EmbeddedLog.open(config, after, fixture.time, LogFixture.DATA_DIR)) {
                PartitionLog recovered = again.partition(StreamName.FIXES, 0);
                assertThat(recovered.committed(GROUP)).isEqualTo(recovered.endOffset());
                recovered.append(fixture.batch(100, 30));
            }
            try (EmbeddedLog again = EmbeddedLog.open(config, after.crash(seed), fixture.time, LogFixture.DATA_DIR)) {
                assertThat(again.partition(StreamName.FIXES, 0).committed(GROUP))
                        .isIn(10L, 20L);
                assertThat(again.partition(StreamName.FIXES, 0).endOffset())
                        .isEqualTo(again.partition(StreamName.FIXES, 0).committed(GROUP) + 30);
            }
        }
    }
}
