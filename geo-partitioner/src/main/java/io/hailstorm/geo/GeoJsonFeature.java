package io.hailstorm.geo;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.locationtech.jts.geom.Geometry;

/**
 * One checked feature of a GeoJSON document.
 *
 * @param label how messages call it: its name, or its place in the document
 */
record GeoJsonFeature(String label, Geometry geometry, Map<?, ?> properties) {
    Optional<String> text(String property) {
        return properties.get(property) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    String requiredText(String property) {
        return text(property)
                .orElseThrow(() -> GeoJson.invalid(label + ": property \"" + property + "\" must be a text"));
    }

    double requiredPositive(String property) {
        return positive(label + ": property \"" + property + "\"", properties.get(property));
    }

    static double positive(String what, @Nullable Object value) {
        if (value instanceof Number number && number.doubleValue() > 0) {
            return number.doubleValue();
        }
        throw GeoJson.invalid(what + " must be a positive number: " + value);
    }
}
