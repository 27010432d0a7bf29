package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;

/** Who drives, from where and when to when: one row a vehicle. */
final class FleetPlan {
    private static final int STREAM_PLACE = 51;
    private static final int STREAM_BEGIN = 54;
    /** First fixes are spread over so much. */
    private static final int BEGIN_SPREAD_MS = 4_500;

    private final long[] drivers;
    private final long[] points;
    private final long[] beginsMs;
    private final long[] endsMs;

    private FleetPlan(int size) {
        drivers = new long[size];
        points = new long[size];
        beginsMs = new long[size];
        endsMs = new long[size];
    }

    static FleetPlan of(SimulationConfig config, Places places, long startMs) {
        return config.fixes().isPresent()
                ? recorded(config.fixes().orElseThrow(), places, startMs)
                : simulated(config, places, startMs);
    }

    int size() {
        return drivers.length;
    }

    long driver(int vehicle) {
        return drivers[vehicle];
    }

    int latE7(int vehicle) {
        return (int) (points[vehicle] >> 32);
    }

    int lonE7(int vehicle) {
        return (int) points[vehicle];
    }

    long beginMs(int vehicle) {
        return beginsMs[vehicle];
    }

    long endMs(int vehicle) {
        return endsMs[vehicle];
    }

    private static FleetPlan simulated(SimulationConfig config, Places places, long startMs) {
        FleetPlan plan = new FleetPlan(config.vehicles());
        for (int v = 0; v < plan.size(); v++) {
            GeoPoint place = places.sample(v, 0, STREAM_PLACE);
            if (config.trips().isPresent()) {
                RecordedTrips trips = config.trips().orElseThrow();
                GeoPoint sampled = trips.pickup(CounterRandom.below(trips.size(), config.seed(), v, 1, STREAM_PLACE));
                place = places.isServed(sampled.latE7(), sampled.lonE7()) ? sampled : place;
            }
            plan.drivers[v] = config.firstDriverId() + v;
            plan.points[v] = CsvRows.pack(place.latE7(), place.lonE7());
            plan.beginsMs[v] = startMs + CounterRandom.below(BEGIN_SPREAD_MS, config.seed(), v, 0, STREAM_BEGIN);
            plan.endsMs[v] = Long.MAX_VALUE;
        }
        return plan;
    }

    /** From a vehicle's first report to its last; the place is the first one that can be served, or a hot spot. */
    private static FleetPlan recorded(RecordedFixes fixes, Places places, long startMs) {
        FleetPlan plan = new FleetPlan(fixes.vehicleCount());
        boolean[] seen = new boolean[plan.size()];
        boolean[] placed = new boolean[plan.size()];
        for (int row = 0; row < fixes.size(); row++) {
            int v = fixes.vehicle(row);
            if (!seen[v]) {
                seen[v] = true;
                GeoPoint place = places.sample(v, 0, STREAM_PLACE);
                plan.drivers[v] = fixes.driver(v);
                plan.points[v] = CsvRows.pack(place.latE7(), place.lonE7());
                plan.beginsMs[v] = Math.max(startMs, fixes.epochMs(row));
            }
            if (!placed[v] && places.isServed(fixes.latE7(row), fixes.lonE7(row))) {
                placed[v] = true;
                plan.points[v] = CsvRows.pack(fixes.latE7(row), fixes.lonE7(row));
            }
            plan.endsMs[v] = fixes.epochMs(row);
        }
        return plan;
    }
}
