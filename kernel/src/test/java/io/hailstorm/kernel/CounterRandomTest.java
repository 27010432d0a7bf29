package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CounterRandomTest {
    private static final int DRAW_COUNT = 100_000;

    @Test
    void mixesAsSplitMix64Does() {
        // The first outputs of SplitMix64 from seed 0, as published with the algorithm.
        assertThat(CounterRandom.mix(0)).isEqualTo(0xE220A8397B1DCDAFL);
        assertThat(CounterRandom.mix(0x9E3779B97F4A7C15L)).isEqualTo(0x6E789E6AA1B965F4L);
        assertThat(CounterRandom.mix(0x3C6EF372FE94F82AL)).isEqualTo(0x06C45D188009454FL);
    }

    @Test
    void keepsItsGoldenValues() {
        assertThat(CounterRandom.bits(7, 1, 2, 3)).isEqualTo(0x70CEA104E5225F4AL);
        assertThat(CounterRandom.bits(0, 0, 0, 0)).isEqualTo(0x80ABE802AC1E182EL);
    }

    @Test
    void drawsTheSameWhateverWasDrawnBefore() {
        double first = CounterRandom.uniform(7, 100, 5, 1);
        CounterRandom.uniform(7, 100, 6, 1);
        assertThat(CounterRandom.uniform(7, 100, 5, 1)).isEqualTo(first);
    }

    @Test
    void drawsSomethingElseForEachArgument() {
        long draw = CounterRandom.bits(1, 1, 1, 1);
        assertThat(CounterRandom.bits(2, 1, 1, 1)).isNotEqualTo(draw);
        assertThat(CounterRandom.bits(1, 2, 1, 1)).isNotEqualTo(draw);
        assertThat(CounterRandom.bits(1, 1, 2, 1)).isNotEqualTo(draw);
        assertThat(CounterRandom.bits(1, 1, 1, 2)).isNotEqualTo(draw);
    }

    @Test
    void fillsEveryBucketAlike() {
        int[] steps = new int[64];
        int[] entities = new int[64];
        for (int i = 0; i < DRAW_COUNT; i++) {
            steps[CounterRandom.below(64, 7, 42, i, 1)]++;
            entities[(int) (CounterRandom.uniform(7, i, 42, 1) * 64)]++;
        }
        // 63 degrees of freedom: 120 is passed by a fair source less than once in 50,000 seeds.
        assertThat(chiSquare(steps)).isLessThan(120);
        assertThat(chiSquare(entities)).isLessThan(120);
    }

    @Test
    void staysBelowItsBound() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(CounterRandom.below(1, 7, i, 0, 0)).isZero();
            assertThat(CounterRandom.below(Integer.MAX_VALUE, 7, i, 0, 0)).isBetween(0, Integer.MAX_VALUE - 1);
            assertThat(CounterRandom.uniform(7, i, 0, 0))
                    .isGreaterThanOrEqualTo(0)
                    .isLessThan(1);
        }
    }

    @Test
    void hasTheMomentsOfItsDistributions() {
        double normal = 0;
        double normalSquared = 0;
        double exponential = 0;
        for (int i = 0; i < DRAW_COUNT; i++) {
            double z = CounterRandom.gaussian(7, i, 0, 2);
            normal += z;
            normalSquared += z * z;
            exponential += CounterRandom.exponential(30, 7, i, 0, 3);
        }
        assertThat(normal / DRAW_COUNT).isCloseTo(0, within(0.02));
        assertThat(normalSquared / DRAW_COUNT).isCloseTo(1, within(0.03));
        assertThat(exponential / DRAW_COUNT).isCloseTo(30, within(0.6));
    }

    private static double chiSquare(int[] counts) {
        double expected = (double) DRAW_COUNT / counts.length;
        double sum = 0;
        for (int count : counts) {
            sum += (count - expected) * (count - expected) / expected;
        }
        return sum;
    }
}
