package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Gaps, rates and latencies of a chaos run, over a schedule of 1,000 records a second to two partitions. */
class ChaosTallyTest {
    private static final ChaosPlan PLAN = new ChaosPlan(1_000, 12, 4, 10);
    private static final int PARTITIONS = 2;
    private static final long LATENCY_MS = 3;

    private final ChaosTally tally = new ChaosTally(PLAN, PARTITIONS);

    @Test
    void callsASteadyRunSteady() {
        run(0, 12_000, -1, 0);

        assertThat(tally.acked()).isBetween(11_900L, 12_000L);
        assertThat(tally.gapNsMax()).isBetween(ms(19), ms(21));
        assertThat(tally.silenceNsMax()).isBetween(ms(9), ms(11));
        assertThat(tally.rateBefore()).isCloseTo(1_000, within(20.0));
        assertThat(tally.rateAfter()).isCloseTo(1_000, within(20.0));
        assertThat(tally.latencyBefore().getMaxValue()).isBetween(ms(LATENCY_MS), ms(15));
    }

    @Test
    void seesTheGapOfOnePartitionAlthoughTheOtherGoesOn() {
        run(0, 12_000, 1, 2_000);

        assertThat(tally.gapNsMax()).isBetween(ms(2_000), ms(2_025));
        assertThat(tally.silenceNsMax()).isBetween(ms(9), ms(21));
    }

    @Test
    void countsAGapThatNeverEnds() {
        run(0, 5_000, -1, 0);
        tally.finish(new long[] {4_000, 4_000}, ms(12_000));

        assertThat(tally.gapNsMax()).isBetween(ms(6_980), ms(7_025));
        assertThat(tally.rateAfter()).isZero();
    }

    @Test
    void measuresFromWhenARecordWasDueAndNotFromWhenItCouldBeSent() {
        ChaosTally late = new ChaosTally(PLAN, PARTITIONS);
        late.onAcked(0, 10, ms(3_000));

        assertThat(late.latencyBefore().getMaxValue()).isBetween(ms(2_990), ms(3_002));
    }

    /** Acknowledges each batch a little after its last record is due, but those of one partition after a silence. */
    private void run(int fromMs, int toMs, int silentPartition, int silenceMs) {
        long[] acked = new long[PARTITIONS];
        for (int nowMs = fromMs; nowMs < toMs; nowMs++) {
            for (int partition = 0; partition < PARTITIONS; partition++) {
                long batches = PLAN.batchesDue(ms(nowMs - LATENCY_MS));
                boolean isSilent = partition == silentPartition && nowMs >= 4_000 && nowMs < 4_000 + silenceMs;
                if (!isSilent) {
                    acked[partition] =
                            Math.max(acked[partition], (batches - partition + PARTITIONS - 1) / PARTITIONS * 10);
                    tally.onAcked(partition, acked[partition], ms(nowMs));
                }
            }
        }
    }

    private static long ms(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }
}
