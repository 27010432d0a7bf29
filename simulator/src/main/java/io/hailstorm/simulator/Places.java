package io.hailstorm.simulator;

import io.hailstorm.geo.City;
import io.hailstorm.geo.City.HotSpot;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import java.time.Instant;
import java.util.List;

/** A city's places and hours: samples points around hot spots inside the service area, tells speed and demand by hour. */
final class Places {
    private static final int DRAWS_MAX = 16;
    private static final long MS_PER_HOUR = 3_600_000;
    private static final int HOURS = 24;
    private static final double KMH_PER_METER_PER_SECOND = 3.6;

    /** Factors on the base rate of requests by local hour; two peaks. */
    private static final List<Double> DEMAND_BY_HOUR = List.of(
            0.60, 0.45, 0.35, 0.25, 0.25, 0.40, 0.70, 1.05, 1.30, 1.15, 0.95, 0.95, 1.00, 1.00, 0.95, 1.00, 1.15, 1.30,
            1.35, 1.25, 1.10, 1.05, 0.95, 0.80);
    /** The pull of a place falls by e over so much distance: trips are mostly local, a few cross the bay. */
    private static final double PULL_METERS = 5_000;

    private static final int PULL_DRAWS_MAX = 24;

    private final City city;
    private final ServiceArea area;
    private final long seed;
    private final long zoneOffsetMs;
    private final double weightTotal;

    Places(City city, ServiceArea area, long seed, long startMs) {
        this.city = city;
        this.area = area;
        this.seed = seed;
        // One offset for the whole run: a change of summer time in the middle would move the peaks.
        zoneOffsetMs = city.timeZone()
                        .getRules()
                        .getOffset(Instant.ofEpochMilli(startMs))
                        .getTotalSeconds()
                * 1_000L;
        weightTotal = city.hotSpots().stream().mapToDouble(HotSpot::weight).sum();
    }

    /** A point near a hot spot chosen by weight. The same arguments give the same point. */
    GeoPoint sample(long entity, long step, int stream) {
        for (int draw = 0; draw < DRAWS_MAX; draw++) {
            long at = step * DRAWS_MAX + draw;
            HotSpot spot = spot(CounterRandom.uniform(seed, entity, at, stream));
            double north = spot.sigmaMeters() * CounterRandom.gaussian(seed, entity, at, stream + 1);
            double east = spot.sigmaMeters() * CounterRandom.gaussian(seed, entity, at, stream + 2);
            int latE7 = Geometry.toE7(lat(spot) + north / Geometry.METERS_PER_LAT_DEGREE);
            int lonE7 = Geometry.toE7(lon(spot) + east / Geometry.metersPerLonDegree(lat(spot)));
            if (area.contains(latE7, lonE7)) {
                return new GeoPoint(latE7, lonE7);
            }
        }
        return spot(CounterRandom.uniform(seed, entity, step, stream)).center();
    }

    /**
     * A point to go to from another one: drawn like {@link #sample}, and kept with a probability that falls with the
     * distance. When no draw is kept, the nearest one beyond {@code metersMin}.
     */
    GeoPoint sampleNear(GeoPoint from, double metersMin, long entity, long step, int stream) {
        GeoPoint nearest = null;
        double nearestMeters = Double.MAX_VALUE;
        GeoPoint to = from;
        for (int draw = 0; draw < PULL_DRAWS_MAX; draw++) {
            long at = step * PULL_DRAWS_MAX + draw;
            to = sample(entity, at, stream);
            double meters = Geometry.distanceMeters(
                    Geometry.toDegrees(from.latE7()),
                    Geometry.toDegrees(from.lonE7()),
                    Geometry.toDegrees(to.latE7()),
                    Geometry.toDegrees(to.lonE7()));
            if (meters < metersMin) {
                continue;
            }
            if (CounterRandom.uniform(seed, entity, at, stream + 3) < StrictMath.exp(-meters / PULL_METERS)) {
                return to;
            }
            if (meters < nearestMeters) {
                nearest = to;
                nearestMeters = meters;
            }
        }
        return nearest == null ? to : nearest;
    }

    private static double lat(HotSpot spot) {
        return Geometry.toDegrees(spot.center().latE7());
    }

    private static double lon(HotSpot spot) {
        return Geometry.toDegrees(spot.center().lonE7());
    }

    boolean isServed(int latE7, int lonE7) {
        return GeoPoint.isValid(latE7, lonE7) && area.contains(latE7, lonE7);
    }

    double speedMetersPerSecond(long nowMs) {
        return byHour(city.speedsKmhByHour(), nowMs) / KMH_PER_METER_PER_SECOND;
    }

    double demandFactor(long nowMs) {
        return byHour(DEMAND_BY_HOUR, nowMs);
    }

    private double byHour(List<Double> values, long nowMs) {
        return values.get((int) Math.floorMod(Math.floorDiv(nowMs + zoneOffsetMs, MS_PER_HOUR), (long) HOURS));
    }

    private HotSpot spot(double uniform) {
        double left = uniform * weightTotal;
        for (HotSpot spot : city.hotSpots()) {
            left -= spot.weight();
            if (left < 0) {
                return spot;
            }
        }
        return city.hotSpots().getLast();
    }
}
