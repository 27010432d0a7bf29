package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two processes on one cluster, and a broker that dies. Real time: Kafka's. */
final class KafkaSharingTest {
    private static final int PARTITIONS = 2;

    private final TimeSource time = new SystemTimeSource();
    private final LogFixture fixture = new LogFixture();
    private final String prefix = KafkaFixture.newPrefix();

    private KafkaLog member(String node) {
        KafkaLogConfig kafka = KafkaFixture.config(node, prefix).withMembership(KafkaLogConfig.Membership.GROUP);
        return KafkaLog.open(kafka, LogFixture.config(), new FaultyDisk(), time, Path.of("/" + node));
    }

    private static int owned(KafkaLog log) {
        int count = 0;
        for (int p = 0; p < PARTITIONS; p++) {
            count += log.owns(p) ? 1 : 0;
        }
        return count;
    }

    private boolean appendOwned(KafkaLog log, int partition, List<Long> values) {
        KafkaPartition fixes = log.partition(StreamName.FIXES, partition);
        long next = values.size();
        if (!log.owns(partition) || fixes.append(fixture.batch(next, 1)) < 0) {
            return false;
        }
        values.add(next);
        return true;
    }

    @Test
    void sharesPartitionsAndHandsThemOverWithEverythingAppended() {
        List<List<Long>> appended = List.of(new ArrayList<>(), new ArrayList<>());
        List<String> told = new ArrayList<>();
        try (KafkaLog second = member("b")) {
            try (KafkaLog first = member("a")) {
                first.onOwnership(new OwnershipListener() {
                    @Override
                    public void onAcquired(int partition, long ownerEpoch) {
                        told.add("acquired");
                    }

                    @Override
                    public void onReleasing(int partition) {
                        told.add("releasing");
                    }

                    @Override
                    public void onLost(int partition) {
                        told.add("lost");
                    }
                });
                KafkaFixture.workUntil(first, time, () -> owned(first) == PARTITIONS);
                KafkaFixture.workUntil(first, time, () -> {
                    second.doWork(time.monotonicNs());
                    for (int p = 0; p < PARTITIONS; p++) {
                        appendOwned(first, p, appended.get(p));
                    }
                    return owned(first) == 1 && owned(second) == 1;
                });
                assertThat(told).containsExactly("acquired", "acquired", "releasing", "lost");
                int mine = first.owns(0) ? 0 : 1;
                for (int i = 0; i < 5; i++) {
                    assertThat(appendOwned(first, mine, appended.get(mine))).isTrue();
                }
            }
            // Left in good order: what it appended last was flushed, and the group did not have to wait for it to time
            // out.
            KafkaFixture.workUntil(second, time, () -> owned(second) == PARTITIONS);
            for (int p = 0; p < PARTITIONS; p++) {
                appendOwned(second, p, appended.get(p));
            }
            KafkaFixture.settle(second, time);
            for (int p = 0; p < PARTITIONS; p++) {
                assertThat(LogFixture.readAll(second.partition(StreamName.FIXES, p)))
                        .isEqualTo(appended.get(p));
            }
        }
    }

    @Test
    void losesNothingWhenTheBrokerIsKilledAndStartedAgainWhileAppending() {
        KafkaCluster broker = KafkaFixture.start("320m");
        KafkaLogConfig kafka = KafkaLogConfig.defaults(broker.bootstrap(), "a", "a:9000")
                .withReplication(1, 1)
                .withMembership(KafkaLogConfig.Membership.ALL);
        try (KafkaLog log = KafkaFixture.openOwning(kafka, LogFixture.config(), time, TemporaryDirectory.create())) {
            KafkaPartition fixes = log.partition(StreamName.FIXES, 0);
            for (int i = 0; i < 200; i++) {
                if (i == 50) {
                    broker.kill(1);
                }
                if (i == 150) {
                    assertThat(fixes.durableOffset()).isLessThan(150);
                    broker.restart(1);
                }
                assertThat(fixes.append(fixture.batch(i, 1))).isEqualTo(i);
                log.doWork(time.monotonicNs());
            }
            KafkaFixture.settle(log, time);
            assertThat(LogFixture.readAll(fixes)).isEqualTo(LogFixture.numbers(0, 200));
        } finally {
            broker.kill();
        }
    }
}
