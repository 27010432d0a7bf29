package io.hailstorm.pricing;

import java.util.Arrays;

/**
 * Decaying rate of quote intents per cell, in event time.
 *
 * <p>At the end of each tick λ ← e^(−Δ/T)·λ + (1−e^(−Δ/T))·n/Δ. The rule is linear in the counts, so an intent that
 * arrives after its tick closed is added with the weight it would have by now: the rate is then exactly what it
 * would have been. A cell's clock only advances when the cell is touched; quiet cells cost nothing.
 */
final class DemandWindow {
    private static final long NOT_STARTED = Long.MIN_VALUE;

    private final double tickS;
    private final double decayTicks;
    private final double keep;
    private final double weight;
    /** By cell: first tick not yet folded into the rate. */
    private final long[] openTick;
    /** By cell: intents of the open tick. */
    private final int[] openCount;
    /** By cell: intents a second, as of the start of the open tick. */
    private final double[] ratePerS;

    DemandWindow(int cellCount, long tickMs, long decayMs) {
        tickS = tickMs / 1_000.0;
        decayTicks = (double) decayMs / tickMs;
        keep = StrictMath.exp(-1 / decayTicks);
        weight = (1 - keep) / tickS;
        openTick = new long[cellCount];
        openCount = new int[cellCount];
        ratePerS = new double[cellCount];
        Arrays.fill(openTick, NOT_STARTED);
    }

    /** Counts an intent of a tick, which may be closed already. */
    void add(int cell, long tick) {
        if (tick > openTick[cell]) {
            advance(cell, tick);
        }
        if (tick == openTick[cell]) {
            openCount[cell]++;
        } else {
            ratePerS[cell] += weight * keepOver(openTick[cell] - 1 - tick);
        }
    }

    /** Closes every tick before {@code tick} and answers the rate then. */
    double ratePerS(int cell, long tick) {
        if (openTick[cell] == NOT_STARTED) {
            return 0;
        }
        if (tick > openTick[cell]) {
            advance(cell, tick);
        }
        return ratePerS[cell];
    }

    double ratePerS(int cell) {
        return ratePerS[cell];
    }

    private void advance(int cell, long tick) {
        if (openTick[cell] != NOT_STARTED) {
            double closed = keep * ratePerS[cell] + weight * openCount[cell];
            ratePerS[cell] = closed * keepOver(tick - openTick[cell] - 1);
        }
        openTick[cell] = tick;
        openCount[cell] = 0;
    }

    private double keepOver(long tickCount) {
        return tickCount == 0 ? 1 : StrictMath.exp(-tickCount / decayTicks);
    }
}
