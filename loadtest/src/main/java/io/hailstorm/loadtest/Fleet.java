package io.hailstorm.loadtest;

import io.hailstorm.kernel.CounterRandom;

/**
 * Vehicles that wander through San Francisco at 10 m/s with a fix a second: coordinates computed ahead, so that a
 * benchmark measures what becomes of a fix and not how it was made. Fix i is of vehicle {@code i % vehicleCount}.
 */
final class Fleet {
    private static final long SEED = 7;
    private static final double METERS_PER_E7 = 0.0111195;
    private static final double COS_LAT = 0.79;
    private static final double STEP_METERS = 10;

    final int vehicleCount;
    /** A power of two. */
    final int fixCount;

    final int[] latE7;
    final int[] lonE7;

    Fleet(int vehicleCount, int fixesPerVehicle) {
        this.vehicleCount = vehicleCount;
        this.fixCount = vehicleCount * fixesPerVehicle;
        latE7 = new int[fixCount];
        lonE7 = new int[fixCount];
        for (int vehicle = 0; vehicle < vehicleCount; vehicle++) {
            drive(vehicle, fixesPerVehicle);
        }
    }

    private void drive(int vehicle, int fixesPerVehicle) {
        double lat = 377_700_000 + 400_000 * CounterRandom.gaussian(SEED, vehicle, 0, 0);
        double lon = -1_224_300_000 + 400_000 * CounterRandom.gaussian(SEED, vehicle, 0, 1);
        double heading = 2 * Math.PI * CounterRandom.uniform(SEED, vehicle, 0, 2);
        for (int step = 0; step < fixesPerVehicle; step++) {
            int fix = step * vehicleCount + vehicle;
            latE7[fix] = (int) lat;
            lonE7[fix] = (int) lon;
            heading += CounterRandom.uniform(SEED, vehicle, step, 3) - 0.5;
            lat += STEP_METERS / METERS_PER_E7 * Math.cos(heading);
            lon += STEP_METERS / METERS_PER_E7 / COS_LAT * Math.sin(heading);
        }
    }
}
