package io.hailstorm.pricing;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.pricing.PriceUpdate.CellPrice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Prices of one region: folds fixes into supply and quote intents into demand, and at every tick publishes
 * the cells whose multiplier changed.
 *
 * <p>One thread. Deterministic: the same calls in the same order give the same updates, bit for bit. Recovery:
 * {@link #replay} the published updates, then feed the recent intents and fixes again, then tick on; prices
 * continue within the slew from what riders last saw.
 */
public final class PricingEngine {
    private static final long NOT_TICKED = Long.MIN_VALUE;
    /** Intents dated further ahead than this are counted here, so that a wild clock cannot push a cell's time. */
    private static final int TICKS_AHEAD_MAX = 2;

    private final PricingConfig config;
    private final PricingCells cells;
    private final DemandWindow demand;
    private final IntentMemory intents;
    private final SupplyFold supply;
    private final SurgeField surge;
    private final double[] ratePerS;
    private final int[] publishedMilli;

    private long version;
    private long lastTick = NOT_TICKED;
    private long intentCount;
    private long intentRepeatedCount;
    private long intentDroppedCount;

    /** Receives what is known of one cell. */
    @FunctionalInterface
    public interface CellVisitor {
        /**
         * @param cell H3 index at resolution 8
         * @param demandPerS quote intents a second, decayed
         * @param idleCount idle drivers
         * @param multiplierMilli published, thousandths
         */
        void onCell(long cell, double demandPerS, int idleCount, int multiplierMilli);
    }

    /** @param routingCells the region, resolution 7; everything outside is ignored */
    public PricingEngine(PricingConfig config, Cells geometry, Set<Long> routingCells) {
        this(config, PricingCells.under(geometry, routingCells, radius(config)));
    }

    PricingEngine(PricingConfig config, PricingCells cells) {
        this.config = config;
        this.cells = cells;
        demand = new DemandWindow(cells.count(), config.tickMs(), config.demandDecayMs());
        intents = new IntentMemory(config.intentRepeatMs(), config.intentMemoryCount());
        supply = new SupplyFold(cells);
        surge = new SurgeField(config, cells);
        ratePerS = new double[cells.count()];
        publishedMilli = new int[cells.count()];
        Arrays.fill(publishedMilli, PriceUpdate.BASE_MULTIPLIER_MILLI);
    }

    /** A durable fix. Older than the driver's last one: ignored. Steady state: no allocation. */
    public void onFix(FixView fix) {
        supply.onFix(fix);
    }

    /**
     * A durable quote. The same rider asking again in the same cell within {@link PricingConfig#intentRepeatMs} is
     * one intent. Late ones correct the rate up to {@link PricingConfig#intentLatenessMs}, then are dropped and
     * counted.
     *
     * @param timeMs when the quote was asked for
     */
    public void onQuoteIntent(RiderId rider, GeoPoint pickup, long timeMs) {
        int cell = cells.indexOf(pickup);
        if (cell == PricingCells.NULL_INDEX || isTooLate(timeMs)) {
            intentDroppedCount++;
        } else if (!intents.admit(rider.value(), cell, timeMs)) {
            intentRepeatedCount++;
        } else {
            intentCount++;
            long tick = Math.floorDiv(timeMs, config.tickMs());
            demand.add(cell, lastTick == NOT_TICKED ? tick : Math.min(tick, lastTick + TICKS_AHEAD_MAX));
        }
    }

    /**
     * Closes the ticks that ended by {@code nowMs}. After a gap of several, demand decays over all of them but prices
     * move one tick's worth: a stall must not show riders a jump.
     *
     * @return what changed; empty between ticks, and when nothing changed
     */
    public Optional<PriceUpdate> onTick(long nowMs) {
        long tick = Math.floorDiv(nowMs, config.tickMs());
        if (tick <= lastTick) {
            return Optional.empty();
        }
        lastTick = tick;
        long tickTimeMs = tick * config.tickMs();
        supply.dropSilentSince(tickTimeMs - config.driverSilenceMs());
        intents.forgetBefore(tickTimeMs - config.intentLatenessMs() - config.intentRepeatMs());
        for (int i = 0; i < ratePerS.length; i++) {
            ratePerS[i] = demand.ratePerS(i, tick);
        }
        surge.step(ratePerS, supply);
        List<CellPrice> changes = takeChanges();
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        version++;
        return Optional.of(new PriceUpdate(version, tickTimeMs, changes));
    }

    /** Recovery: takes back an update published before. In order of version; one already taken changes nothing. */
    public void replay(PriceUpdate update) {
        if (update.version() <= version) {
            return;
        }
        version = update.version();
        lastTick = Math.max(lastTick, Math.floorDiv(update.tickTimeMs(), config.tickMs()));
        for (CellPrice change : update.changes()) {
            int cell = cells.indexOf(change.cell());
            if (cell != PricingCells.NULL_INDEX) {
                publishedMilli[cell] = change.multiplierMilli();
                surge.restore(cell, change.multiplierMilli() / 1_000.0);
            }
        }
    }

    /** Version of the last update published or replayed; 0 before the first. */
    public long version() {
        return version;
    }

    /** Cells of the region that have demand, supply or a price, in ascending order. As of the last tick and fix. */
    public void forEachActiveCell(CellVisitor visitor) {
        for (int i = 0; i < cells.count(); i++) {
            int idle = supply.idleCount(i);
            if (ratePerS[i] > 0 || idle > 0 || publishedMilli[i] != PriceUpdate.BASE_MULTIPLIER_MILLI) {
                visitor.onCell(cells.cell(i), ratePerS[i], idle, publishedMilli[i]);
            }
        }
    }

    /** Idle drivers in a cell (resolution 8); 0 outside the region. */
    public int idleCount(long cell) {
        int index = cells.indexOf(cell);
        return index == PricingCells.NULL_INDEX ? 0 : supply.idleCount(index);
    }

    /** Quote intents a second in a cell as of the last tick; 0 outside the region. */
    public double demandPerS(long cell) {
        int index = cells.indexOf(cell);
        return index == PricingCells.NULL_INDEX ? 0 : ratePerS[index];
    }

    /** Published multiplier of a cell; the base outside the region. */
    public int multiplierMilli(long cell) {
        int index = cells.indexOf(cell);
        return index == PricingCells.NULL_INDEX ? PriceUpdate.BASE_MULTIPLIER_MILLI : publishedMilli[index];
    }

    /** Pricing cells of the region. */
    public int cellCount() {
        return cells.count();
    }

    /** Intents counted as demand. */
    public long intentCount() {
        return intentCount;
    }

    /** Intents that repeated one already counted. */
    public long intentRepeatedCount() {
        return intentRepeatedCount;
    }

    /** Intents too late, or outside the region. */
    public long intentDroppedCount() {
        return intentDroppedCount;
    }

    /** How far around a cell the chain looks. */
    static int radius(PricingConfig config) {
        return Math.max(PricingConfig.RING_WEIGHTS.length - 1, SurgeField.envelopeRadius(config));
    }

    private boolean isTooLate(long timeMs) {
        return lastTick != NOT_TICKED && timeMs < lastTick * config.tickMs() - config.intentLatenessMs();
    }

    private List<CellPrice> takeChanges() {
        List<CellPrice> changes = new ArrayList<>();
        int stepMilli = config.multiplierStepMilli();
        for (int i = 0; i < publishedMilli.length; i++) {
            int milli = (int) Math.round(surge.multiplier(i) * 1_000 / stepMilli) * stepMilli;
            Invariants.require(milli >= PriceUpdate.BASE_MULTIPLIER_MILLI, "a price below the base");
            if (milli != publishedMilli[i]) {
                publishedMilli[i] = milli;
                changes.add(new CellPrice(cells.cell(i), milli));
            }
        }
        return changes;
    }
}
