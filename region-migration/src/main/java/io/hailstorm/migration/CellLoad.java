package io.hailstorm.migration;

import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/**
 * How many fixes a second each routing cell brings, as a rate that forgets: what was counted {@value #HALF_LIFE_MS} ms ago weighs half.
 * One thread. Steady state: {@link #count} allocates nothing.
 */
public final class CellLoad {
    private static final long HALF_LIFE_MS = 60_000;
    private static final long DECAY_EVERY_MS = 1_000;
    private static final long NONE = -1;
    private static final int INITIAL_CELLS = 256;

    private final Long2LongHashMap indexByCell = new Long2LongHashMap(NONE);
    private long[] counts = new long[INITIAL_CELLS];
    private double[] rates = new double[INITIAL_CELLS];
    private long decayedMs = NONE;

    /** A fix in a routing cell. */
    public void count(long routingCell) {
        long index = indexByCell.get(routingCell);
        if (index == NONE) {
            index = add(routingCell);
        }
        counts[(int) index]++;
    }

    private long add(long routingCell) {
        int index = indexByCell.size();
        if (index == counts.length) {
            counts = Arrays.copyOf(counts, 2 * index);
            rates = Arrays.copyOf(rates, 2 * index);
        }
        indexByCell.put(routingCell, index);
        return index;
    }

    /** Time passes: what was counted since the last time enters the rates. */
    public void tick(long nowMs) {
        if (decayedMs == NONE) {
            decayedMs = nowMs;
        }
        long elapsedMs = nowMs - decayedMs;
        if (elapsedMs < DECAY_EVERY_MS) {
            return;
        }
        decayedMs = nowMs;
        double kept = Math.pow(0.5, (double) elapsedMs / HALF_LIFE_MS);
        for (int i = 0; i < indexByCell.size(); i++) {
            rates[i] = rates[i] * kept + counts[i] * 1_000.0 / elapsedMs * (1 - kept);
            counts[i] = 0;
        }
    }

    /** Fixes a second of a routing cell; 0 for one that never had any. */
    public double perSecond(long routingCell) {
        long index = indexByCell.get(routingCell);
        return index == NONE ? 0 : rates[(int) index];
    }
}
