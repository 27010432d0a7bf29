package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.GeoPoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Remembers the answers about a small city, since every simulated node asks for all of them as it begins. One thread. */
final class WorldCells implements Cells {
    private static final int DISK_MAX = 8;

    private final Cells cells;
    private final Map<Long, long[]> disks = new HashMap<>();
    private final Map<Long, GeoPoint> centers = new HashMap<>();

    WorldCells(Cells cells) {
        this.cells = cells;
    }

    @Override
    public int gridDisk(long cell, int k, long[] out) {
        if (k >= DISK_MAX) {
            return cells.gridDisk(cell, k, out);
        }
        // The highest bits of an index are the same for all cells.
        long[] known = disks.computeIfAbsent(cell * DISK_MAX + k, _ -> {
            long[] disk = new long[3 * k * (k + 1) + 1];
            int count = cells.gridDisk(cell, k, disk);
            return java.util.Arrays.copyOf(disk, count);
        });
        System.arraycopy(known, 0, out, 0, known.length);
        return known.length;
    }

    @Override
    public GeoPoint center(long cell) {
        return centers.computeIfAbsent(cell, cells::center);
    }

    @Override
    public long cellOf(int latE7, int lonE7, int resolution) {
        return cells.cellOf(latE7, lonE7, resolution);
    }

    @Override
    public long cellOfDegrees(double lat, double lon, int resolution) {
        return cells.cellOfDegrees(lat, lon, resolution);
    }

    @Override
    public long parent(long cell, int resolution) {
        return cells.parent(cell, resolution);
    }

    @Override
    public int gridDistance(long cellA, long cellB) {
        return cells.gridDistance(cellA, cellB);
    }

    @Override
    public List<GeoPoint> boundary(long cell) {
        return cells.boundary(cell);
    }

    @Override
    public boolean isValid(long cell) {
        return cells.isValid(cell);
    }

    @Override
    public boolean isPentagon(long cell) {
        return cells.isPentagon(cell);
    }

    @Override
    public int resolution(long cell) {
        return cells.resolution(cell);
    }
}
