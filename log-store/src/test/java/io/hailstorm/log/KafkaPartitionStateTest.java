package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The judge of a Kafka partition, against everything that owners, zombies and resends may leave in it. */
final class KafkaPartitionStateTest {
    private static final long EXPIRY_MS = StreamConfig.UNLIMITED;
    private final LogFixture fixture = new LogFixture();

    private byte[] data(long epoch, long process, long baseOffset, int count) {
        return KafkaFrame.encode(fixture.batch(baseOffset, count, 7, 1, baseOffset), epoch, process, baseOffset);
    }

    private static boolean judge(KafkaPartitionState state, byte[] value) {
        boolean valid =
                switch (KafkaFrame.decode(value)) {
                    case KafkaFrame.Data batch -> {
                        boolean ok = state.isValid(batch);
                        if (ok) {
                            state.apply(batch);
                        }
                        yield ok;
                    }
                    case KafkaFrame.Claim claim -> state.apply(claim);
                    case KafkaFrame.Group change -> state.apply(change);
                    case KafkaFrame.Snapshot _, KafkaFrame.Foreign _, KafkaFrame.Newer _ -> false;
                };
        state.judgedBefore(state.nextKafkaOffset() + 1);
        return valid;
    }

    @Test
    void takesOneOfTwoClaimsForTheSameEpoch() {
        KafkaPartitionState state = new KafkaPartitionState(EXPIRY_MS);
        assertThat(judge(state, new KafkaFrame.Claim(1, 11, 0, "a", "a:1").encode()))
                .isTrue();
        assertThat(judge(state, new KafkaFrame.Claim(1, 22, 0, "b", "b:1").encode()))
                .isFalse();
        assertThat(state.owner()).isEqualTo(new Owner("a", "a:1", 1));
        assertThat(judge(state, new KafkaFrame.Claim(3, 22, 1, "b", "b:1").encode()))
                .isFalse();
        assertThat(judge(state, new KafkaFrame.Claim(2, 22, 1, "b", "b:1").encode()))
                .isTrue();
        assertThat(judge(state, data(1, 11, 0, 2))).as("of a replaced owner").isFalse();
        assertThat(judge(state, data(2, 22, 0, 2))).isTrue();
        assertThat(judge(state, data(2, 22, 0, 2))).as("sent twice").isFalse();
        assertThat(judge(state, data(2, 22, 4, 2))).as("behind a gap").isFalse();
        assertThat(judge(state, data(2, 22, 2, 2))).isTrue();
    }

    @Test
    void judgesAlikeFromTheBeginningAndFromAnySnapshot() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("KafkaPartitionStateTest seed=" + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            List<byte[]> log = new ArrayList<>();
            KafkaPartitionState whole = new KafkaPartitionState(EXPIRY_MS);
            List<byte[]> snapshots = new ArrayList<>();
            for (int i = 0; i < 120; i++) {
                snapshots.add(whole.encode());
                byte[] frame = randomFrame(random, whole, log);
                log.add(frame);
                judge(whole, frame);
            }
            assertThat(whole.endOffset()).isPositive();
            int from = random.nextInt(log.size());
            KafkaPartitionState late = KafkaPartitionState.decode(snapshots.get(from), EXPIRY_MS);
            for (byte[] frame : log.subList(from, log.size())) {
                judge(late, frame);
            }
            assertThat(late.encode()).isEqualTo(whole.encode());
        }
    }

    /** Of the present owner or an earlier one, the next batch, an old one again, or one behind a gap. */
    private byte[] randomFrame(Random random, KafkaPartitionState now, List<byte[]> log) {
        long epoch = Math.max(0, now.ownerEpoch() - random.nextInt(2));
        return switch (random.nextInt(6)) {
            case 0 -> new KafkaFrame.Claim(epoch + 1, random.nextInt(3) + 1, epoch, "n", "n:1").encode();
            case 1 -> log.isEmpty() ? new byte[3] : log.get(random.nextInt(log.size()));
            case 2 ->
                new KafkaFrame.Group(1, random.nextInt(3), 1, 1, random.nextInt(9), "g" + random.nextInt(3)).encode();
            case 3 -> data(epoch, 1, now.endOffset() + random.nextInt(3), 1);
            default -> data(now.ownerEpoch(), 1, now.endOffset(), 1 + random.nextInt(3));
        };
    }
}
