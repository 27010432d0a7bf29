package io.hailstorm.kernel;

/**
 * A point on WGS84 in 1e-7 degrees (about 1.1 cm), the unit of the wire, the log and the index.
 *
 * @param latE7 latitude, -900,000,000 to 900,000,000
 * @param lonE7 longitude, -1,800,000,000 to 1,800,000,000
 */
public record GeoPoint(int latE7, int lonE7) {
    public static final int LAT_E7_MAX = 900_000_000;
    public static final int LON_E7_MAX = 1_800_000_000;
    private static final double EARTH_RADIUS_METERS = 6_371_008.8;
    private static final double RADIANS_PER_E7 = Math.PI / 180.0 / 1e7;

    public static GeoPoint ofDegrees(double lat, double lon) {
        return new GeoPoint((int) Math.round(lat * 1e7), (int) Math.round(lon * 1e7));
    }

    public static boolean isValid(int latE7, int lonE7) {
        return latE7 >= -LAT_E7_MAX && latE7 <= LAT_E7_MAX && lonE7 >= -LON_E7_MAX && lonE7 <= LON_E7_MAX;
    }

    public double latDegrees() {
        return latE7 / 1e7;
    }

    public double lonDegrees() {
        return lonE7 / 1e7;
    }

    public double distanceMeters(GeoPoint other) {
        return distanceMeters(latE7, lonE7, other.latE7, other.lonE7);
    }

    /** Great-circle distance by the haversine formula; allocates nothing. */
    public static double distanceMeters(int latE7A, int lonE7A, int latE7B, int lonE7B) {
        double latA = latE7A * RADIANS_PER_E7;
        double latB = latE7B * RADIANS_PER_E7;
        double sinLat = Math.sin((latB - latA) / 2);
        double sinLon = Math.sin(((long) lonE7B - lonE7A) * RADIANS_PER_E7 / 2);
        double h = sinLat * sinLat + Math.cos(latA) * Math.cos(latB) * sinLon * sinLon;
        return 2 * EARTH_RADIUS_METERS * Math.asin(Math.min(1.0, Math.sqrt(h)));
    }
}
