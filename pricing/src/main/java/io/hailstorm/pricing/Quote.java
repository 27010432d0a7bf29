package io.hailstorm.pricing;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;

/**
 * An upfront price: once issued it is never changed.
 *
 * @param quoteId unique
 * @param priceVersion publication the multiplier came from; 0 when the cell was never surged
 * @param multiplierMilli thousandths of the base fare
 * @param expireTimeMs epoch milliseconds; at this instant it is no longer valid
 * @param distanceMeters of the ride, estimated
 * @param durationMs of the ride, estimated
 * @param signature over {@link QuoteDescriptor}'s bytes
 */
public record Quote(
        String quoteId,
        RiderId rider,
        GeoPoint pickup,
        GeoPoint dropoff,
        long fareMinorUnits,
        String currencyCode,
        long priceVersion,
        int multiplierMilli,
        long expireTimeMs,
        int distanceMeters,
        int durationMs,
        long driverBonusMinorUnits,
        Signature signature) {}
