package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import java.time.Instant;

/** A city's places and hours: samples points around hot spots inside the service area, tells speed and demand by hour. */
final class Places {
    private static final int DRAWS_MAX = 16;
    private static final long MS_PER_HOUR = 3_600_000;
    private static final int HOURS = 24;
    private static final double KMH_PER_METER_PER_SECOND = 3.6;

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
        zoneOffsetMs =
                city.zone().getRules().getOffset(Instant.ofEpochMilli(startMs)).getTotalSeconds() * 1_000L;
        weightTotal = city.hotSpots().stream().mapToDouble(HotSpot::weight).sum();
    }

    /** A point near a hot spot chosen by weight. The same arguments give the same point. */
    GeoPoint sample(long entity, long step, int stream) {
        for (int draw = 0; draw < DRAWS_MAX; draw++) {
            long at = step * DRAWS_MAX + draw;
            HotSpot spot = spot(CounterRandom.uniform(seed, entity, at, stream));
            double north = spot.sigmaMeters() * CounterRandom.gaussian(seed, entity, at, stream + 1);
            double east = spot.sigmaMeters() * CounterRandom.gaussian(seed, entity, at, stream + 2);
            int latE7 = Geometry.toE7(spot.lat() + north / Geometry.METERS_PER_LAT_DEGREE);
            int lonE7 = Geometry.toE7(spot.lon() + east / Geometry.metersPerLonDegree(spot.lat()));
            if (area.contains(latE7, lonE7)) {
                return new GeoPoint(latE7, lonE7);
            }
        }
        HotSpot spot = spot(CounterRandom.uniform(seed, entity, step, stream));
        return GeoPoint.ofDegrees(spot.lat(), spot.lon());
    }

    boolean isServed(int latE7, int lonE7) {
        return GeoPoint.isValid(latE7, lonE7) && area.contains(latE7, lonE7);
    }

    double speedMetersPerSecond(long nowMs) {
        return byHour(city.speedKmhByHour(), nowMs) / KMH_PER_METER_PER_SECOND;
    }

    double demandFactor(long nowMs) {
        return byHour(city.demandByHour(), nowMs);
    }

    private double byHour(java.util.List<Double> values, long nowMs) {
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
