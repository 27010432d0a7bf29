package io.hailstorm.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.pricing.PriceUpdate.CellPrice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PricingEngineTest {
    private static final long T0 = PricingWorld.START_MS;
    private static final long TICK_MS = 30_000;

    private final PricingWorld world = new PricingWorld(PricingConfig.defaults(), 4);
    private final long center = world.cells[0];

    @Test
    void publishesNothingWhileSupplyCoversDemand() {
        for (int tick = 1; tick <= 10; tick++) {
            world.idleFleet(2, T0 + tick * TICK_MS);
            world.newRiderAsks(center, T0 + tick * TICK_MS - 1);
            assertThat(world.tick(T0 + tick * TICK_MS)).isEmpty();
        }
    }

    @Test
    void publishesOnlyCellsThatChangedWithGrowingVersions() {
        surgeFor(30);

        List<PriceUpdate> updates = world.updates;
        assertThat(updates).hasSizeGreaterThan(3);
        PriceBook book = new PriceBook();
        for (int i = 0; i < updates.size(); i++) {
            PriceUpdate update = updates.get(i);
            assertThat(update.version()).isEqualTo(i + 1L);
            for (CellPrice change : update.changes()) {
                assertThat(change.multiplierMilli()).isNotEqualTo(book.multiplierMilli(change.cell()));
                assertThat(change.multiplierMilli() % 50).isZero();
            }
            assertThat(update.changes()).isSortedAccordingTo((a, b) -> Long.compare(a.cell(), b.cell()));
            book.apply(update);
        }
        assertThat(book.multiplierMilli(center)).isEqualTo(3_000);
        for (long cell : world.cells) {
            assertThat(book.multiplierMilli(cell)).isEqualTo(world.engine.multiplierMilli(cell));
        }
    }

    @Test
    void returnsToTheBaseWhenDemandIsGone() {
        surgeFor(10);
        for (int tick = 11; tick <= 120; tick++) {
            world.tick(T0 + tick * TICK_MS);
        }

        for (long cell : world.cells) {
            assertThat(world.engine.multiplierMilli(cell)).isEqualTo(1_000);
        }
    }

    @Test
    void ticksOnlyAtTheEndOfATick() {
        ask(1, T0 + 1_000);
        world.tick(T0 + TICK_MS);
        double rate = world.engine.demandPerS(center);

        assertThat(world.engine.onTick(T0 + TICK_MS)).isEmpty();
        assertThat(world.engine.onTick(T0 + 2 * TICK_MS - 1)).isEmpty();
        assertThat(world.engine.demandPerS(center)).isEqualTo(rate).isPositive();
    }

    @Test
    void followsTheRateOfTheFormulaSheet() {
        ask(1, T0 + 1_000);
        ask(2, T0 + 2_000);
        world.tick(T0 + TICK_MS);

        double keep = Math.exp(-30.0 / 180);
        assertThat(world.engine.demandPerS(center)).isCloseTo((1 - keep) * 2 / 30, within(1e-12));

        world.tick(T0 + 2 * TICK_MS);
        assertThat(world.engine.demandPerS(center)).isCloseTo(keep * (1 - keep) * 2 / 30, within(1e-12));
    }

    @Test
    void countsARiderAskingAgainOnce() {
        ask(1, T0 + 1_000);
        ask(1, T0 + 1_000);
        ask(1, T0 + 60_000);
        ask(1, T0 + 120_999);
        assertThat(world.engine.intentCount()).isEqualTo(1);
        assertThat(world.engine.intentRepeatedCount()).isEqualTo(3);

        ask(1, T0 + 121_000);
        world.engine.onQuoteIntent(new RiderId(1), PricingWorld.CELLS.center(world.cells[1]), T0 + 121_000);
        assertThat(world.engine.intentCount()).isEqualTo(3);
    }

    @Test
    void countsAgainWhenItsMemoryIsTooSmallToRecognizeARepeat() {
        PricingWorld small = new PricingWorld(PricingConfig.defaults().withIntentMemoryCount(2), 2);
        for (long rider : new long[] {1, 2, 3, 1}) {
            small.engine.onQuoteIntent(new RiderId(rider), PricingWorld.CENTER, T0);
        }
        assertThat(small.engine.intentCount()).isEqualTo(4);
    }

    @Test
    void correctsTheRateForALateIntentAsIfItHadBeenOnTime() {
        PricingWorld onTime = new PricingWorld(PricingConfig.defaults(), 4);
        onTime.engine.onQuoteIntent(new RiderId(1), PricingWorld.CENTER, T0 + 1);
        for (int tick = 1; tick <= 4; tick++) {
            onTime.tick(T0 + tick * TICK_MS);
            world.tick(T0 + tick * TICK_MS);
        }
        // The cell's clock runs only once something was counted there.
        ask(2, T0 + 3 * TICK_MS);
        onTime.engine.onQuoteIntent(new RiderId(2), PricingWorld.CENTER, T0 + 3 * TICK_MS);
        ask(1, T0 + 1);
        onTime.tick(T0 + 5 * TICK_MS);
        world.tick(T0 + 5 * TICK_MS);

        assertThat(world.engine.demandPerS(center))
                .isCloseTo(onTime.engine.demandPerS(center), within(1e-12))
                .isPositive();
    }

    @Test
    void dropsAndCountsAnIntentBeyondTheLatenessBound() {
        world.tick(T0 + 20 * TICK_MS);
        ask(1, T0 + 10 * TICK_MS - 1);
        assertThat(world.engine.intentDroppedCount()).isEqualTo(1);
        ask(1, T0 + 10 * TICK_MS);
        assertThat(world.engine.intentDroppedCount()).isEqualTo(1);
    }

    @Test
    void ignoresIntentsOutsideTheRegion() {
        world.engine.onQuoteIntent(new RiderId(1), GeoPoint.ofDegrees(40.7, -74.0), T0);
        assertThat(world.engine.intentCount()).isZero();
        assertThat(world.engine.intentDroppedCount()).isEqualTo(1);
    }

    @Test
    void aWildClockCannotStopACellFromDecaying() {
        world.tick(T0);
        ask(1, T0 + 86_400_000);
        for (int tick = 1; tick <= 100; tick++) {
            world.tick(T0 + tick * TICK_MS);
        }
        assertThat(world.engine.demandPerS(center)).isLessThan(1e-6);
    }

    @Test
    void followsDriversThroughCellsAndStates() {
        long other = world.cells[1];
        world.driver(7, center, DriverState.IDLE, T0);
        assertThat(world.engine.idleCount(center)).isEqualTo(1);
        world.driver(7, other, DriverState.IDLE, T0 + 1_000);
        assertThat(world.engine.idleCount(center)).isZero();
        assertThat(world.engine.idleCount(other)).isEqualTo(1);
        world.driver(7, other, DriverState.ON_TRIP, T0 + 2_000);
        assertThat(world.engine.idleCount(other)).isZero();
    }

    @Test
    void ignoresFixesOlderThanTheLastInTheDriversOrder() {
        world.driver(world.engine, 7, center, DriverState.IDLE, T0, 2, 5);
        world.driver(world.engine, 7, center, DriverState.OFFLINE, T0 + 1_000, 2, 5);
        world.driver(world.engine, 7, center, DriverState.OFFLINE, T0 + 1_000, 2, 4);
        world.driver(world.engine, 7, center, DriverState.OFFLINE, T0 + 1_000, 1, 99);
        assertThat(world.engine.idleCount(center)).isEqualTo(1);
        world.driver(world.engine, 7, center, DriverState.OFFLINE, T0 - 1_000, 3, 1);
        assertThat(world.engine.idleCount(center)).isZero();
    }

    @Test
    void takesASilentDriverOutOfTheSupplyUntilItIsHeardAgain() {
        world.driver(7, center, DriverState.IDLE, T0);
        world.tick(T0 + 150_000);
        assertThat(world.engine.idleCount(center)).isEqualTo(1);
        world.tick(T0 + 180_000);
        assertThat(world.engine.idleCount(center)).isZero();
        world.driver(7, center, DriverState.IDLE, T0 + 181_000);
        assertThat(world.engine.idleCount(center)).isEqualTo(1);
    }

    @Test
    void continuesAfterARestartWithoutAJump() {
        surgeFor(8);
        int before = world.engine.multiplierMilli(center);
        assertThat(before).isGreaterThan(1_500);

        PricingEngine restarted = world.newEngine();
        world.updates.forEach(restarted::replay);
        world.updates.forEach(restarted::replay);
        assertThat(restarted.version()).isEqualTo(world.engine.version());
        assertThat(restarted.multiplierMilli(center)).isEqualTo(before);
        PriceUpdate next = restarted.onTick(T0 + 60 * TICK_MS).orElseThrow();

        assertThat(next.version()).isEqualTo(world.engine.version() + 1);
        for (CellPrice change : next.changes()) {
            double held = world.engine.multiplierMilli(change.cell()) / 1_000.0;
            // Half a rounding step on either side of the slew.
            assertThat(change.multiplierMilli() / 1_000.0)
                    .isBetween(held / Math.sqrt(1.15) - 0.05, held * Math.sqrt(1.25) + 0.05);
        }
    }

    @Test
    void jumpsToTheBaseAfterARestartThatForgotItsPrices() {
        surgeFor(8);
        PricingEngine restarted = world.newEngine();
        restarted.onTick(T0 + 9 * TICK_MS);
        assertThat(restarted.multiplierMilli(center)).isEqualTo(1_000);
    }

    @Test
    void movesOneTicksWorthAfterAStall() {
        surgeFor(8);
        int before = world.engine.multiplierMilli(center);
        world.tick(T0 + 500 * TICK_MS);
        assertThat(world.engine.multiplierMilli(center) / (double) before).isGreaterThan(1 / Math.sqrt(1.15) - 0.04);
        assertThat(world.engine.demandPerS(center)).isLessThan(1e-12);
    }

    @Test
    void givesTheSameUpdatesForTheSameInput() {
        surgeFor(20);
        PricingWorld again = new PricingWorld(PricingConfig.defaults(), 4);
        surgeFor(again, 20);
        assertThat(again.updates).isEqualTo(world.updates).isNotEmpty();
    }

    @Test
    void visitsActiveCellsInOrder() {
        for (int driver = 1; driver <= 20; driver++) {
            world.driver(driver, center, DriverState.IDLE, T0);
        }
        world.driver(21, world.cells[30], DriverState.IDLE, T0);
        world.newRiderAsks(center, T0 + 1);
        world.tick(T0 + TICK_MS);
        List<Long> visited = new ArrayList<>();
        world.engine.forEachActiveCell((cell, demandPerS, idleCount, multiplierMilli) -> visited.add(cell));
        assertThat(visited).containsExactlyInAnyOrder(center, world.cells[30]).isSorted();
    }

    @Test
    void coversEveryChildOfTheRegionsRoutingCells() {
        long routingCell = PricingWorld.CELLS.parent(center, 7);
        PricingEngine region = new PricingEngine(PricingConfig.defaults(), PricingWorld.CELLS, Set.of(routingCell));
        assertThat(region.cellCount()).isEqualTo(7);
        world.driver(region, 7, center, DriverState.IDLE, T0, 1, 1);
        assertThat(region.idleCount(center)).isEqualTo(1);
    }

    private void ask(long rider, long timeMs) {
        world.engine.onQuoteIntent(new RiderId(rider), PricingWorld.CENTER, timeMs);
    }

    private void surgeFor(int tickCount) {
        surgeFor(world, tickCount);
    }

    /** Forty riders a tick ask at the centre, and nobody is there. */
    private static void surgeFor(PricingWorld world, int tickCount) {
        for (int tick = 1; tick <= tickCount; tick++) {
            long nowMs = T0 + tick * TICK_MS;
            for (int i = 0; i < 40; i++) {
                world.newRiderAsks(world.cells[0], nowMs - 1_000 + i);
            }
            world.tick(nowMs);
        }
    }
}
