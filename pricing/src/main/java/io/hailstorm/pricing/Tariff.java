package io.hailstorm.pricing;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/**
 * What a ride costs before surge, in integer minor units of one currency, and how surge turns into money.
 *
 * <p>Riders pay the base fare times the multiplier, rounded. Drivers earn surge as an amount that does not grow
 * with the trip's length, which leaves them no reason to wait for long trips (Garg and Nazerzadeh, "Driver Surge
 * Pricing", Management Science, 2022).
 *
 * @param currencyCode ISO 4217
 * @param baseMinorUnits for every ride
 * @param perKmMinorUnits for each kilometre
 * @param perMinuteMinorUnits for each minute
 * @param minimumMinorUnits lowest fare before surge
 * @param roundingMinorUnits fares are multiples of this
 * @param bonusMinorUnits what a driver earns on top at twice the base fare; in proportion between
 */
public record Tariff(
        String currencyCode,
        long baseMinorUnits,
        long perKmMinorUnits,
        long perMinuteMinorUnits,
        long minimumMinorUnits,
        long roundingMinorUnits,
        long bonusMinorUnits) {
    private static final long MINOR_UNITS_MAX = 1_000_000_000L;

    public Tariff {
        if (!currencyCode.matches("[A-Z]{3}")) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "malformed currency: expected three capitals such as USD, got \"" + currencyCode + "\"");
        }
        requireAmount("baseMinorUnits", baseMinorUnits, 0);
        requireAmount("perKmMinorUnits", perKmMinorUnits, 0);
        requireAmount("perMinuteMinorUnits", perMinuteMinorUnits, 0);
        requireAmount("minimumMinorUnits", minimumMinorUnits, 0);
        requireAmount("roundingMinorUnits", roundingMinorUnits, 1);
        requireAmount("bonusMinorUnits", bonusMinorUnits, 0);
    }

    /** A US city's: 2.50 base, 1.10 a kilometre, 0.35 a minute, 7.00 at least, whole 5 cents, 4.00 bonus. */
    public static Tariff usDefault() {
        return new Tariff("USD", 250, 110, 35, 700, 5, 400);
    }

    /** Fare of a trip at a multiplier; half a rounding step rounds up. */
    public long fareMinorUnits(int distanceMeters, int durationMs, int multiplierMilli) {
        long byDistance = (perKmMinorUnits * distanceMeters + 500) / 1_000;
        long byTime = (perMinuteMinorUnits * durationMs + 30_000) / 60_000;
        long unsurged = Math.max(minimumMinorUnits, baseMinorUnits + byDistance + byTime);
        long stepMilli = 1_000 * roundingMinorUnits;
        return Math.addExact(Math.multiplyExact(unsurged, multiplierMilli), stepMilli / 2)
                / stepMilli
                * roundingMinorUnits;
    }

    /** What the driver earns beyond the base, whatever the trip's length. */
    public long driverBonusMinorUnits(int multiplierMilli) {
        return (bonusMinorUnits * (multiplierMilli - PriceUpdate.BASE_MULTIPLIER_MILLI) + 500) / 1_000;
    }

    private static void requireAmount(String name, long value, long min) {
        if (value < min || value > MINOR_UNITS_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "tariff amount out of range: " + name + "=" + value + ", expected " + min + ".." + MINOR_UNITS_MAX);
        }
    }
}
