package io.hailstorm.geo;

import com.uber.h3core.PolygonToCellsFlags;
import com.uber.h3core.util.LatLng;
import io.hailstorm.kernel.GeoPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;

/** Where polygons (x = longitude, y = latitude, in degrees) meet cells. */
final class Coverage {
    private Coverage() {}

    /** Cells whose centre the polygons hold. */
    static Set<Long> cellsByCenter(Geometry polygons, int resolution) {
        Set<Long> cells = new TreeSet<>();
        for (int part = 0; part < polygons.getNumGeometries(); part++) {
            Polygon polygon = (Polygon) polygons.getGeometryN(part);
            cells.addAll(
                    H3Cells.INSTANCE.h3().polygonToCells(ring(polygon.getExteriorRing()), holes(polygon), resolution));
        }
        return cells;
    }

    /** Cells that meet the polygons in any point. */
    static Set<Long> cellsByOverlap(Geometry polygons, int resolution) {
        Set<Long> cells = new TreeSet<>();
        for (int part = 0; part < polygons.getNumGeometries(); part++) {
            Polygon polygon = (Polygon) polygons.getGeometryN(part);
            cells.addAll(H3Cells.INSTANCE
                    .h3()
                    .polygonToCellsExperimental(
                            ring(polygon.getExteriorRing()),
                            holes(polygon),
                            resolution,
                            PolygonToCellsFlags.containment_overlapping));
        }
        return cells;
    }

    static Point point(GeoPoint point) {
        return GeoJson.GEOMETRIES.createPoint(new Coordinate(point.lonDegrees(), point.latDegrees()));
    }

    /** A cell's outline; meaningless for a cell across the antimeridian, see {@link #crossesAntimeridian}. */
    static Polygon polygonOf(long cell) {
        List<GeoPoint> corners = H3Cells.INSTANCE.boundary(cell);
        Coordinate[] ring = new Coordinate[corners.size() + 1];
        for (int i = 0; i < ring.length; i++) {
            GeoPoint corner = corners.get(i % corners.size());
            ring[i] = new Coordinate(corner.lonDegrees(), corner.latDegrees());
        }
        return GeoJson.GEOMETRIES.createPolygon(ring);
    }

    static boolean crossesAntimeridian(Polygon cell) {
        return cell.getEnvelopeInternal().getWidth() > 180;
    }

    private static List<LatLng> ring(LinearRing ring) {
        List<LatLng> points = new ArrayList<>();
        Coordinate[] coordinates = ring.getCoordinates();
        for (int i = 0; i < coordinates.length - 1; i++) {
            points.add(new LatLng(coordinates[i].y, coordinates[i].x));
        }
        return points;
    }

    private static List<List<LatLng>> holes(Polygon polygon) {
        List<List<LatLng>> holes = new ArrayList<>();
        for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
            holes.add(ring(polygon.getInteriorRingN(i)));
        }
        return holes;
    }
}
