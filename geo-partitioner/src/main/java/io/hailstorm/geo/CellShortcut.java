package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import java.util.Arrays;
import java.util.List;
import org.agrona.BitUtil;

/**
 * The proven same-cell shortcut: most fixes of a driver fall into the cell of the fix before, and a few
 * multiplications can prove it without H3's trigonometry.
 *
 * <p>A cell's edges are great-circle arcs (straight lines in the gnomonic projection of H3's icosahedron
 * face), so a point nearer to the centre than {@value #SAFETY} of the distance to the nearest edge lies in
 * the cell. The distance is taken on a plane that touches the globe at the centre; at the resolutions and
 * latitudes admitted here its error, and that of 1e-7 degree coordinates, stays well under the margin.
 * Everything else is asked of H3: points beyond the circle, pentagons, latitudes above
 * {@value #LAT_DEGREES_MAX} degrees, cells met by a point from across the antimeridian. So the answer always
 * equals {@link Cells#cellOf}.
 *
 * <p>Centres and radii are kept in a bounded table of {@code slotCount} cells, shared by all drivers of the
 * owner; a cell that finds no slot goes to H3, and when that has happened as often as there are slots the
 * table starts afresh. Steady state: no allocation.
 *
 * <p>Single-threaded: one owner. The caller keeps the previous cell per driver.
 */
public final class CellShortcut {
    public static final int DEFAULT_SLOT_COUNT = 1 << 16;

    private static final double SAFETY = 0.995;
    private static final double LAT_DEGREES_MAX = 80.0;
    private static final int FINEST_RESOLUTION = 10;
    private static final int COARSEST_RESOLUTION = 7;
    private static final int PROBE_COUNT_MAX = 8;

    private final Cells cells;
    private final int resolution;
    private final int mask;
    private final long[] keys;
    private final int[] centerLatE7;
    private final int[] centerLonE7;
    /** Squared safe radius in (1e-7 degrees of latitude)²; 0 where nothing can be proved. */
    private final double[] safeRadiusSquared;
    /** Squared cosine of the centre's latitude. */
    private final double[] cosLatSquared;

    private int overflowCount;

    public CellShortcut(Cells cells, int resolution) {
        this(cells, resolution, DEFAULT_SLOT_COUNT);
    }

    /** @param slotCount cells remembered, rounded up to a power of two; about 32 bytes each */
    public CellShortcut(Cells cells, int resolution, int slotCount) {
        Invariants.require(
                resolution >= COARSEST_RESOLUTION && resolution <= FINEST_RESOLUTION,
                "the margin of the same-cell shortcut is proved for resolutions 7 to 10 only");
        this.cells = cells;
        this.resolution = resolution;
        int capacity = BitUtil.findNextPositivePowerOfTwo(Math.max(PROBE_COUNT_MAX, slotCount));
        mask = capacity - 1;
        keys = new long[capacity];
        centerLatE7 = new int[capacity];
        centerLonE7 = new int[capacity];
        safeRadiusSquared = new double[capacity];
        cosLatSquared = new double[capacity];
    }

    public int resolution() {
        return resolution;
    }

    /**
     * The point's cell; {@link Cells#NULL_CELL} when out of range.
     *
     * @param previousCell the cell of the same driver's previous fix, or {@link Cells#NULL_CELL}: only a hint,
     *     a wrong one costs time, never correctness
     */
    public long cellOf(int latE7, int lonE7, long previousCell) {
        if (!GeoPoint.isValid(latE7, lonE7)) {
            return Cells.NULL_CELL;
        }
        if (previousCell != Cells.NULL_CELL) {
            int slot = find(previousCell);
            if (slot >= 0 && provesInside(slot, latE7, lonE7)) {
                return previousCell;
            }
        }
        long cell = cells.cellOf(latE7, lonE7, resolution);
        if (find(cell) < 0) {
            remember(cell);
        }
        return cell;
    }

    /** Whether the table alone proves that the point lies in the cell; false means only "not proved". */
    boolean proves(int latE7, int lonE7, long cell) {
        int slot = find(cell);
        return slot >= 0 && provesInside(slot, latE7, lonE7);
    }

    private boolean provesInside(int slot, int latE7, int lonE7) {
        double dLat = (double) latE7 - centerLatE7[slot];
        double dLon = (double) lonE7 - centerLonE7[slot];
        return dLat * dLat + dLon * dLon * cosLatSquared[slot] < safeRadiusSquared[slot];
    }

    private int find(long cell) {
        int slot = CellIntMap.slotOf(cell) & mask;
        for (int probe = 0; probe < PROBE_COUNT_MAX; probe++) {
            long key = keys[slot];
            if (key == cell) {
                return slot;
            }
            if (key == Cells.NULL_CELL) {
                return -1;
            }
            slot = (slot + 1) & mask;
        }
        return -1;
    }

    private void remember(long cell) {
        int slot = CellIntMap.slotOf(cell) & mask;
        for (int probe = 0; probe < PROBE_COUNT_MAX; probe++) {
            if (keys[slot] == Cells.NULL_CELL) {
                fill(slot, cell);
                return;
            }
            slot = (slot + 1) & mask;
        }
        if (++overflowCount > mask) {
            overflowCount = 0;
            Arrays.fill(keys, Cells.NULL_CELL);
        }
    }

    private void fill(int slot, long cell) {
        GeoPoint center = cells.center(cell);
        double cosLat = Math.cos(Math.toRadians(center.latDegrees()));
        boolean provable = !cells.isPentagon(cell) && Math.abs(center.latDegrees()) <= LAT_DEGREES_MAX;
        double safeRadiusE7 =
                provable ? Math.toDegrees(innerRadiusRadians(center, cells.boundary(cell))) * 1e7 * SAFETY : 0;
        keys[slot] = cell;
        centerLatE7[slot] = center.latE7();
        centerLonE7[slot] = center.lonE7();
        safeRadiusSquared[slot] = safeRadiusE7 * safeRadiusE7;
        cosLatSquared[slot] = cosLat * cosLat;
    }

    /** Angle from the centre to the nearest of the great circles that carry the cell's edges. */
    private static double innerRadiusRadians(GeoPoint center, List<GeoPoint> corners) {
        double[] c = unitVector(center);
        double nearest = Double.MAX_VALUE;
        for (int i = 0; i < corners.size(); i++) {
            double[] a = unitVector(corners.get(i));
            double[] b = unitVector(corners.get((i + 1) % corners.size()));
            double x = a[1] * b[2] - a[2] * b[1];
            double y = a[2] * b[0] - a[0] * b[2];
            double z = a[0] * b[1] - a[1] * b[0];
            double length = Math.sqrt(x * x + y * y + z * z);
            nearest = Math.min(nearest, Math.asin(Math.abs(c[0] * x + c[1] * y + c[2] * z) / length));
        }
        return nearest;
    }

    private static double[] unitVector(GeoPoint point) {
        double lat = Math.toRadians(point.latDegrees());
        double lon = Math.toRadians(point.lonDegrees());
        return new double[] {Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)};
    }
}
