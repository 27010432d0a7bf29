package io.hailstorm.node;

import io.hailstorm.matching.RoundCompleted;
import io.hailstorm.pricing.PriceUpdate;
import org.HdrHistogram.Histogram;
import org.agrona.collections.LongHashSet;

/** What a region's rounds and prices looked like over a run. Written by the region agent, read by any thread. */
final class RegionStats {
    private static final long MICROS_MAX = 60_000_000;
    private static final int SOLVES_KEPT = 1024;

    /** Rounds held, their solve time in real milliseconds, and the largest ones. */
    record Rounds(long count, double solveP50Ms, double solveP99Ms, int ridersMax, int driversMax) {}

    /**
     * @param cells that ever had a price off the base
     * @param changes published, a cell each
     */
    record Prices(int cells, int multiplierMilliMax, long changes) {}

    private final Histogram solveMicros = new Histogram(3);
    private final double[] solveMsByRound = new double[SOLVES_KEPT];
    private final long[] roundBySlot = new long[SOLVES_KEPT];
    private final LongHashSet pricedCells = new LongHashSet();
    private long roundCount;
    private int ridersMax;
    private int driversMax;
    private int multiplierMilliMax = PriceUpdate.BASE_MULTIPLIER_MILLI;
    private long priceChanges;
    private long skippedRecords;

    synchronized void round(RoundCompleted round, long solveNs) {
        roundCount++;
        ridersMax = Math.max(ridersMax, round.riderCount());
        driversMax = Math.max(driversMax, round.driverCount());
        solveMicros.recordValue(Math.clamp(solveNs / 1_000, 0, MICROS_MAX));
        int slot = (int) Math.floorMod(round.round(), (long) SOLVES_KEPT);
        roundBySlot[slot] = round.round();
        solveMsByRound[slot] = solveNs / 1e6;
    }

    /** How long a recent round took; {@link io.hailstorm.ops.NodeStatus#UNKNOWN_SOLVE_MS} for another. */
    synchronized double solveMs(long round) {
        int slot = (int) Math.floorMod(round, (long) SOLVES_KEPT);
        return roundBySlot[slot] == round ? solveMsByRound[slot] : io.hailstorm.ops.NodeStatus.UNKNOWN_SOLVE_MS;
    }

    synchronized void prices(PriceUpdate update) {
        for (PriceUpdate.CellPrice change : update.changes()) {
            pricedCells.add(change.cell());
            multiplierMilliMax = Math.max(multiplierMilliMax, change.multiplierMilli());
            priceChanges++;
        }
    }

    synchronized Rounds rounds() {
        return new Rounds(
                roundCount,
                solveMicros.getValueAtPercentile(50) / 1e3,
                solveMicros.getValueAtPercentile(99) / 1e3,
                ridersMax,
                driversMax);
    }

    /** A record that no fold knows: of a type, or with a payload, that a newer version brought. */
    synchronized void skipped() {
        skippedRecords++;
    }

    synchronized long skippedRecords() {
        return skippedRecords;
    }

    synchronized Prices prices() {
        return new Prices(pricedCells.size(), multiplierMilliMax, priceChanges);
    }
}
