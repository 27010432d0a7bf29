package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;

/**
 * Where every simulated vehicle is and goes: struct of arrays, about 75 bytes a vehicle, no object per vehicle. A vehicle
 * drives a straight line at a constant speed; the road is longer than the line by {@link #DETOUR}. Moves are lazy: a
 * vehicle is brought up to date when it is looked at. Steady state: no allocation.
 */
final class Fleet {
    /** Road metres per metre of straight line. */
    static final double DETOUR = 1.3;

    private static final double MS_PER_SECOND = 1_000;
    private static final double NOISE_CORRELATION_MS = 30_000;
    private static final int STREAM_NOISE_NORTH = 11;
    private static final int STREAM_NOISE_EAST = 12;

    private final long seed;
    private final double noiseMeters;
    private final double[] lat;
    private final double[] lon;
    private final int[] targetLatE7;
    private final int[] targetLonE7;
    private final boolean[] moving;
    private final long[] movedMs;
    private final float[] noiseNorth;
    private final float[] noiseEast;
    private final long[] noiseMs;
    private final char[] heading;
    private final int[] draws;
    private double emptyMeters;
    private double occupiedMeters;

    Fleet(int size, long seed, double noiseMeters) {
        this.seed = seed;
        this.noiseMeters = noiseMeters;
        lat = new double[size];
        lon = new double[size];
        targetLatE7 = new int[size];
        targetLonE7 = new int[size];
        moving = new boolean[size];
        movedMs = new long[size];
        noiseNorth = new float[size];
        noiseEast = new float[size];
        noiseMs = new long[size];
        heading = new char[size];
        draws = new int[size];
    }

    int size() {
        return lat.length;
    }

    void place(int vehicle, int latE7, int lonE7, long nowMs) {
        lat[vehicle] = Geometry.toDegrees(latE7);
        lon[vehicle] = Geometry.toDegrees(lonE7);
        movedMs[vehicle] = nowMs;
        moving[vehicle] = false;
    }

    void drive(int vehicle, int latE7, int lonE7) {
        targetLatE7[vehicle] = latE7;
        targetLonE7[vehicle] = lonE7;
        moving[vehicle] = true;
    }

    void stop(int vehicle) {
        moving[vehicle] = false;
    }

    boolean isMoving(int vehicle) {
        return moving[vehicle];
    }

    int latE7(int vehicle) {
        return Geometry.toE7(lat[vehicle]);
    }

    int lonE7(int vehicle) {
        return Geometry.toE7(lon[vehicle]);
    }

    int headingCentidegrees(int vehicle) {
        return heading[vehicle];
    }

    /** Straight-line metres left to the target; 0 when it stands. */
    double targetMeters(int vehicle) {
        return moving[vehicle]
                ? Geometry.distanceMeters(
                        lat[vehicle],
                        lon[vehicle],
                        Geometry.toDegrees(targetLatE7[vehicle]),
                        Geometry.toDegrees(targetLonE7[vehicle]))
                : 0;
    }

    /** Milliseconds of driving left to the target at a road speed. */
    long targetMs(int vehicle, double speedMetersPerSecond) {
        return (long) Math.ceil(targetMeters(vehicle) * DETOUR / speedMetersPerSecond * MS_PER_SECOND);
    }

    /** Brings a vehicle up to {@code nowMs}; at its target it stands. */
    void move(int vehicle, long nowMs, double speedMetersPerSecond, boolean occupied) {
        double seconds = Math.max(0, nowMs - movedMs[vehicle]) / MS_PER_SECOND;
        movedMs[vehicle] = Math.max(nowMs, movedMs[vehicle]);
        if (!moving[vehicle]) {
            return;
        }
        double targetLat = Geometry.toDegrees(targetLatE7[vehicle]);
        double targetLon = Geometry.toDegrees(targetLonE7[vehicle]);
        double north = (targetLat - lat[vehicle]) * Geometry.METERS_PER_LAT_DEGREE;
        double east = (targetLon - lon[vehicle]) * Geometry.metersPerLonDegree((lat[vehicle] + targetLat) / 2);
        double left = Math.sqrt(north * north + east * east);
        double line = speedMetersPerSecond * seconds / DETOUR;
        heading[vehicle] = (char) Geometry.headingCentidegrees(north, east);
        if (line >= left) {
            line = left;
            lat[vehicle] = targetLat;
            lon[vehicle] = targetLon;
            moving[vehicle] = false;
        } else {
            lat[vehicle] += (targetLat - lat[vehicle]) * (line / left);
            lon[vehicle] += (targetLon - lon[vehicle]) * (line / left);
        }
        if (occupied) {
            occupiedMeters += line * DETOUR;
        } else {
            emptyMeters += line * DETOUR;
        }
    }

    /** What the phone's receiver makes of the place: the drifting error goes on from the last time it was asked. */
    void drift(int vehicle, long nowMs) {
        if (noiseMeters <= 0) {
            return;
        }
        double keep = noiseMs[vehicle] == 0
                ? 0
                : StrictMath.exp(-Math.max(0, nowMs - noiseMs[vehicle]) / NOISE_CORRELATION_MS);
        double fresh = noiseMeters * Math.sqrt(1 - keep * keep);
        int draw = draws[vehicle]++;
        noiseNorth[vehicle] = (float)
                (keep * noiseNorth[vehicle] + fresh * CounterRandom.gaussian(seed, vehicle, draw, STREAM_NOISE_NORTH));
        noiseEast[vehicle] = (float)
                (keep * noiseEast[vehicle] + fresh * CounterRandom.gaussian(seed, vehicle, draw, STREAM_NOISE_EAST));
        noiseMs[vehicle] = nowMs;
    }

    int measuredLatE7(int vehicle) {
        return Geometry.toE7(lat[vehicle] + noiseNorth[vehicle] / Geometry.METERS_PER_LAT_DEGREE);
    }

    int measuredLonE7(int vehicle) {
        return Geometry.toE7(lon[vehicle] + noiseEast[vehicle] / Geometry.metersPerLonDegree(lat[vehicle]));
    }

    /** Uniform in [0, 1), the vehicle's next draw. */
    double uniform(int vehicle, int stream) {
        return CounterRandom.uniform(seed, vehicle, draws[vehicle]++, stream);
    }

    double emptyMeters() {
        return emptyMeters;
    }

    double occupiedMeters() {
        return occupiedMeters;
    }

    long digest() {
        long hash = size();
        for (int v = 0; v < size(); v++) {
            hash = CounterRandom.mix(hash ^ Double.doubleToLongBits(lat[v]));
            hash = CounterRandom.mix(hash ^ Double.doubleToLongBits(lon[v]));
            hash = CounterRandom.mix(hash ^ ((long) draws[v] << 16 | heading[v]));
        }
        return hash;
    }
}
