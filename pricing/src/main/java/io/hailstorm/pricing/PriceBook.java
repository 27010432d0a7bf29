package io.hailstorm.pricing;

import io.hailstorm.pricing.PriceUpdate.CellPrice;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Prices in force: the fold of {@link PriceUpdate}s. One thread applies, any thread reads; a reader sees
 * the state after some whole update, never half of one.
 */
public final class PriceBook {
    private static final Price BASE = new Price(0, PriceUpdate.BASE_MULTIPLIER_MILLI);

    /**
     * Price of one cell.
     *
     * @param version publication that set it; 0 when none ever did
     * @param multiplierMilli thousandths of the base fare
     */
    public record Price(long version, int multiplierMilli) {}

    private record Snapshot(long version, Long2ObjectHashMap<Price> prices) {}

    private volatile Snapshot snapshot = new Snapshot(0, new Long2ObjectHashMap<>());

    /** Takes an update in. One already taken, or older, changes nothing, so redelivery is harmless. */
    public void apply(PriceUpdate update) {
        Snapshot before = snapshot;
        if (update.version() <= before.version) {
            return;
        }
        // Readers hold the old table without a lock, so it is copied and never changed.
        Long2ObjectHashMap<Price> prices = new Long2ObjectHashMap<>(before.prices);
        for (CellPrice change : update.changes()) {
            prices.put(change.cell(), new Price(update.version(), change.multiplierMilli()));
        }
        snapshot = new Snapshot(update.version(), prices);
    }

    /** Price and version of a cell (resolution 8), read together. */
    public Price price(long cell) {
        Price price = snapshot.prices.get(cell);
        return price == null ? BASE : price;
    }

    public int multiplierMilli(long cell) {
        return price(cell).multiplierMilli;
    }

    public long version(long cell) {
        return price(cell).version;
    }

    /** Latest publication taken in; 0 when none. */
    public long latestVersion() {
        return snapshot.version;
    }
}
