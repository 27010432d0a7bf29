package io.hailstorm.pricing;

import io.hailstorm.kernel.GeoPoint;

/** Tells how long a ride will be, in metres and time, for its fare. Deterministic; any thread. */
@FunctionalInterface
public interface TripEstimator {
    /**
     * @param distanceMeters along the road
     * @param durationMs with a rider on board
     */
    record TripEstimate(int distanceMeters, int durationMs) {}

    TripEstimate estimate(GeoPoint pickup, GeoPoint dropoff);

    /** Great-circle distance times a detour factor, at one speed. */
    static TripEstimator straightLine(double detourFactor, double speedMetersPerS) {
        return (pickup, dropoff) -> {
            double meters = pickup.distanceMeters(dropoff) * detourFactor;
            return new TripEstimate((int) Math.round(meters), (int) Math.round(meters / speedMetersPerS * 1_000));
        };
    }
}
