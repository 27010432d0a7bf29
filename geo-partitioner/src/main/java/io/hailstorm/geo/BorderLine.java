package io.hailstorm.geo;

import java.util.List;
import java.util.Map;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.Polygon;

/**
 * A straight line, prolonged without end, that cuts an area in two. Left and right as one walks from the first point to the
 * second.
 *
 * @param left name of what lies on the left
 * @param right name of what lies on the right
 */
record BorderLine(String left, String right, Coordinate from, Coordinate to) {
    /** Longer, in degrees, than any area that does not cross the antimeridian. */
    private static final double REACH_DEGREES = 1_000;

    /** A feature with two points and the properties {@code left} and {@code right}. */
    static BorderLine of(GeoJsonFeature feature) {
        if (!(feature.geometry() instanceof LineString line) || line.getNumPoints() != 2) {
            throw GeoJson.invalid(feature.label() + ": a border is a LineString of two points, got "
                    + feature.geometry().getGeometryType() + " of "
                    + feature.geometry().getNumPoints());
        }
        return new BorderLine(
                feature.requiredText("left"),
                feature.requiredText("right"),
                line.getCoordinateN(0),
                line.getCoordinateN(1));
    }

    /** The two sides of an area, each by the polygons it consists of; a centre on the line itself goes to the left. */
    List<GeoJsonFeature> cut(GeoJsonFeature area) {
        return List.of(side(area, left, 1), side(area, right, -1));
    }

    private GeoJsonFeature side(GeoJsonFeature area, String name, int turn) {
        Geometry part = area.geometry().intersection(halfPlane(turn));
        if (part.isEmpty() || part.getDimension() < 2) {
            throw GeoJson.invalid("border of " + left + " and " + right + ": nothing of " + area.label()
                    + " lies on the " + (turn > 0 ? "left" : "right"));
        }
        return new GeoJsonFeature(name, part, Map.of("name", name));
    }

    /** A rectangle beside the line, so large that only its side on the line matters. */
    private Polygon halfPlane(int turn) {
        double length = from.distance(to);
        double alongX = (to.x - from.x) / length * REACH_DEGREES;
        double alongY = (to.y - from.y) / length * REACH_DEGREES;
        double asideX = -alongY * turn;
        double asideY = alongX * turn;
        Coordinate first = new Coordinate(from.x - alongX, from.y - alongY);
        Coordinate second = new Coordinate(from.x + alongX, from.y + alongY);
        return GeoJson.GEOMETRIES.createPolygon(new Coordinate[] {
            first,
            second,
            new Coordinate(second.x + asideX, second.y + asideY),
            new Coordinate(first.x + asideX, first.y + asideY),
            first
        });
    }
}
