package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The log of several regions against crashes of power and process, a bad network and a witness that is down at times. */
final class GeoLogTest {
    private static final int SEEDS = 5;
    private static final int STEPS = 20_000;
    private static final int MUTANT_SEEDS = 60;

    private static long firstSeed() {
        return Long.getLong("seed", 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"GEO", "DISK"})
    void losesNothingUnreportedThatWasShownAndAgreesOnceFaultsStop(AckLevel level) {
        long crashes = 0;
        long shown = 0;
        long lost = 0;
        for (long seed = firstSeed(); seed < firstSeed() + SEEDS; seed++) {
            GeoSimulation simulation = new GeoSimulation(seed, 2, level, Safeguards.ALL);
            run(simulation, seed);
            crashes += simulation.crashes;
            shown += simulation.shownCount();
            lost += simulation.lost;
        }
        assertThat(crashes).isGreaterThan(SEEDS);
        assertThat(shown).isGreaterThan(SEEDS * 1_000L);
        if (level == AckLevel.DISK) {
            assertThat(lost)
                    .as("nothing was lost, so nothing shows that losses are reported")
                    .isPositive();
        } else {
            assertThat(lost).isZero();
        }
    }

    /** A machine that comes back with an empty disk under its old name speaks for nobody until it has everything again. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void aMemberThatLostItsDiskTakesNothingWithIt(int members) {
        int wipes = 0;
        for (long seed = firstSeed(); seed < firstSeed() + 3 * SEEDS; seed++) {
            GeoSimulation simulation = new GeoSimulation(seed, members, AckLevel.GEO, Safeguards.ALL);
            simulation.losesDisks = true;
            run(simulation, seed);
            wipes += simulation.wipes;
        }
        assertThat(wipes).isGreaterThan(3 * SEEDS);
    }

    @Test
    void threeRegionsAgreeToo() {
        for (long seed = firstSeed(); seed < firstSeed() + SEEDS / 2 + 1; seed++) {
            run(new GeoSimulation(seed, 3, AckLevel.GEO, Safeguards.ALL), seed);
        }
    }

    private static void run(GeoSimulation simulation, long seed) {
        try {
            simulation.run(STEPS);
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed + " (-Dseed=" + seed + "): " + e.getMessage(), e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FENCE_BEFORE_TAKEOVER", "ACK_AFTER_SYNC"})
    void noticesThatAProtectionIsMissing(Safeguard removed) {
        long first = removed == Safeguard.ACK_AFTER_SYNC ? 30 : 1; // the disk has to be unlucky, too
        for (long seed = first; seed < first + MUTANT_SEEDS; seed++) {
            try {
                new GeoSimulation(seed, 2, AckLevel.GEO, Safeguards.without(removed)).run(STEPS);
            } catch (GeoSimulation.Violation caught) {
                assertThat(caught).hasMessageContaining("shown");
                return;
            }
        }
        throw new AssertionError("nobody noticed that " + removed + " is missing");
    }
}
