package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RegionsTest {
    private static final Cells CELLS = Cells.create();
    private static final String WEST = square("west", -122.6, 37.5, -122.2, 37.9);
    private static final String EAST = square("east", -122.2, 37.5, -121.8, 37.9);
    /** Taveuni, Fiji, split at the antimeridian as RFC 7946 asks. */
    private static final String FIJI = feature(
            "fiji",
            "MultiPolygon",
            "[[[[179.5,-17.5],[180,-17.5],[180,-16.5],[179.5,-16.5],[179.5,-17.5]]],"
                    + "[[[-180,-17.5],[-179.5,-17.5],[-179.5,-16.5],[-180,-16.5],[-180,-17.5]]]]");

    @Test
    void aCellBelongsToTheRegionThatHoldsItsCenter() {
        Regions regions = Regions.parse(collection(WEST, EAST));
        for (Region region : regions.all()) {
            assertThat(region.routingCells())
                    .isNotEmpty()
                    .allSatisfy(cell ->
                            assertThat(region.contains(CELLS.center(cell))).isTrue());
        }
    }

    @Test
    void neighboringRegionsShareNoCellAndLeaveNoGap() {
        Regions regions = Regions.parse(collection(WEST, EAST));
        Set<Long> west = regions.named("west").orElseThrow().routingCells();
        Set<Long> east = regions.named("east").orElseThrow().routingCells();
        assertThat(west).doesNotContainAnyElementsOf(east);
        Set<Long> both = new HashSet<>(west);
        both.addAll(east);
        Set<Long> whole = Regions.parse(collection(square("whole", -122.6, 37.5, -121.8, 37.9)))
                .all()
                .getFirst()
                .routingCells();
        assertThat(both).containsExactlyInAnyOrderElementsOf(whole);
    }

    @Test
    void aPointBelongsToTheRegionThatOwnsItsRoutingCell() {
        Regions regions = Regions.parse(collection(WEST, EAST));
        assertThat(regions.regionOf(37.7, -122.4).orElseThrow().name()).isEqualTo("west");
        assertThat(regions.regionOf(GeoPoint.ofDegrees(37.7, -122.0))
                        .orElseThrow()
                        .name())
                .isEqualTo("east");
        assertThat(regions.regionOf(40.7, -74.0)).isEmpty();
        assertThat(regions.regionOf(Double.NaN, 0)).isEmpty();
        assertThat(regions.regionOf(91, 0)).isEmpty();
    }

    @Test
    void aPointAndItsDriverCellAlwaysBelongToTheSameRegion() {
        Regions regions = Regions.parse(collection(WEST, EAST));
        for (int i = 0; i < 20_000; i++) {
            GeoPoint point = new GeoPoint(
                    375_000_000 + CounterRandom.below(4_000_000, 1, i, 0, 0),
                    -1_223_000_000 + CounterRandom.below(2_000_000, 1, i, 0, 1));
            long driverCell = CELLS.cellOf(point.latE7(), point.lonE7(), Cells.DRIVER_RESOLUTION);
            assertThat(regions.regionOf(point)).isEqualTo(regions.regionOf(driverCell));
        }
    }

    @Test
    void overlappingRegionsGiveACellToTheFirst() {
        Regions regions = Regions.parse(collection(WEST, square("again", -122.6, 37.5, -121.8, 37.9)));
        assertThat(regions.regionOf(37.7, -122.4).orElseThrow().name()).isEqualTo("west");
        assertThat(regions.regionOf(37.7, -122.0).orElseThrow().name()).isEqualTo("again");
    }

    @Test
    void aRegionSplitAtTheAntimeridianOwnsBothSidesAndTheSeam() {
        Regions regions = Regions.parse(collection(FIJI));
        assertThat(regions.regionOf(-17, 179.8)).isPresent();
        assertThat(regions.regionOf(-17, -179.8)).isPresent();
        for (double lat = -17.4; lat < -16.6; lat += 0.01) {
            assertThat(regions.regionOf(lat, 180)).as("lat %s", lat).isPresent();
            assertThat(regions.regionOf(lat, -180)).as("lat %s", lat).isPresent();
        }
        assertThat(regions.regionOf(-17, 179)).isEmpty();
        assertThat(regions.regionOf(-17, 0)).isEmpty();
    }

    @Test
    void aHoleBelongsToNoRegion() {
        Regions regions = Regions.parse(collection(feature(
                "ring",
                "Polygon",
                "[[[-122.6,37.3],[-121.8,37.3],[-121.8,38],[-122.6,38],[-122.6,37.3]],"
                        + "[[-122.4,37.5],[-122.4,37.8],[-122,37.8],[-122,37.5],[-122.4,37.5]]]")));
        assertThat(regions.regionOf(37.65, -122.2)).isEmpty();
        assertThat(regions.regionOf(37.9, -122.2)).isPresent();
    }

    @Test
    void saysWhatIsWrongAndInWhichFeature() {
        refuses("{\"type\":", "not JSON: error at character 8");
        refuses("[]", "the document is not an object");
        refuses("{\"type\":\"Feature\"}", "not a GeoJSON FeatureCollection: type=Feature");
        refuses(collection(), "no region");
        refuses(collection(WEST, "7"), "feature 2: not a GeoJSON Feature");
        refuses(collection(WEST, WEST), "feature 2 \"west\": the name is used twice");
        refuses(collection(feature("p", "Point", "[1,2]")), "feature 1 \"p\": the geometry must be a Polygon");
        refuses(collection(feature("p", "Polygon", "[[1,2],[3]]")), "feature 1 \"p\": the geometry cannot be read");
        refuses(collection(feature("p", "Blob", "[]")), "feature 1 \"p\": the geometry cannot be read");
        refuses(collection("{\"type\":\"Feature\",\"properties\":{\"name\":\"q\"}}"), "feature 1 \"q\": no geometry");
        refuses(
                collection(WEST, feature("bow", "Polygon", "[[[0,0],[1,1],[1,0],[0,1],[0,0]]]")),
                "feature 2 \"bow\": Self-intersection at longitude 0.5, latitude 0.5");
        refuses(collection(square("far", 170, 0, 190, 1)), "feature 1 \"far\": coordinates out of range");
        refuses(collection(square("wide", -100, 0, 100, 1)), "split it at the antimeridian");
        refuses(collection(square("tiny", 0, 0, 1e-6, 1e-6)), "covers no centre");
        refuses(
                collection("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
                        + "[[[0,0],[1,0],[1,1],[0,0]]]},\"properties\":{}}"),
                "feature 1: property \"name\" must be a text");
    }

    private static void refuses(String geoJson, String message) {
        assertThatThrownBy(() -> Regions.parse(geoJson))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                .hasMessageContaining(message);
    }

    static String square(String name, double west, double south, double east, double north) {
        return feature(
                name,
                "Polygon",
                "[[[%1$s,%2$s],[%3$s,%2$s],[%3$s,%4$s],[%1$s,%4$s],[%1$s,%2$s]]]".formatted(west, south, east, north));
    }

    private static String feature(String name, String type, String coordinates) {
        return """
            {"type":"Feature","properties":{"name":"%s"},"geometry":{"type":"%s","coordinates":%s}}\
            """.formatted(name, type, coordinates);
    }

    static String collection(String... features) {
        return "{\"type\":\"FeatureCollection\",\"features\":[" + String.join(",", features) + "]}";
    }
}
