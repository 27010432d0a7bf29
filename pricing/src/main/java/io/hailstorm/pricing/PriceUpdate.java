package io.hailstorm.pricing;

import io.hailstorm.kernel.Invariants;
import java.util.List;

/**
 * One publication of prices: the cells whose multiplier changed at a tick.
 *
 * @param version grows by one with every publication
 * @param tickTimeMs end of the tick, event time
 * @param changes in ascending order of cell, at least one
 */
public record PriceUpdate(long version, long tickTimeMs, List<CellPrice> changes) {
    /** Multiplier where nothing was ever published. */
    public static final int BASE_MULTIPLIER_MILLI = 1_000;

    /**
     * @param cell H3 index at resolution 8
     * @param multiplierMilli thousandths of the base fare, 1000 and up
     */
    public record CellPrice(long cell, int multiplierMilli) {}

    public PriceUpdate {
        Invariants.require(version > 0, "price version must be positive");
        Invariants.require(!changes.isEmpty(), "a price update without a change");
        changes = List.copyOf(changes);
    }
}
