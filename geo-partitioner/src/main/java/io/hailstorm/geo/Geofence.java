package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.prep.PreparedGeometry;
import org.locationtech.jts.geom.prep.PreparedGeometryFactory;
import org.locationtech.jts.geom.util.AffineTransformation;

/**
 * A named polygon with a purpose. Look-ups go cell first: a cell wholly inside or outside answers at once;
 * only in a cell the border cuts is the prepared polygon asked. Immutable and safe from any thread.
 */
public final class Geofence {
    /** What a fence is for; the value of the GeoJSON property {@code kind}. */
    public enum Kind {
        /** Trips start and end only inside one of these; none at all means everywhere. */
        SERVICE_AREA,
        /** Riders are not picked up inside. */
        NO_PICKUP,
        /** Idle drivers inside wait in line, first in, first out. */
        AIRPORT_QUEUE
    }

    private static final int WHOLLY_INSIDE = 1;
    private static final int CUT = 0;
    private static final int FINEST_RESOLUTION = Cells.DRIVER_RESOLUTION;
    private static final int CELL_COUNT_MAX = 4_000;
    /** About one metre: more than an H3 edge (a great circle) strays from the straight line on the map. */
    private static final double BORDER_DEGREES = 1e-5;

    private static final double METERS_PER_DEGREE = 111_195.08;

    private final String name;
    private final Kind kind;
    private final Geometry area;
    private final PreparedGeometry preparedArea;
    private final int resolution;
    private final CellIntMap touchedCells;
    private final Geometry areaMeters;
    private final double metersPerLonDegree;

    Geofence(String name, Kind kind, Geometry area) {
        this.name = name;
        this.kind = kind;
        this.area = area;
        this.preparedArea = PreparedGeometryFactory.prepare(area);
        this.resolution = finestResolutionWithin(area);
        this.touchedCells = classify(area, resolution);
        double midLat = area.getEnvelopeInternal().centre().y;
        this.metersPerLonDegree = METERS_PER_DEGREE * Math.cos(Math.toRadians(midLat));
        this.areaMeters = AffineTransformation.scaleInstance(metersPerLonDegree, METERS_PER_DEGREE)
                .transform(area);
    }

    public String name() {
        return name;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether the point is inside or on the border. Coordinates out of range are outside. */
    public boolean contains(GeoPoint point) {
        return contains(point.latE7(), point.lonE7());
    }

    public boolean contains(int latE7, int lonE7) {
        long cell = H3Cells.INSTANCE.cellOf(latE7, lonE7, resolution);
        return cell != Cells.NULL_CELL && containsIn(cell, latE7, lonE7);
    }

    /**
     * As {@link #contains(int, int)} when the point's driver cell is known already. Allocates nothing unless
     * the border cuts the cell.
     *
     * @param driverCell the point's cell of resolution {@link Cells#DRIVER_RESOLUTION} or finer
     */
    public boolean contains(int latE7, int lonE7, long driverCell) {
        // A point's cells of two resolutions nest by index, not by outline: the parent need not hold the point.
        return resolution == H3Bits.resolution(driverCell)
                ? containsIn(driverCell, latE7, lonE7)
                : contains(latE7, lonE7);
    }

    /** Metres from the point to the fence; 0 inside. Exact to about 1 % for fences smaller than a city. */
    public double metersOutside(GeoPoint point) {
        if (contains(point)) {
            return 0;
        }
        return areaMeters.distance(GeoJson.GEOMETRIES.createPoint(
                new Coordinate(point.lonDegrees() * metersPerLonDegree, point.latDegrees() * METERS_PER_DEGREE)));
    }

    /** Outer rings in order, closed, for drawing. */
    public List<List<GeoPoint>> outlines() {
        return Region.outlines(area);
    }

    private boolean containsIn(long cell, int latE7, int lonE7) {
        return switch (touchedCells.get(cell)) {
            case CellIntMap.MISSING -> false;
            case WHOLLY_INSIDE -> true;
            default -> containsExactly(latE7, lonE7);
        };
    }

    boolean containsExactly(int latE7, int lonE7) {
        return preparedArea.covers(Coverage.point(new GeoPoint(latE7, lonE7)));
    }

    private static int finestResolutionWithin(Geometry area) {
        int resolution = FINEST_RESOLUTION;
        while (resolution > Cells.ROUTING_RESOLUTION
                && Coverage.cellsByOverlap(area.getEnvelope(), resolution).size() > CELL_COUNT_MAX) {
            resolution--;
        }
        return resolution;
    }

    private static CellIntMap classify(Geometry area, int resolution) {
        Set<Long> candidates = new TreeSet<>();
        long[] disk = new long[7];
        for (long cell : Coverage.cellsByOverlap(area, resolution)) {
            int count = H3Cells.INSTANCE.gridDisk(cell, 1, disk);
            for (int i = 0; i < count; i++) {
                candidates.add(disk[i]);
            }
        }
        PreparedGeometry inner = PreparedGeometryFactory.prepare(area.buffer(-BORDER_DEGREES));
        PreparedGeometry outer = PreparedGeometryFactory.prepare(area.buffer(BORDER_DEGREES));
        long[] touched = new long[candidates.size()];
        int[] classes = new int[touched.length];
        int touchedCount = 0;
        for (long cell : candidates) {
            Polygon outline = Coverage.polygonOf(cell);
            boolean odd = Coverage.crossesAntimeridian(outline);
            if (odd || outer.intersects(outline)) {
                touched[touchedCount] = cell;
                classes[touchedCount++] = !odd && inner.covers(outline) ? WHOLLY_INSIDE : CUT;
            }
        }
        return new CellIntMap(Arrays.copyOf(touched, touchedCount), Arrays.copyOf(classes, touchedCount));
    }

    @Override
    public String toString() {
        return "Geofence[" + name + ", " + kind + "]";
    }
}
