package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.GeoPoint;
import java.time.ZoneId;
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
