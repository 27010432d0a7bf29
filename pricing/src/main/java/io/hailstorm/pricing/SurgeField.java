package io.hailstorm.pricing;

/**
 * The smoothing chain over all cells of a region, in log prices; see the package description for the steps.
 * Uses {@link StrictMath}, so the same input gives the same bits on every machine.
 */
final class SurgeField {
    private final PricingConfig config;
    private final PricingCells cells;
    private final int envelopeRadius;
    private final double logMax;
    private final double logNeighbourRatio;
    private final double riseShare;
    private final double fallShare;
    private final double riseMax;
    private final double fallMax;
    private final double horizonS;
    /** y: the target, smoothed. */
    private final double[] smoothed;
    /** p: the target behind dead band and slew. */
    private final double[] limited;
    /** P: what is published, before rounding. */
    private final double[] price;

    SurgeField(PricingConfig config, PricingCells cells) {
        this.config = config;
        this.cells = cells;
        logMax = StrictMath.log(config.multiplierMax());
        logNeighbourRatio = StrictMath.log(config.neighbourRatioMax());
        envelopeRadius = envelopeRadius(config);
        riseShare = 1 - StrictMath.exp(-(double) config.tickMs() / config.riseDecayMs());
        fallShare = 1 - StrictMath.exp(-(double) config.tickMs() / config.fallDecayMs());
        riseMax = StrictMath.log(config.riseMaxPerMinute()) * config.tickMs() / 60_000;
        fallMax = StrictMath.log(config.fallMaxPerMinute()) * config.tickMs() / 60_000;
        horizonS = config.horizonMs() / 1_000.0;
        smoothed = new double[cells.count()];
        limited = new double[cells.count()];
        price = new double[cells.count()];
    }

    /** Beyond this many steps even the highest price no longer lifts a cell above the base. */
    static int envelopeRadius(PricingConfig config) {
        return (int) (StrictMath.log(config.multiplierMax()) / StrictMath.log(config.neighbourRatioMax()));
    }

    /** One tick: every cell moves at most one tick's slew. */
    void step(double[] ratePerS, SupplyFold supply) {
        for (int i = 0; i < cells.count(); i++) {
            double target = target(pooledDemand(i, ratePerS), pooledSupply(i, supply));
            double gap = target - smoothed[i];
            smoothed[i] += (gap > 0 ? riseShare : fallShare) * gap;
            limited[i] = limit(limited[i], smoothed[i], target);
        }
        for (int i = 0; i < cells.count(); i++) {
            price[i] = envelope(i);
        }
    }

    /** Continues from a price that was published: nothing jumps from there. */
    void restore(int cell, double multiplier) {
        double log = Math.clamp(StrictMath.log(multiplier), 0, logMax);
        smoothed[cell] = log;
        limited[cell] = log;
        price[cell] = log;
    }

    double multiplier(int cell) {
        return StrictMath.exp(price[cell]);
    }

    private double target(double demandPerS, double supply) {
        double c = config.regularizer();
        double ratio = StrictMath.log((demandPerS * horizonS + c) / (supply + c));
        return Math.clamp(config.sensitivity() * Math.max(0, ratio - config.threshold()), 0, logMax);
    }

    private double limit(double from, double to, double target) {
        // Without this, the last few percent would stay for ever inside the dead band.
        boolean calm = target == 0 && to < config.deadBand() / 2;
        double wanted = calm ? 0 : to;
        if (!calm && Math.abs(wanted - from) < config.deadBand()) {
            return from;
        }
        return Math.clamp(wanted, from - fallMax, from + riseMax);
    }

    /** P_i = max_j (p_j − ln r · distance): the lowest field above p whose neighbours differ by at most r. */
    private double envelope(int cell) {
        int[] disk = cells.disk(cell);
        double highest = limited[cell];
        int n = cells.countWithin(cell, 0);
        for (int k = 1; k <= envelopeRadius; k++) {
            double drop = k * logNeighbourRatio;
            int end = cells.countWithin(cell, k);
            for (; n < end; n++) {
                highest = Math.max(highest, limited[disk[n]] - drop);
            }
        }
        return highest;
    }

    private double pooledDemand(int cell, double[] ratePerS) {
        int[] disk = cells.disk(cell);
        double sum = 0;
        int n = 0;
        for (int k = 0; k < PricingConfig.RING_WEIGHTS.length; k++) {
            double ring = 0;
            int end = cells.countWithin(cell, k);
            for (; n < end; n++) {
                ring += ratePerS[disk[n]];
            }
            sum += PricingConfig.RING_WEIGHTS[k] * ring;
        }
        return sum;
    }

    private double pooledSupply(int cell, SupplyFold supply) {
        int[] disk = cells.disk(cell);
        double sum = 0;
        int n = 0;
        for (int k = 0; k < PricingConfig.RING_WEIGHTS.length; k++) {
            int ring = 0;
            int end = cells.countWithin(cell, k);
            for (; n < end; n++) {
                ring += supply.idleCount(disk[n]);
            }
            sum += PricingConfig.RING_WEIGHTS[k] * ring;
        }
        return sum;
    }
}
