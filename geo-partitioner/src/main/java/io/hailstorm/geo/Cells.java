package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import java.util.List;

/**
 * H3 cells as bare {@code long}s. Thread-safe.
 *
 * <p>Resolutions: {@link #DRIVER_RESOLUTION} indexes drivers, {@link #PRICING_RESOLUTION} prices,
 * {@link #ROUTING_RESOLUTION} routes. Parents are computed by bit operations on the index and cost nothing.
 */
public interface Cells {
    int DRIVER_RESOLUTION = 9;
    int PRICING_RESOLUTION = 8;
    int ROUTING_RESOLUTION = 7;
    /** Not a cell. */
    long NULL_CELL = 0;

    /** Cell of a point, or {@link #NULL_CELL} when the coordinates are out of range. Allocates nothing. */
    long cellOf(int latE7, int lonE7, int resolution);

    /** As {@link #cellOf}, from degrees: {@link #NULL_CELL} for NaN, infinities and anything out of range. */
    long cellOfDegrees(double lat, double lon, int resolution);

    /** Ancestor of a cell at a coarser or equal resolution. Pure bit operations. */
    long parent(long cell, int resolution);

    /**
     * Every cell within {@code k} steps, by rings: the cell, its neighbours, theirs … Around a pentagon a ring is
     * shorter; the result is still complete and in ring order.
     *
     * @param out holds at least {@code 3k(k+1)+1}
     * @return how many were written
     */
    int gridDisk(long cell, int k, long[] out);

    /** Steps between two cells of the same resolution; -1 when H3 cannot tell (far apart or across a pentagon). */
    int gridDistance(long cellA, long cellB);

    GeoPoint center(long cell);

    /** Corners in order, not closed: five or more. */
    List<GeoPoint> boundary(long cell);

    boolean isValid(long cell);

    /** One of the twelve cells of each resolution with five neighbours instead of six. */
    boolean isPentagon(long cell);

    int resolution(long cell);

    /** The implementation over h3-java; cheap to share, one a process is enough. */
    static Cells create() {
        return H3Cells.INSTANCE;
    }
}
