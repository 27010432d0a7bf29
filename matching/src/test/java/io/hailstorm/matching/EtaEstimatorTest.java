package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.GeoPoint;
import org.junit.jupiter.api.Test;

/** What is learned from the fleet's own fixes. */
class EtaEstimatorTest {
    private static final long CELL =
            Fleet.CELLS.cellOf(Fleet.MARKET.latE7(), Fleet.MARKET.lonE7(), Cells.ROUTING_RESOLUTION);

    private final Fleet fleet = new Fleet();
    private final EtaEstimator etas = fleet.matcher.etas();

    @Test
    void beginsWithTheConfiguredSpeed() {
        assertThat(etas.speedMmPerS(CELL, fleet.nowMs)).isEqualTo(7_000);
        assertThat(etas.etaMs(7_000, 7_000)).isEqualTo(20_000 + 1_300_000);
    }

    @Test
    void learnsTheSpeedOfRidesWhereAndWhenTheyWereDriven() {
        driveTrip(Fleet.START_MS, 15, DriverState.ON_TRIP);
        assertThat(etas.speedMmPerS(CELL, fleet.nowMs)).isBetween(13_500L, 15_000L);
        long rushHourMs = Fleet.START_MS + 6 * 3_600_000;
        driveTrip(rushHourMs, 4, DriverState.ON_TRIP);
        driveTrip(rushHourMs, 4, DriverState.ON_TRIP);
        assertThat(etas.speedMmPerS(CELL, rushHourMs)).isBetween(4_000L, 6_500L);
        assertThat(etas.speedMmPerS(CELL, Fleet.START_MS)).as("the next day").isGreaterThan(8_000);
        GeoPoint elsewhere = GeoPoint.ofDegrees(37.60, -122.40);
        long far = Fleet.CELLS.cellOf(elsewhere.latE7(), elsewhere.lonE7(), Cells.ROUTING_RESOLUTION);
        assertThat(etas.speedMmPerS(far, rushHourMs))
                .as("elsewhere, the region's")
                .isLessThan(7_000);
    }

    @Test
    void learnsNothingFromDriversWithoutARider() {
        driveTrip(Fleet.START_MS, 15, DriverState.IDLE);
        driveTrip(Fleet.START_MS + 900_000, 15, DriverState.EN_ROUTE);
        assertThat(etas.speedMmPerS(CELL, Fleet.START_MS)).isEqualTo(7_000);
        assertThat(etas.learnedCellCount()).isZero();
    }

    @Test
    void learnsNothingFromAJump() {
        fleet.drive(7, 0, DriverState.ON_TRIP);
        fleet.nowMs += 1_000;
        fleet.drive(7, 5_000, DriverState.ON_TRIP);
        assertThat(etas.speedMmPerS(CELL, Fleet.START_MS)).isEqualTo(7_000);
    }

    @Test
    void sharesTheRegionsSpeedBeyondTheBoundOfCells() {
        Fleet small =
                new Fleet(MatchingConfig.defaults().withEta(new MatchingConfig.Eta(1_300, 7_000, 20_000, 1)), "batch");
        for (double lat : new double[] {37.6, 37.7, 37.8}) {
            for (int i = 0; i < 3; i++) {
                small.nowMs += 10_000;
                small.matcher.onFix(small.fixAt(7, GeoPoint.ofDegrees(lat, -122.4 + i * 0.001), DriverState.ON_TRIP));
            }
        }
        assertThat(small.matcher.etas().learnedCellCount()).isEqualTo(1);
    }

    /** Fixes of one driver, two seconds apart, going back and forth within a cell. */
    private void driveTrip(long startMs, int metersPerSecond, DriverState state) {
        for (int i = 0; i < 400; i++) {
            fleet.nowMs = startMs + i * 2_000L;
            fleet.drive(7, i % 2 == 0 ? 0 : metersPerSecond * 2, state);
        }
    }
}
