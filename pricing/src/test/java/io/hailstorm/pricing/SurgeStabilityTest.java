package io.hailstorm.pricing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** 271 cells, 90 minutes, demand five times as high around the centre from minute 20 to minute 50. */
class SurgeStabilityTest {
    private static final long SEED = Long.getLong("seed", 7);
    private static final int RADIUS = 9;
    private static final int CELL_COUNT = 271;
    /** Cells around the centre whose demand steps up. */
    private static final int STEPPED_COUNT = 37;

    private static final int TICK_COUNT = 180;
    /** A multiplier in whole thousandths is off by at most half of one. */
    private static final double ROUNDING = 1 + 0.0011;

    /** Reversals are those of the worst stepped cell; the rest is over all cells. */
    private record Ride(int reversalsMax, double riseMax, double fallMax, double neighbourRatioMax, double highest) {}

    @Test
    void keepsPricesCalmThroughADemandStep() {
        Ride ride = ride(PricingConfig.defaults().withMultiplierStepMilli(1));

        assertThat(ride.highest).as("seed %d", SEED).isBetween(2.0, 3.0);
        assertThat(ride.reversalsMax).isLessThanOrEqualTo(8);
        assertThat(ride.riseMax).isLessThanOrEqualTo(Math.sqrt(1.25) * ROUNDING);
        assertThat(ride.fallMax).isLessThanOrEqualTo(Math.sqrt(1.15) * ROUNDING);
        assertThat(ride.neighbourRatioMax).isGreaterThan(1.25).isLessThanOrEqualTo(1.301);
    }

    @Test
    void staysWithinAStepOfTheBoundsWhenRoundedForRiders() {
        Ride ride = ride(PricingConfig.defaults());

        assertThat(ride.highest).isLessThanOrEqualTo(3.0);
        assertThat(ride.riseMax).isLessThanOrEqualTo(Math.sqrt(1.25) + 0.05);
        assertThat(ride.neighbourRatioMax).isLessThanOrEqualTo(1.3 + 0.05);
    }

    @Test
    void jumpsAndFlickersWithoutSmoothingDeadBandAndSlew() {
        Ride ride = ride(config(1, 1, 0, 1_000, 1_000, 1.3, 3));

        assertThat(ride.reversalsMax).isGreaterThan(30);
        assertThat(ride.riseMax).isGreaterThan(1.3);
    }

    @Test
    void reversesMoreWithoutTheDeadBand() {
        assertThat(ride(config(90_000, 240_000, 0, 1.25, 1.15, 1.3, 3)).reversalsMax)
                .isGreaterThan(8);
    }

    @Test
    void tearsNeighboursApartWithoutTheEnvelope() {
        assertThat(ride(config(90_000, 240_000, 0.03, 1.25, 1.15, 3.01, 3)).neighbourRatioMax)
                .isGreaterThan(1.301);
    }

    @Test
    void neverPassesTheCap() {
        assertThat(ride(config(90_000, 240_000, 0.03, 1.25, 1.15, 1.3, 1.5)).highest)
                .isBetween(1.45, 1.5);
    }

    private static Ride ride(PricingConfig config) {
        PricingWorld world = new PricingWorld(config, RADIUS);
        int[][] neighbours = neighbours(world);
        double[] before = new double[CELL_COUNT];
        Arrays.fill(before, 1);
        int[] direction = new int[CELL_COUNT];
        int[] reversals = new int[CELL_COUNT];
        double riseMax = 1;
        double fallMax = 1;
        double ratioMax = 1;
        double highest = 1;
        for (int tick = 1; tick <= TICK_COUNT; tick++) {
            long nowMs = PricingWorld.START_MS + tick * config.tickMs();
            world.idleFleet(3, nowMs - 10_000);
            world.ridersAsk(SEED, nowMs, demandPerTick(tick));
            world.tick(nowMs);
            for (int i = 0; i < CELL_COUNT; i++) {
                double now = world.multiplier(i);
                riseMax = Math.max(riseMax, now / before[i]);
                fallMax = Math.max(fallMax, before[i] / now);
                highest = Math.max(highest, now);
                int sign = Double.compare(now, before[i]);
                if (sign != 0 && direction[i] != 0 && sign != direction[i]) {
                    reversals[i]++;
                }
                direction[i] = sign != 0 ? sign : direction[i];
                for (int j : neighbours[i]) {
                    ratioMax = Math.max(ratioMax, now / world.multiplier(j));
                }
                before[i] = now;
            }
        }
        return new Ride(
                Arrays.stream(reversals, 0, STEPPED_COUNT).max().orElseThrow(), riseMax, fallMax, ratioMax, highest);
    }

    /** 0.3 intents a cell and tick; five times that in the stepped cells, minute 20 to 50. */
    private static double[] demandPerTick(int tick) {
        double[] perTick = new double[CELL_COUNT];
        for (int i = 0; i < CELL_COUNT; i++) {
            perTick[i] = i < STEPPED_COUNT && tick > 40 && tick <= 100 ? 1.5 : 0.3;
        }
        return perTick;
    }

    private static int[][] neighbours(PricingWorld world) {
        int[][] neighbours = new int[CELL_COUNT][];
        for (int i = 0; i < CELL_COUNT; i++) {
            long[] disk = new long[7];
            PricingWorld.CELLS.gridDisk(world.cells[i], 1, disk);
            int cell = i;
            neighbours[i] = IntStream.range(0, CELL_COUNT)
                    .filter(j -> j != cell && Arrays.stream(disk).anyMatch(near -> near == world.cells[j]))
                    .toArray();
        }
        return neighbours;
    }

    private static PricingConfig config(
            long riseDecayMs,
            long fallDecayMs,
            double deadBand,
            double riseMax,
            double fallMax,
            double neighbourRatioMax,
            double multiplierMax) {
        PricingConfig base = PricingConfig.defaults();
        return new PricingConfig(
                base.tickMs(),
                base.demandDecayMs(),
                base.horizonMs(),
                base.regularizer(),
                base.sensitivity(),
                base.threshold(),
                multiplierMax,
                riseDecayMs,
                fallDecayMs,
                deadBand,
                riseMax,
                fallMax,
                neighbourRatioMax,
                base.driverSilenceMs(),
                base.intentRepeatMs(),
                base.intentLatenessMs(),
                base.intentMemoryCount(),
                1);
    }
}
