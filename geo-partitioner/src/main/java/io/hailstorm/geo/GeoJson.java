package io.hailstorm.geo;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.json.simple.JSONObject;
import org.json.simple.parser.JSONParser;
import org.json.simple.parser.ParseException;
import org.jspecify.annotations.Nullable;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Polygonal;
import org.locationtech.jts.io.geojson.GeoJsonReader;
import org.locationtech.jts.operation.valid.IsValidOp;
import org.locationtech.jts.operation.valid.TopologyValidationError;

/** Reads GeoJSON (RFC 7946) and says which feature is wrong, and how. */
final class GeoJson {
    static final GeometryFactory GEOMETRIES = new GeometryFactory();

    private GeoJson() {}

    /** The document's root object. */
    static Map<?, ?> parseObject(String json) {
        try {
            if (new JSONParser().parse(json) instanceof Map<?, ?> root) {
                return root;
            }
            throw invalid("not GeoJSON: the document is not an object");
        } catch (ParseException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "not JSON: error at character " + e.getPosition(), e);
        }
    }

    /** Features of a FeatureCollection, each with a valid geometry and longitudes and latitudes in range. */
    static List<GeoJsonFeature> features(Map<?, ?> root) {
        if (!"FeatureCollection".equals(root.get("type")) || !(root.get("features") instanceof List<?> list)) {
            throw invalid("not a GeoJSON FeatureCollection: type=" + root.get("type"));
        }
        List<GeoJsonFeature> features = new ArrayList<>();
        for (int index = 0; index < list.size(); index++) {
            features.add(feature(list.get(index), index));
        }
        return features;
    }

    /** The feature's geometry when it is a polygon or multi-polygon. */
    static Geometry polygonal(GeoJsonFeature feature) {
        Geometry geometry = feature.geometry();
        if (!(geometry instanceof Polygonal) || geometry.isEmpty()) {
            throw invalid(feature.label() + ": the geometry must be a Polygon or MultiPolygon, got "
                    + geometry.getGeometryType());
        }
        for (int part = 0; part < geometry.getNumGeometries(); part++) {
            Envelope envelope = geometry.getGeometryN(part).getEnvelopeInternal();
            if (envelope.getWidth() > 180) {
                throw invalid(feature.label() + ": polygon " + (part + 1) + " spans " + envelope.getWidth()
                        + " degrees of longitude; split it at the antimeridian (RFC 7946, 3.1.9)");
            }
        }
        return geometry;
    }

    static HailstormException invalid(String message) {
        return new HailstormException(ErrorCode.INVALID_ARGUMENT, message);
    }

    private static GeoJsonFeature feature(@Nullable Object raw, int index) {
        String place = "feature " + (index + 1);
        if (!(raw instanceof Map<?, ?> map) || !"Feature".equals(map.get("type"))) {
            throw invalid(place + ": not a GeoJSON Feature");
        }
        Map<?, ?> properties = map.get("properties") instanceof Map<?, ?> given ? given : Map.of();
        String label = properties.get("name") instanceof String name ? place + " \"" + name + "\"" : place;
        if (!(map.get("geometry") instanceof Map<?, ?> geometry)) {
            throw invalid(label + ": no geometry");
        }
        return new GeoJsonFeature(label, geometry(label, geometry), properties);
    }

    private static Geometry geometry(String label, Map<?, ?> json) {
        Geometry geometry;
        try {
            geometry = new GeoJsonReader(GEOMETRIES).read(JSONObject.toJSONString(json));
        } catch (org.locationtech.jts.io.ParseException | RuntimeException e) {
            // The reader casts what it finds, so a malformed geometry surfaces as any runtime exception.
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    label + ": the geometry cannot be read as GeoJSON: " + e.getMessage(),
                    e);
        }
        for (Coordinate coordinate : geometry.getCoordinates()) {
            if (!(Math.abs(coordinate.x) <= 180 && Math.abs(coordinate.y) <= 90)) {
                throw invalid(label + ": coordinates out of range (longitude, latitude): " + coordinate.x + ", "
                        + coordinate.y);
            }
        }
        TopologyValidationError error = new IsValidOp(geometry).getValidationError();
        if (error != null) {
            throw invalid(label + ": " + error.getMessage() + " at longitude " + error.getCoordinate().x + ", latitude "
                    + error.getCoordinate().y);
        }
        return geometry;
    }
}
