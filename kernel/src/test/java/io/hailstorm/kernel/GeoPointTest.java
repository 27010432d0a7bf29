package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class GeoPointTest {
    @Test
    void measuresADegreeOfLatitude() {
        assertThat(GeoPoint.ofDegrees(37, -122).distanceMeters(GeoPoint.ofDegrees(38, -122)))
                .isCloseTo(111_195, within(1.0));
    }

    @Test
    void measuresAcrossTheAntimeridianTheShortWay() {
        assertThat(GeoPoint.ofDegrees(0, 179.5).distanceMeters(GeoPoint.ofDegrees(0, -179.5)))
                .isCloseTo(111_195, within(1.0));
    }

    @Test
    void measuresHalfTheEarthBetweenThePoles() {
        assertThat(GeoPoint.ofDegrees(90, 0).distanceMeters(GeoPoint.ofDegrees(-90, 77)))
                .isCloseTo(Math.PI * 6_371_008.8, within(1.0));
    }

    @Test
    void isNowhereFromItself() {
        GeoPoint point = GeoPoint.ofDegrees(37.7749, -122.4194);
        assertThat(point.distanceMeters(point)).isZero();
    }

    @Test
    void keepsSevenDecimals() {
        GeoPoint point = GeoPoint.ofDegrees(37.7749295, -122.4194155);
        assertThat(point).isEqualTo(new GeoPoint(377_749_295, -1_224_194_155));
        assertThat(point.latDegrees()).isEqualTo(37.7749295);
        assertThat(point.lonDegrees()).isEqualTo(-122.4194155);
    }

    @Test
    void acceptsTheEdgesOfTheWorldAndNothingBeyond() {
        assertThat(GeoPoint.isValid(900_000_000, 1_800_000_000)).isTrue();
        assertThat(GeoPoint.isValid(-900_000_000, -1_800_000_000)).isTrue();
        assertThat(GeoPoint.isValid(900_000_001, 0)).isFalse();
        assertThat(GeoPoint.isValid(-900_000_001, 0)).isFalse();
        assertThat(GeoPoint.isValid(0, 1_800_000_001)).isFalse();
        assertThat(GeoPoint.isValid(0, Integer.MIN_VALUE)).isFalse();
    }
}
