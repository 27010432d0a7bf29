package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import org.junit.jupiter.api.Test;

class GeofencesTest {
    private static final long SEED = Long.getLong("seed", 41L);
    private static final City SF = City.sf();
    private static final GeoPoint SFO = GeoPoint.ofDegrees(37.6200, -122.3850);
    private static final GeoPoint UNION_SQUARE = GeoPoint.ofDegrees(37.78795, -122.40743);
    private static final GeoPoint MARKET_STREET = GeoPoint.ofDegrees(37.7893, -122.4011);

    @Test
    void cellFirstAnswersEqualTheExactPolygonOnAndAroundItsBorder() {
        System.out.println("GeofencesTest seed=" + SEED);
        int insideCount = 0;
        for (Geofence fence : SF.geofences().all()) {
            for (GeoPoint corner : fence.outlines().getFirst()) {
                for (int i = 0; i < 2_000; i++) {
                    // From metres to kilometres around each corner.
                    double spreadE7 = Math.pow(10, 2 + 3.5 * CounterRandom.uniform(SEED, corner.latE7(), i, 2));
                    int latE7 = corner.latE7() + (int) (spreadE7 * gaussian(corner.latE7(), i, 0));
                    int lonE7 = corner.lonE7() + (int) (spreadE7 * gaussian(corner.lonE7(), i, 1));
                    boolean inside = fence.contains(latE7, lonE7);
                    if (inside != fence.containsExactly(latE7, lonE7)) {
                        throw new AssertionError("seed=" + SEED + " " + fence + " " + latE7 + "," + lonE7);
                    }
                    long driverCell = H3Cells.INSTANCE.cellOf(latE7, lonE7, Cells.DRIVER_RESOLUTION);
                    assertThat(fence.contains(latE7, lonE7, driverCell)).isEqualTo(inside);
                    insideCount += inside ? 1 : 0;
                }
            }
        }
        assertThat(insideCount).isGreaterThan(1_000);
    }

    private static double gaussian(int entity, int step, int stream) {
        return CounterRandom.gaussian(SEED, entity, step, stream);
    }

    @Test
    void refusesPickupsInANoPickupZoneAndOutsideTheServiceArea() {
        Geofences fences = SF.geofences();
        assertThat(fences.pickupAllowed(MARKET_STREET)).isTrue();
        assertThat(fences.pickupAllowed(UNION_SQUARE)).isFalse();
        assertThat(fences.noPickupZoneAt(UNION_SQUARE)).contains("Union Square plaza");
        assertThat(fences.pickupAllowed(GeoPoint.ofDegrees(40.7, -74))).isFalse();
        assertThat(fences.insideServiceArea(new GeoPoint(Integer.MAX_VALUE, 0))).isFalse();
    }

    @Test
    void namesTheAirportWhoseWaitingAreaHoldsThePoint() {
        assertThat(SF.geofences().airportQueueAt(SFO)).contains("SFO");
        assertThat(SF.geofences().airportQueueAt(MARKET_STREET)).isEmpty();
    }

    @Test
    void withoutFencesEverythingIsAllowed() {
        assertThat(Geofences.none().pickupAllowed(SFO)).isTrue();
        assertThat(Geofences.none().airportQueueAt(SFO)).isEmpty();
    }

    @Test
    void aFenceAcrossTheAntimeridianHoldsBothSides() {
        Geofences fences = Geofences.parse("""
            {"type":"FeatureCollection","features":[{"type":"Feature",
             "properties":{"name":"fiji","kind":"service_area"},
             "geometry":{"type":"MultiPolygon","coordinates":[
              [[[179.9,-17.1],[180,-17.1],[180,-16.9],[179.9,-16.9],[179.9,-17.1]]],
              [[[-180,-17.1],[-179.9,-17.1],[-179.9,-16.9],[-180,-16.9],[-180,-17.1]]]]}}]}\
            """);
        for (double lon : new double[] {179.91, 179.999, 180, -180, -179.999, -179.91}) {
            assertThat(fences.insideServiceArea(GeoPoint.ofDegrees(-17, lon)))
                    .as("lon %s", lon)
                    .isTrue();
        }
        assertThat(fences.insideServiceArea(GeoPoint.ofDegrees(-17, 179.89))).isFalse();
        assertThat(fences.insideServiceArea(GeoPoint.ofDegrees(-17.2, 180))).isFalse();
    }

    @Test
    void measuresHowFarOutsideAPointIs() {
        Geofence sfo = SF.geofences().airportQueues().getFirst();
        assertThat(sfo.metersOutside(SFO)).isZero();
        GeoPoint corner = sfo.outlines().getFirst().getFirst();
        GeoPoint north = new GeoPoint(corner.latE7() + 10_000, corner.lonE7());
        assertThat(sfo.metersOutside(north)).isBetween(105.0, 117.0);
    }

    @Test
    void refusesAnUnknownKind() {
        String square = RegionsTest.square("x", 0, 0, 1, 1).replace("\"name\"", "\"kind\":\"moat\",\"name\"");
        assertThatThrownBy(() -> Geofences.parse(RegionsTest.collection(square)))
                .hasMessageContaining("feature 1 \"x\": unknown kind \"moat\"")
                .hasMessageContaining("service_area, no_pickup, airport_queue");
    }
}
