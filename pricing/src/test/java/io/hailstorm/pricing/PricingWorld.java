package io.hailstorm.pricing;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.agrona.concurrent.UnsafeBuffer;

/** A round city of pricing cells around San Francisco, with drivers that report and riders that ask. */
final class PricingWorld {
    static final Cells CELLS = Cells.create();
    static final GeoPoint CENTER = GeoPoint.ofDegrees(37.77, -122.43);
    static final long START_MS = 1_700_000_010_000L - 1_700_000_010_000L % 30_000;

    final PricingConfig config;
    final PricingEngine engine;
    /** By rings from the centre. */
    final long[] cells;

    final List<PriceUpdate> updates = new ArrayList<>();
    private final FixView fix = new FixView();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[FixDescriptor.LENGTH]);
    private long riderCount;
    private long nextSeq = 1;

    PricingWorld(PricingConfig config, int radius) {
        this.config = config;
        long center = PricingCells.cellOf(CELLS, CENTER);
        cells = new long[3 * radius * (radius + 1) + 1];
        int count = CELLS.gridDisk(center, radius, cells);
        if (count != cells.length) {
            throw new AssertionError("expected " + cells.length + " cells, got " + count);
        }
        engine = newEngine();
    }

    /** A fresh engine over the same cells, as after a restart. */
    PricingEngine newEngine() {
        TreeSet<Long> sorted = new TreeSet<>();
        for (long cell : cells) {
            sorted.add(cell);
        }
        return new PricingEngine(config, new PricingCells(CELLS, sorted, PricingEngine.radius(config)));
    }

    void driver(long driver, long cell, DriverState state, long timeMs) {
        driver(engine, driver, cell, state, timeMs, 1, nextSeq++);
    }

    void driver(PricingEngine to, long driver, long cell, DriverState state, long timeMs, long session, long seq) {
        GeoPoint place = CELLS.center(cell);
        fix.wrap(buffer, 0)
                .driver(driver)
                .session(session)
                .seq(seq)
                .deviceMs(timeMs)
                .cell(CELLS.cellOf(place.latE7(), place.lonE7(), FixDescriptor.CELL_RESOLUTION))
                .position(place.latE7(), place.lonE7())
                .de(0)
                .state(state.code());
        to.onFix(fix);
    }

    /** {@code perCell} idle drivers in every cell report. */
    void idleFleet(int perCell, long timeMs) {
        for (int i = 0; i < cells.length * perCell; i++) {
            driver(i + 1L, cells[i % cells.length], DriverState.IDLE, timeMs);
        }
    }

    /** A rider never seen before asks at the centre of a cell. */
    void newRiderAsks(long cell, long timeMs) {
        engine.onQuoteIntent(new RiderId(++riderCount), CELLS.center(cell), timeMs);
    }

    /** Poisson many riders ask in every cell during the tick that ends at {@code tickEndMs}. */
    void ridersAsk(long seed, long tickEndMs, double[] perTick) {
        for (int i = 0; i < cells.length; i++) {
            int count = poisson(perTick[i], seed, cells[i], tickEndMs);
            for (int n = 0; n < count; n++) {
                newRiderAsks(cells[i], tickEndMs - config.tickMs() + 1 + n);
            }
        }
    }

    Optional<PriceUpdate> tick(long nowMs) {
        Optional<PriceUpdate> update = engine.onTick(nowMs);
        update.ifPresent(updates::add);
        return update;
    }

    double multiplier(int cell) {
        return engine.multiplierMilli(cells[cell]) / 1_000.0;
    }

    private static int poisson(double mean, long seed, long cell, long step) {
        double limit = Math.exp(-mean);
        double product = CounterRandom.uniform(seed, cell, step, 0);
        int count = 0;
        while (product > limit) {
            count++;
            product *= CounterRandom.uniform(seed, cell, step, count);
        }
        return count;
    }
}
