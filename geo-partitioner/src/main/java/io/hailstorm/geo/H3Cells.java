package io.hailstorm.geo;

import com.uber.h3core.H3Core;
import com.uber.h3core.exceptions.H3Exception;
import com.uber.h3core.util.LatLng;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** {@link Cells} over h3-java, whose core is stateless after loading its native library. */
final class H3Cells implements Cells {
    static final H3Cells INSTANCE = new H3Cells();

    private static final int MAX_RESOLUTION = 15;

    private final H3Core h3;

    private H3Cells() {
        try {
            h3 = H3Core.newInstance();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot load H3's native library from its jar", e);
        }
    }

    H3Core h3() {
        return h3;
    }

    @Override
    public long cellOf(int latE7, int lonE7, int resolution) {
        if (!GeoPoint.isValid(latE7, lonE7)) {
            return NULL_CELL;
        }
        return h3.latLngToCell(latE7 / 1e7, lonE7 / 1e7, resolution);
    }

    @Override
    public long cellOfDegrees(double lat, double lon, int resolution) {
        // Written so that NaN fails the test.
        if (!(Math.abs(lat) <= 90.0 && Math.abs(lon) <= 180.0)) {
            return NULL_CELL;
        }
        return h3.latLngToCell(lat, lon, resolution);
    }

    @Override
    public long parent(long cell, int resolution) {
        Invariants.require(
                resolution >= 0 && resolution <= H3Bits.resolution(cell),
                "parent() needs a resolution from 0 to the cell's own");
        return H3Bits.parent(cell, resolution);
    }

    @Override
    public int gridDisk(long cell, int k, long[] out) {
        int count = 0;
        for (List<Long> ring : h3.gridDiskDistances(cell, k)) {
            for (long member : ring) {
                out[count++] = member;
            }
        }
        return count;
    }

    @Override
    public int gridDistance(long cellA, long cellB) {
        try {
            return Math.toIntExact(h3.gridDistance(cellA, cellB));
        } catch (H3Exception e) {
            return -1;
        }
    }

    @Override
    public GeoPoint center(long cell) {
        LatLng center = h3.cellToLatLng(cell);
        return GeoPoint.ofDegrees(center.lat, center.lng);
    }

    @Override
    public List<GeoPoint> boundary(long cell) {
        List<LatLng> corners = h3.cellToBoundary(cell);
        List<GeoPoint> points = new ArrayList<>(corners.size());
        for (LatLng corner : corners) {
            points.add(GeoPoint.ofDegrees(corner.lat, corner.lng));
        }
        return List.copyOf(points);
    }

    @Override
    public boolean isValid(long cell) {
        return h3.isValidCell(cell);
    }

    @Override
    public boolean isPentagon(long cell) {
        return h3.isPentagon(cell);
    }

    @Override
    public int resolution(long cell) {
        int resolution = H3Bits.resolution(cell);
        Invariants.require(resolution <= MAX_RESOLUTION, "an H3 resolution is at most 15");
        return resolution;
    }
}
