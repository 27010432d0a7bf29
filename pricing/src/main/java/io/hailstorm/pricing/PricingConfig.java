package io.hailstorm.pricing;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/**
 * The constants of the smoothing chain; {@link PricingEngine} says what each does.
 *
 * @param tickMs length of a tick, Δ, in event time
 * @param demandDecayMs time constant of the demand rate
 * @param horizonMs h: demand expected within this time is held against the supply
 * @param regularizer c: keeps quiet cells at a ratio of one
 * @param sensitivity β: how much of the log ratio becomes price
 * @param threshold x₀: log ratio below which nothing is added
 * @param multiplierMax cap of every price
 * @param riseDecayMs τ_up
 * @param fallDecayMs τ_down
 * @param deadBand smallest change of the log price worth following
 * @param riseMaxPerMinute largest factor up in one minute
 * @param fallMaxPerMinute largest divisor down in one minute
 * @param neighbourRatioMax largest ratio between two neighbouring cells
 * @param driverSilenceMs a driver whose last fix is older than this is no supply
 * @param intentRepeatMs a rider asking again in the same cell within this time is the same intent
 * @param intentLatenessMs an intent older than this is dropped and counted
 * @param intentMemoryCount bound of remembered intents; beyond it the oldest is forgotten and may count twice
 * @param multiplierStepMilli published multipliers are multiples of this
 */
public record PricingConfig(
        long tickMs,
        long demandDecayMs,
        long horizonMs,
        double regularizer,
        double sensitivity,
        double threshold,
        double multiplierMax,
        long riseDecayMs,
        long fallDecayMs,
        double deadBand,
        double riseMaxPerMinute,
        double fallMaxPerMinute,
        double neighbourRatioMax,
        long driverSilenceMs,
        long intentRepeatMs,
        long intentLatenessMs,
        int intentMemoryCount,
        int multiplierStepMilli) {

    /** Rings pooled around a cell, and the weight of each ring's cells. */
    static final double[] RING_WEIGHTS = {1.0, 0.5, 0.25};

    public PricingConfig {
        require(tickMs > 0, "tickMs", tickMs);
        require(demandDecayMs > 0, "demandDecayMs", demandDecayMs);
        require(horizonMs > 0, "horizonMs", horizonMs);
        require(regularizer > 0, "regularizer", regularizer);
        require(sensitivity > 0, "sensitivity", sensitivity);
        require(threshold >= 0, "threshold", threshold);
        require(multiplierMax >= 1 && multiplierMax <= 10, "multiplierMax", multiplierMax);
        require(riseDecayMs > 0, "riseDecayMs", riseDecayMs);
        require(fallDecayMs > 0, "fallDecayMs", fallDecayMs);
        require(deadBand >= 0, "deadBand", deadBand);
        require(riseMaxPerMinute > 1, "riseMaxPerMinute", riseMaxPerMinute);
        require(fallMaxPerMinute > 1, "fallMaxPerMinute", fallMaxPerMinute);
        require(neighbourRatioMax >= 1.05, "neighbourRatioMax", neighbourRatioMax);
        require(driverSilenceMs > 0, "driverSilenceMs", driverSilenceMs);
        require(intentRepeatMs >= 0, "intentRepeatMs", intentRepeatMs);
        require(intentLatenessMs >= 0, "intentLatenessMs", intentLatenessMs);
        require(intentMemoryCount > 0, "intentMemoryCount", intentMemoryCount);
        require(
                multiplierStepMilli > 0 && 1_000 % multiplierStepMilli == 0,
                "multiplierStepMilli",
                multiplierStepMilli);
    }

    public static PricingConfig defaults() {
        return new PricingConfig(
                30_000, 180_000, 300_000, 0.5, 0.8, 0.0, 3.0, 90_000, 240_000, 0.03, 1.25, 1.15, 1.3, 150_000, 120_000,
                300_000, 131_072, 50);
    }

    public PricingConfig withMultiplierStepMilli(int value) {
        return new PricingConfig(
                tickMs,
                demandDecayMs,
                horizonMs,
                regularizer,
                sensitivity,
                threshold,
                multiplierMax,
                riseDecayMs,
                fallDecayMs,
                deadBand,
                riseMaxPerMinute,
                fallMaxPerMinute,
                neighbourRatioMax,
                driverSilenceMs,
                intentRepeatMs,
                intentLatenessMs,
                intentMemoryCount,
                value);
    }

    public PricingConfig withIntentMemoryCount(int value) {
        return new PricingConfig(
                tickMs,
                demandDecayMs,
                horizonMs,
                regularizer,
                sensitivity,
                threshold,
                multiplierMax,
                riseDecayMs,
                fallDecayMs,
                deadBand,
                riseMaxPerMinute,
                fallMaxPerMinute,
                neighbourRatioMax,
                driverSilenceMs,
                intentRepeatMs,
                intentLatenessMs,
                value,
                multiplierStepMilli);
    }

    private static void require(boolean valid, String name, Object value) {
        if (!valid) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "pricing setting out of range: " + name + "=" + value);
        }
    }
}
