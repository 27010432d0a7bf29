package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.AirportQueue.Change;
import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.GeoPoint;
import org.junit.jupiter.api.Test;

class AirportQueueTest {
    private static final Geofence SFO = City.sf().geofences().airportQueues().getFirst();
    private static final GeoPoint INSIDE = GeoPoint.ofDegrees(37.6200, -122.3850);
    /** About 30 m north of the fence's north side. */
    private static final GeoPoint JUST_OUTSIDE = GeoPoint.ofDegrees(37.6333, -122.3900);

    private static final GeoPoint FAR_OUTSIDE = GeoPoint.ofDegrees(37.6400, -122.3900);
    private static final DriverId ANN = new DriverId(9);
    private static final DriverId BEN = new DriverId(3);
    private static final DriverId CAT = new DriverId(7);

    private final AirportQueue queue = new AirportQueue(SFO);

    @Test
    void servesDriversInOrderOfArrival() {
        arrive(ANN, BEN, CAT);
        assertThat(queue.head()).contains(ANN);
        assertThat(queue.waiting()).containsExactly(ANN, BEN, CAT);
        assertThat(queue.positionIndex(CAT)).isEqualTo(2);
        assertThat(queue.remove(ANN)).isTrue();
        assertThat(queue.head()).contains(BEN);
        assertThat(queue.positionIndex(ANN)).isEqualTo(-1);
        assertThat(queue.remove(ANN)).isFalse();
    }

    @Test
    void keepsAPlaceThroughNoiseAtTheBorder() {
        arrive(ANN, BEN);
        for (int i = 0; i < 10; i++) {
            assertThat(queue.observe(ANN, JUST_OUTSIDE, true)).isEqualTo(Change.NONE);
            assertThat(queue.observe(ANN, JUST_OUTSIDE, true)).isEqualTo(Change.NONE);
            assertThat(queue.observe(ANN, INSIDE, true)).isEqualTo(Change.NONE);
        }
        assertThat(queue.head()).contains(ANN);
    }

    @Test
    void losesThePlaceAfterThreeFixesInARowOutside() {
        arrive(ANN, BEN);
        queue.observe(ANN, JUST_OUTSIDE, true);
        queue.observe(ANN, JUST_OUTSIDE, true);
        assertThat(queue.observe(ANN, JUST_OUTSIDE, true)).isEqualTo(Change.LEFT);
        assertThat(queue.head()).contains(BEN);
    }

    @Test
    void losesThePlaceAtOnceWhenFarAway() {
        arrive(ANN, BEN);
        assertThat(queue.observe(ANN, FAR_OUTSIDE, true)).isEqualTo(Change.LEFT);
        assertThat(queue.observe(ANN, INSIDE, true)).isEqualTo(Change.JOINED);
        assertThat(queue.waiting()).containsExactly(BEN, ANN);
    }

    @Test
    void onlyIdleDriversWait() {
        assertThat(queue.observe(ANN, INSIDE, false)).isEqualTo(Change.NONE);
        assertThat(queue.size()).isZero();
        arrive(ANN);
        assertThat(queue.observe(ANN, INSIDE, false)).isEqualTo(Change.LEFT);
        assertThat(queue.head()).isEmpty();
    }

    @Test
    void ignoresDriversThatPassOutside() {
        assertThat(queue.observe(ANN, JUST_OUTSIDE, true)).isEqualTo(Change.NONE);
        assertThat(queue.size()).isZero();
        assertThat(queue.name()).isEqualTo("SFO");
    }

    private void arrive(DriverId... drivers) {
        for (DriverId driver : drivers) {
            assertThat(queue.observe(driver, INSIDE, true)).isEqualTo(Change.JOINED);
        }
    }
}
