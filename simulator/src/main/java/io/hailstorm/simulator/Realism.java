package io.hailstorm.simulator;

/**
 * What real phones and radio networks do to fixes. Every part can be switched off by its zero.
 *
 * @param gpsNoiseMeters standard deviation of the position error on each axis; it drifts, with a correlation time of
 *     30 s, rather than jumping from fix to fix
 * @param dropoutProbability a due fix is not taken (tunnel, sleeping phone)
 * @param batchMax fixes are sent in batches of 1 to this many, mostly few
 * @param delayMedianMs median of the lognormal network delay of a batch; 0 is none
 * @param delayOverTenSecondsProbability share of the batches that are delayed by more than 10 s
 * @param duplicateProbability a batch is sent twice
 * @param reorderProbability a batch overtakes the one before it
 * @param clockSkewMaxMs each phone's clock is off by a constant, uniform in plus or minus this
 * @param streamDropsPerHour how often a phone's stream breaks; it comes back with the same session
 * @param restartsPerHour how often the app is restarted, which begins a new session once everything is acknowledged
 */
public record Realism(
        double gpsNoiseMeters,
        double dropoutProbability,
        int batchMax,
        double delayMedianMs,
        double delayOverTenSecondsProbability,
        double duplicateProbability,
        double reorderProbability,
        int clockSkewMaxMs,
        double streamDropsPerHour,
        double restartsPerHour) {

    /** The default of synthetic fleets. */
    public static Realism on() {
        return new Realism(4.0, 0.01, 10, 300, 0.01, 0.005, 0.01, 2_000, 1.0, 0.25);
    }

    /** Nothing is done to fixes: recorded input, which brings its own. */
    public static Realism off() {
        return new Realism(0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    /** The same with larger or smaller batches. */
    public Realism withBatchMax(int value) {
        return new Realism(
                gpsNoiseMeters,
                dropoutProbability,
                value,
                delayMedianMs,
                delayOverTenSecondsProbability,
                duplicateProbability,
                reorderProbability,
                clockSkewMaxMs,
                streamDropsPerHour,
                restartsPerHour);
    }
}
