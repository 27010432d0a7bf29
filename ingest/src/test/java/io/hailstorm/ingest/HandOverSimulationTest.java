package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.protocol.v1.Event.PayloadCase;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two nodes that hand drivers over to each other while all goes wrong that may. */
class HandOverSimulationTest {
    private static final int SEEDS = 40;
    private static final int MUTATION_SEEDS = 400;

    @Test
    void keepsEachDriversRecordWholeAndInOrderWhateverHappens() {
        Map<PayloadCase, Long> steps = new EnumMap<>(PayloadCase.class);
        int crashes = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            try (HandOverSimulation world = new HandOverSimulation(seed, Safeguards.ALL)) {
                assertThat(world.run()).as("seed %d", seed).isEmpty();
                crashes += world.crashCount;
                for (PayloadCase step : PayloadCase.values()) {
                    steps.merge(step, world.count(step), Long::sum);
                }
            }
        }
        assertThat(crashes).isGreaterThan(SEEDS);
        assertThat(steps.get(PayloadCase.DRIVER_HANDED_OVER)).isGreaterThan(SEEDS);
        assertThat(steps.get(PayloadCase.DRIVER_TAKEN_IN)).isGreaterThan(SEEDS);
        assertThat(steps.get(PayloadCase.HAND_OVER_RECALLED)).isPositive();
        assertThat(steps.get(PayloadCase.HAND_OVER_REFUSED)).isPositive();
    }

    @ParameterizedTest
    @EnumSource(
            value = Safeguard.class,
            names = {"DEDUPE", "HANDOVER_EPOCH", "HANDOVER_DURABLE", "TOMBSTONE_BEFORE_TAKE_BACK"})
    void noticesTheLossOfEachProtection(Safeguard safeguard) {
        boolean noticed = false;
        for (long seed = 1; seed <= MUTATION_SEEDS && !noticed; seed++) {
            try (HandOverSimulation world = new HandOverSimulation(seed, Safeguards.without(safeguard))) {
                noticed = !world.run().isEmpty();
            }
        }
        assertThat(noticed)
                .as("%s was removed, and no invariant broke", safeguard)
                .isTrue();
    }
}
