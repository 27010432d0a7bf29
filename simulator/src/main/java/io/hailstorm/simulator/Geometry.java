package io.hailstorm.simulator;

/**
 * Flat geometry good for a city: metres east and north of a point. {@link StrictMath} throughout, so that a run is the
 * same on every machine.
 */
final class Geometry {
    static final double METERS_PER_LAT_DEGREE = 6_371_008.8 * Math.PI / 180;
    private static final double E7 = 1e7;

    private Geometry() {}

    static double metersPerLonDegree(double latDegrees) {
        return METERS_PER_LAT_DEGREE * StrictMath.cos(StrictMath.toRadians(latDegrees));
    }

    static int toE7(double degrees) {
        return (int) Math.round(degrees * E7);
    }

    static double toDegrees(int e7) {
        return e7 / E7;
    }

    static double distanceMeters(double latA, double lonA, double latB, double lonB) {
        double north = (latB - latA) * METERS_PER_LAT_DEGREE;
        double east = (lonB - lonA) * metersPerLonDegree((latA + latB) / 2);
        return Math.sqrt(north * north + east * east);
    }

    /** Degrees from north times 100, 0 to 35999. */
    static int headingCentidegrees(double north, double east) {
        long heading = Math.round(StrictMath.toDegrees(StrictMath.atan2(east, north)) * 100);
        return (int) Math.floorMod(heading, 36_000L);
    }
}
