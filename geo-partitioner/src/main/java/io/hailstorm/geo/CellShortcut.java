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
 * <p>A cell is a hexagon whose edges are great-circle arcs (straight lines in the gnomonic projection of H3's
 * icosahedron face). Over so small an area an arc strays from the straight line in latitude and longitude by less
 * than 1/4000 of the cell's width, so a point on the inner side of all six lines, drawn at {@value #SAFETY} of
 * their distance from the centre, lies in the cell; about 99 % of its area is proved so. (A circle inside the
 * hexagon proves 84 %.) Everything else is asked of H3: points nearer to an edge, pentagons and cells bent by an
 * icosahedron's edge, latitudes above {@value #LAT_DEGREES_MAX} degrees, a driver that crosses the antimeridian. So
 * the answer always equals {@link Cells#cellOf}.
 *
 * <p>Lines are kept in a bounded table of {@code slotCount} cells, shared by all drivers of the owner; a cell that
 * finds no slot goes to H3, and when that has happened as often as there are slots the table starts afresh. It begins small and starts
 * afresh four times as large when half full. Steady state: no allocation.
 *
 * <p>Single-threaded: one owner. The caller keeps the previous cell per driver.
 */
public final class CellShortcut {
    public static final int DEFAULT_SLOT_COUNT = 1 << 15;

    private static final double SAFETY = 0.995;
    private static final double LAT_DEGREES_MAX = 80.0;
    private static final int FINEST_RESOLUTION = 10;
    private static final int COARSEST_RESOLUTION = 7;
    private static final int INITIAL_SLOT_COUNT = 1 << 9;
    private static final int GROWTH = 4;
    private static final int PROBE_COUNT_MAX = 8;
    private static final int EDGE_COUNT = 6;
    private static final int FLOATS_PER_CELL = 2 * EDGE_COUNT;

    private final Cells cells;
    private final int resolution;
    private final int slotCountMax;
    private int mask;
    private long[] keys = {};
    private int[] centerLatE7 = {};
    private int[] centerLonE7 = {};
    /**
     * For each edge a and b such that {@code a·dLat + b·dLon < 1} holds on its inner side, d being the distance from the
     * centre in 1e-7 degrees; NaN, which proves nothing, where there is nothing to prove.
     */
    private float[] edges = {};

    private int usedCount;
    private int overflowCount;

    public CellShortcut(Cells cells, int resolution) {
        this(cells, resolution, DEFAULT_SLOT_COUNT);
    }

    /** @param slotCount cells remembered at most, rounded up to a power of two; 64 bytes each */
    public CellShortcut(Cells cells, int resolution, int slotCount) {
        Invariants.require(
                resolution >= COARSEST_RESOLUTION && resolution <= FINEST_RESOLUTION,
                "the margin of the same-cell shortcut is proved for resolutions 7 to 10 only");
        this.cells = cells;
        this.resolution = resolution;
        slotCountMax = BitUtil.findNextPositivePowerOfTwo(Math.max(PROBE_COUNT_MAX, slotCount));
        startAfresh(Math.min(INITIAL_SLOT_COUNT, slotCountMax));
    }

    private void startAfresh(int capacity) {
        usedCount = 0;
        overflowCount = 0;
        if (capacity == keys.length) {
            Arrays.fill(keys, Cells.NULL_CELL);
            return;
        }
        mask = capacity - 1;
        keys = new long[capacity];
        centerLatE7 = new int[capacity];
        centerLonE7 = new int[capacity];
        edges = new float[capacity * FLOATS_PER_CELL];
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
        float dLat = (float) ((double) latE7 - centerLatE7[slot]);
        float dLon = (float) ((double) lonE7 - centerLonE7[slot]);
        int edge = slot * FLOATS_PER_CELL;
        // A maximum rather than six branches: which edge is nearest is random. NaN wins any maximum.
        float farthest = Math.max(
                Math.max(
                        Math.max(place(edge, dLat, dLon), place(edge + 2, dLat, dLon)),
                        Math.max(place(edge + 4, dLat, dLon), place(edge + 6, dLat, dLon))),
                Math.max(place(edge + 8, dLat, dLon), place(edge + 10, dLat, dLon)));
        return farthest < 1;
    }

    /** Below 1 on the inner side of the edge. */
    private float place(int edge, float dLat, float dLon) {
        return edges[edge] * dLat + edges[edge + 1] * dLon;
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
        if (2 * usedCount > mask && keys.length < slotCountMax) {
            startAfresh(Math.min(GROWTH * keys.length, slotCountMax));
        }
        int slot = CellIntMap.slotOf(cell) & mask;
        for (int probe = 0; probe < PROBE_COUNT_MAX; probe++) {
            if (keys[slot] == Cells.NULL_CELL) {
                fill(slot, cell);
                return;
            }
            slot = (slot + 1) & mask;
        }
        if (++overflowCount > mask) {
            startAfresh(keys.length);
        }
    }

    private void fill(int slot, long cell) {
        GeoPoint center = cells.center(cell);
        keys[slot] = cell;
        usedCount++;
        centerLatE7[slot] = center.latE7();
        centerLonE7[slot] = center.lonE7();
        List<GeoPoint> corners = cells.boundary(cell);
        boolean provable = !cells.isPentagon(cell)
                && corners.size() == EDGE_COUNT
                && Math.abs(center.latDegrees()) <= LAT_DEGREES_MAX;
        for (int i = 0; i < EDGE_COUNT; i++) {
            int edge = slot * FLOATS_PER_CELL + 2 * i;
            if (provable) {
                fillEdge(edge, center, corners.get(i), corners.get((i + 1) % EDGE_COUNT));
            } else {
                edges[edge] = Float.NaN;
            }
        }
    }

    private void fillEdge(int edge, GeoPoint center, GeoPoint from, GeoPoint to) {
        double latFrom = SAFETY * (from.latE7() - center.latE7());
        double lonFrom = SAFETY * shorterWayE7(center, from);
        double latTo = SAFETY * (to.latE7() - center.latE7());
        double lonTo = SAFETY * shorterWayE7(center, to);
        double cross = latFrom * lonTo - latTo * lonFrom;
        edges[edge] = (float) ((lonTo - lonFrom) / cross);
        edges[edge + 1] = (float) ((latFrom - latTo) / cross);
    }

    private static double shorterWayE7(GeoPoint center, GeoPoint corner) {
        double lonE7 = (double) corner.lonE7() - center.lonE7();
        return Math.abs(lonE7) > GeoPoint.LON_E7_MAX ? lonE7 - Math.copySign(2.0 * GeoPoint.LON_E7_MAX, lonE7) : lonE7;
    }
}
