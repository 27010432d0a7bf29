package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.prep.PreparedGeometry;
import org.locationtech.jts.geom.prep.PreparedGeometryFactory;

/**
 * A named area, the unit that fails over: polygons, covered by the routing cells whose centres they hold.
 * Immutable and safe from any thread.
 */
public final class Region {
    private final String name;
    private final Geometry area;
    private final PreparedGeometry preparedArea;
    private final Set<Long> routingCells;

    Region(String name, Geometry area, Set<Long> routingCells) {
        this.name = name;
        this.area = area;
        this.preparedArea = PreparedGeometryFactory.prepare(area);
        this.routingCells = Collections.unmodifiableSet(new LinkedHashSet<>(new TreeSet<>(routingCells)));
    }

    public String name() {
        return name;
    }

    /** Routing cells of the region, ascending. */
    public Set<Long> routingCells() {
        return routingCells;
    }

    /** Whether a cell of any resolution at or below routing belongs to the region. Boxes: not for hot paths. */
    public boolean owns(long cell) {
        return cell != Cells.NULL_CELL
                && H3Bits.resolution(cell) >= Cells.ROUTING_RESOLUTION
                && routingCells.contains(H3Bits.parent(cell, Cells.ROUTING_RESOLUTION));
    }

    /** Whether the polygon itself holds the point; ownership goes by {@link #owns}. */
    public boolean contains(GeoPoint point) {
        return preparedArea.covers(Coverage.point(point));
    }

    /** Outer rings in order, closed, for drawing. */
    public List<List<GeoPoint>> outlines() {
        return outlines(area);
    }

    static List<List<GeoPoint>> outlines(Geometry polygons) {
        List<List<GeoPoint>> outlines = new ArrayList<>();
        for (int part = 0; part < polygons.getNumGeometries(); part++) {
            Polygon polygon = (Polygon) polygons.getGeometryN(part);
            List<GeoPoint> ring = new ArrayList<>();
            for (var coordinate : polygon.getExteriorRing().getCoordinates()) {
                ring.add(GeoPoint.ofDegrees(coordinate.y, coordinate.x));
            }
            outlines.add(List.copyOf(ring));
        }
        return List.copyOf(outlines);
    }

    @Override
    public String toString() {
        return "Region[" + name + ", routingCells=" + routingCells.size() + "]";
    }
}
