package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.pricing.PricingConfig;
import io.hailstorm.protocol.v1.PricesPublished;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether published prices kept to the slew, as somebody who reads what was published sees it, whoever published. A price
 * may move from one publication to the next by the slew of the ticks between them, and by what rounding adds.
 */
final class PriceSteps {
    private static final double MS_PER_MINUTE = 60_000;
    private static final int EXAMPLES_MAX = 20;

    private final PricingConfig config;
    private final Map<Long, Integer> milliByCell = new HashMap<>();
    private final List<String> examples = new ArrayList<>();
    private long tickMs;
    private long changes;
    private long jumps;
    private double largest = 1;

    PriceSteps(PricingConfig config) {
        this.config = config;
    }

    /** Goes on with the publications of a log, those from one offset to another. */
    void read(PartitionReader prices, long fromOffset, long endOffsetExclusive) {
        HistoryChecker.readAll(prices, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.EVENT && offset >= fromOffset && offset < endOffsetExclusive) {
                var event = EventReader.read(buffer, index, length);
                if (event.hasPricesPublished()) {
                    take(event.getPricesPublished());
                }
            }
            return true;
        });
    }

    private void take(PricesPublished published) {
        long sinceMs = tickMs == 0 ? config.tickMs() : Math.max(config.tickMs(), published.getTickTimeMs() - tickMs);
        tickMs = Math.max(tickMs, published.getTickTimeMs());
        double up = Math.pow(config.riseMaxPerMinute(), sinceMs / MS_PER_MINUTE);
        double down = Math.pow(config.fallMaxPerMinute(), sinceMs / MS_PER_MINUTE);
        for (int i = 0; i < published.getCellsCount(); i++) {
            int milli = published.getMultiplierMilli(i);
            Integer before = milliByCell.put(published.getCells(i), milli);
            step(published.getCells(i), before == null ? PriceUpdate.BASE_MULTIPLIER_MILLI : before, milli, up, down);
        }
    }

    private void step(long cell, int before, int after, double up, double down) {
        changes++;
        largest = Math.max(largest, Math.max((double) after / before, (double) before / after));
        // Each of the two is the nearest multiple of a step to what it stands for.
        double half = config.multiplierStepMilli() / 2.0;
        boolean isWithin = after <= (before + half) * up + half && after >= (before - half) / down - half;
        if (!isWithin) {
            jumps++;
            if (examples.size() < EXAMPLES_MAX) {
                examples.add("price of cell " + Long.toHexString(cell) + " went from " + before + " to " + after
                        + " thousandths at " + tickMs);
            }
        }
    }

    /** Prices published, a cell each. */
    long changes() {
        return changes;
    }

    /** Of these, beyond the slew. */
    long jumps() {
        return jumps;
    }

    /** The largest factor from one publication of a cell to its next, either way. */
    double largest() {
        return largest;
    }

    List<String> examples() {
        return List.copyOf(examples);
    }
}
