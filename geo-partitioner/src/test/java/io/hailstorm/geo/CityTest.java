package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.GeoPoint;
import java.time.ZoneId;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CityTest {
    @ParameterizedTest
    @ValueSource(strings = {"sf", "nyc"})
    void everyHotSpotAndFenceOfABuiltInCityLiesInItsRegion(String name) {
        City city = City.named(name).orElseThrow();
        assertThat(city.name()).isEqualTo(name);
        assertThat(city.hotSpots()).hasSizeGreaterThan(10).allSatisfy(spot -> {
            assertThat(city.regions().regionOf(spot.center())).as(spot.name()).isPresent();
            assertThat(city.geofences().pickupAllowed(spot.center()))
                    .as(spot.name())
                    .isTrue();
        });
        for (Geofence queue : city.geofences().airportQueues()) {
            queue.outlines()
                    .getFirst()
                    .forEach(corner -> assertThat(city.regions().regionOf(corner))
                            .as(queue.name())
                            .isPresent());
        }
        assertThat(city.speedsKmhByHour()).hasSize(24);
    }

    @Test
    void sanFranciscoReachesItsAirportsAndNeighbors() {
        City sf = City.sf();
        assertThat(sf.timeZone()).isEqualTo(ZoneId.of("America/Los_Angeles"));
        assertThat(sf.regions().regionOf(37.6152, -122.3900)).as("SFO").isPresent();
        assertThat(sf.regions().regionOf(37.3350, -121.8890)).as("San Jose").isPresent();
        assertThat(sf.regions().regionOf(37.9735, -122.5311)).as("San Rafael").isPresent();
        assertThat(sf.regions().regionOf(38.5816, -121.4944)).as("Sacramento").isEmpty();
        assertThat(sf.geofences().airportQueues()).extracting(Geofence::name).containsExactly("SFO", "OAK");
    }

    @Test
    void sanFranciscoIsCutInTwoByALineThatLeavesNoCellOutAndNoneTwice() {
        City sf = City.sf();
        Regions parts = sf.parts().orElseThrow();
        assertThat(parts.all()).extracting(Region::name).containsExactly("sf-north", "sf-south");
        Set<Long> north = parts.named("sf-north").orElseThrow().routingCells();
        Set<Long> south = parts.named("sf-south").orElseThrow().routingCells();
        assertThat(north).doesNotContainAnyElementsOf(south);
        assertThat(Stream.concat(north.stream(), south.stream()))
                .containsExactlyInAnyOrderElementsOf(sf.region().routingCells());
        Cells cells = Cells.create();
        assertThat(north)
                .allSatisfy(cell -> assertThat(cells.center(cell).latDegrees()).isGreaterThan(37.775));
        assertThat(south)
                .allSatisfy(cell -> assertThat(cells.center(cell).latDegrees()).isLessThan(37.775));
        assertThat(parts.regionOf(37.7955, -122.3937))
                .as("Ferry Building")
                .map(Region::name)
                .hasValue("sf-north");
        assertThat(parts.regionOf(37.6152, -122.3900))
                .as("SFO")
                .map(Region::name)
                .hasValue("sf-south");
        assertThat(City.nyc().parts()).isEmpty();
    }

    @Test
    void refusesABorderThatCutsNothingOff() {
        assertThatThrownBy(() -> City.parse("""
            {"type": "FeatureCollection", "name": "box", "timeZone": "UTC",
             "speedsKmhByHour": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], "features": [
             {"type": "Feature", "properties": {"kind": "region", "name": "box"},
              "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,1],[0,0]]]}},
             {"type": "Feature", "properties": {"kind": "border", "left": "up", "right": "down"},
              "geometry": {"type": "LineString", "coordinates": [[0,2],[1,2]]}}]}
            """))
                .hasMessage("border of up and down: nothing of feature 1 \"box\" lies on the left");
    }

    @Test
    void newYorkReachesItsBoroughsAndNewark() {
        City nyc = City.nyc();
        assertThat(nyc.regions().regionOf(40.5795, -74.1502))
                .as("Staten Island")
                .isPresent();
        assertThat(nyc.regions().regionOf(40.8850, -73.9100)).as("Bronx").isPresent();
        assertThat(nyc.regions().regionOf(40.6895, -74.1745)).as("EWR").isPresent();
        assertThat(nyc.regions().regionOf(40.6413, -73.7781)).as("JFK").isPresent();
        assertThat(nyc.geofences().airportQueues()).extracting(Geofence::name).containsExactly("JFK", "LGA");
    }

    @Test
    void demandIsHigherDowntownThanInTheHillsAndNowhereZero() {
        City sf = City.sf();
        assertThat(weightAt(sf, 37.7893, -122.4011)).isGreaterThan(10 * weightAt(sf, 37.50, -122.33));
        assertThat(weightAt(sf, 37.30, -121.75)).isPositive();
    }

    private static double weightAt(City city, double lat, double lon) {
        GeoPoint point = GeoPoint.ofDegrees(lat, lon);
        return city.demandWeight(H3Cells.INSTANCE.cellOf(point.latE7(), point.lonE7(), Cells.ROUTING_RESOLUTION));
    }

    @Test
    void anUnknownNameIsNoCity() {
        assertThat(City.named("atlantis")).isEmpty();
    }

    @Test
    void saysWhatACityDocumentLacks() {
        String region = RegionsTest.square("x", 0, 0, 1, 1).replace("\"name\"", "\"kind\":\"region\",\"name\"");
        String document = RegionsTest.collection(region);
        assertThatThrownBy(() -> City.parse(RegionsTest.collection()))
                .hasMessageContaining("one feature of kind region, got 0");
        assertThatThrownBy(() -> City.parse(document)).hasMessageContaining("member \"name\"");
        String named = document.replaceFirst("\\{", "{\"name\":\"x\",");
        assertThatThrownBy(() -> City.parse(named)).hasMessageContaining("\"timeZone\" is no time zone");
        String timed = named.replaceFirst("\\{", "{\"timeZone\":\"UTC\",");
        assertThatThrownBy(() -> City.parse(timed)).hasMessageContaining("must list 24 speeds");
    }
}
