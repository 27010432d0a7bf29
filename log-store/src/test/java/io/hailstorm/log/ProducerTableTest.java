package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The table is a function of the batches: however a restart cuts their sequence, it comes out the same. */
final class ProducerTableTest {
    private static final long EXPIRY_MS = 1_000;

    private static long hlc(long epochMs) {
        return epochMs << 16;
    }

    @Test
    void isTheSameWhereverASnapshotCutsTheSequence() {
        long seed = Long.getLong("seed", 11L);
        System.out.println("seed=" + seed);
        for (int cut = 0; cut < 400; cut += 13) {
            Random random = new Random(seed);
            ProducerTable whole = new ProducerTable(EXPIRY_MS);
            ProducerTable cutHere = new ProducerTable(EXPIRY_MS);
            long nowMs = 1_000_000;
            for (int i = 0; i < 400; i++) {
                if (i == cut) {
                    cutHere = ProducerTable.restore(cutHere.snapshot(), EXPIRY_MS);
                }
                nowMs += random.nextInt(60);
                long producer = 1L + random.nextInt(20) * (long) random.nextInt(20);
                int epoch = random.nextInt(3);
                long seq = random.nextInt(6);
                int count = 1 + random.nextInt(2);
                long answer = whole.check(producer, epoch, seq, count, hlc(nowMs));
                assertThat(cutHere.check(producer, epoch, seq, count, hlc(nowMs)))
                        .as("cut %d, batch %d", cut, i)
                        .isEqualTo(answer);
                if (random.nextInt(50) == 0) {
                    whole.onGap();
                    cutHere.onGap();
                }
                if (answer == ProducerTable.ACCEPTED) {
                    whole.onBatch(producer, epoch, seq, count, i, hlc(nowMs));
                    cutHere.onBatch(producer, epoch, seq, count, i, hlc(nowMs));
                }
            }
            assertThat(cutHere.snapshot()).isEqualTo(whole.snapshot());
        }
    }

    @Test
    void forgetsTheOneThatWroteLongestAgoWhenItIsFull() {
        ProducerTable table = new ProducerTable(StreamConfig.UNLIMITED);
        for (int producer = 1; producer <= ProducerTable.PRODUCERS_MAX + 1; producer++) {
            table.onBatch(producer, 1, 0, 1, producer, hlc(producer));
        }
        assertThat(table.check(1, 1, 50, 1, hlc(5000))).isEqualTo(ProducerTable.ACCEPTED);
        assertThat(table.check(2, 1, 0, 1, hlc(5000))).isEqualTo(PartitionLog.DUPLICATE);
        assertThat(table.expiredCount()).isEqualTo(1);
    }

    @Test
    void readsSnapshotsOfTheFirstVersionAndForgetsNobodyInThemForTheirAge() {
        ByteBuffer first = ByteBuffer.allocate(92).order(ByteOrder.LITTLE_ENDIAN);
        first.putLong(9)
                .putLong(20)
                .putLong(100)
                .putInt(4)
                .putInt(1)
                .putLong(10)
                .putInt(10);
        ProducerTable table = ProducerTable.restore(first.array(), EXPIRY_MS);
        long late = hlc(1_000_000_000);
        assertThat(table.check(9, 4, 10, 10, late)).isEqualTo(PartitionLog.DUPLICATE);
        assertThat(table.check(9, 3, 20, 1, late)).isEqualTo(PartitionLog.FENCED);
        assertThat(table.check(9, 4, 20, 1, late)).isEqualTo(ProducerTable.ACCEPTED);
        assertThat(table.check(9, 4, 21, 1, late)).isEqualTo(PartitionLog.OUT_OF_ORDER);
    }

    @Test
    void refusesASnapshotOfALaterVersion() {
        byte[] snapshot = new ProducerTable(EXPIRY_MS).snapshot();
        snapshot[8]++;
        assertThatThrownBy(() -> ProducerTable.restore(snapshot, EXPIRY_MS))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessageContaining("version=3, understood up to 2");
    }
}
