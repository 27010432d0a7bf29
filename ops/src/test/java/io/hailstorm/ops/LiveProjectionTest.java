package io.hailstorm.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.*;
import java.util.function.UnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class LiveProjectionTest {
    private static final long START_MS = 1_700_000_000_000L;
    private static final GeoPoint MARKET_STREET = GeoPoint.ofDegrees(37.7793, -122.4193);
    private static final String TRIP = "872830828ffffff-00000000000000aa";

    private final VirtualTime time = new VirtualTime(START_MS);
    private final ListLog log = new ListLog(2);
    private final Cells cells = Cells.create();
    private final TestNode node = new TestNode(time, 2);
    private final LiveProjection projection =
            new LiveProjection(log, cells, node, OpsConfig.DEFAULT, UnaryOperator.identity());
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);

    private void readAll() {
        int read;
        do {
            read = projection.doWork(time.epochMs());
        } while (read > 0);
    }

    private void addFix(int partition, long driver, DriverState state) {
        fix.driver(driver)
                .position(MARKET_STREET.latE7(), MARKET_STREET.lonE7())
                .cell(cells.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), Cells.DRIVER_RESOLUTION))
                .state(state.code());
        log.addFix(partition, fix, time.epochMs());
    }

    private void add(Event.Builder event) {
        log.addEvent(StreamName.TRIPS, 0, event, time.epochMs());
    }

    private static Point point(GeoPoint at) {
        return Point.newBuilder().setLatE7(at.latE7()).setLonE7(at.lonE7()).build();
    }

    private void request(String trip, long rider) {
        add(Event.newBuilder()
                .setTripRequested(TripRequested.newBuilder()
                        .setTrip(trip)
                        .setRider(rider)
                        .setPickup(point(MARKET_STREET))
                        .setFareMinorUnits(1480)));
    }

    @Test
    void countsVehiclesByStateOverAllPartitions() {
        addFix(0, 1, DriverState.IDLE);
        addFix(0, 2, DriverState.ON_TRIP);
        addFix(1, 3, DriverState.IDLE);
        addFix(0, 2, DriverState.IDLE);
        readAll();

        assertThat(projection.summary().vehicles()).isEqualTo(new OpsViews.VehicleCounts(3, 0, 3, 0, 0, 0));
    }

    @Test
    void measuresRatesOverTenSecondsOfTheNodesClock() {
        for (int second = 0; second < 10; second++) {
            for (int i = 0; i < 5; i++) {
                addFix(0, i, DriverState.IDLE);
            }
            time.advanceMs(1000);
        }
        readAll();
        assertThat(projection.summary().ratesPerS().fixes()).isEqualTo(5.0);

        time.advanceMs(20_000);
        assertThat(projection.summary().ratesPerS().fixes()).isZero();
    }

    @Test
    void followsATripFromRequestToCompletionWithAMomentForEachStep() {
        request(TRIP, 7);
        add(Event.newBuilder().setMatchingStarted(MatchingStarted.newBuilder().setTrip(TRIP)));
        time.advanceMs(4000);
        add(Event.newBuilder()
                .setOfferMade(OfferMade.newBuilder()
                        .setTrip(TRIP)
                        .setDriver(5)
                        .setRound(3)
                        .setPickupEtaMs(90_000)));
        time.advanceMs(2000);
        add(Event.newBuilder()
                .setOfferEnded(
                        OfferEnded.newBuilder().setTrip(TRIP).setDriver(5).setCause(OfferEnded.Cause.DECLINED)));
        readAll();
        assertThat(projection.trip(TRIP).orElseThrow().line().state()).isEqualTo(TripState.MATCHING);

        add(Event.newBuilder().setOfferMade(OfferMade.newBuilder().setTrip(TRIP).setDriver(6)));
        add(Event.newBuilder()
                .setTripAccepted(TripAccepted.newBuilder().setTrip(TRIP).setDriver(6)));
        time.advanceMs(54_000);
        add(Event.newBuilder()
                .setDriverArrived(DriverArrived.newBuilder().setTrip(TRIP).setDriver(6)));
        add(Event.newBuilder()
                .setTripStarted(TripStarted.newBuilder().setTrip(TRIP).setDriver(6)));
        add(Event.newBuilder()
                .setTripCompleted(
                        TripCompleted.newBuilder().setTrip(TRIP).setDriver(6).setFareMinorUnits(1480)));
        readAll();

        var timeline = projection.trip(TRIP).orElseThrow();
        assertThat(timeline.moments().stream().map(TripBook.Moment::what))
                .containsExactly(
                        "requested",
                        "matching",
                        "offered",
                        "offer ended",
                        "offered",
                        "accepted",
                        "arrived",
                        "started",
                        "completed");
        assertThat(timeline.line().waitMs()).isEqualTo(60_000);
        assertThat(timeline.line().driver()).isEqualTo(6);
        assertThat(timeline.line().offerCount()).isEqualTo(2);
        var summary = projection.summary();
        assertThat(summary.trips().open()).isZero();
        assertThat(summary.trips().completed()).isEqualTo(1);
        assertThat(summary.waits()).isEqualTo(new OpsViews.WaitsView(60_000, 60_000, 1));
    }

    @Test
    void takesARetriedRequestForTheSameTripOnce() {
        request(TRIP, 7);
        request(TRIP, 7);
        readAll();

        assertThat(projection.summary().trips().requested()).isEqualTo(1);
        assertThat(projection.trip(TRIP).orElseThrow().moments()).hasSize(1);
    }

    @Test
    void countsARiderWhoAsksAgainOnceInDemandAndForgetsAfterFiveMinutes() {
        for (int i = 0; i < 3; i++) {
            add(Event.newBuilder()
                    .setQuoteIssued(QuoteIssued.newBuilder().setRider(7).setPickup(point(MARKET_STREET))));
        }
        request(TRIP, 7);
        request(TRIP + "b", 8);
        readAll();
        assertThat(projection.cells(false).getFirst().demand()).isEqualTo(2);

        time.advanceMs(DemandWindow.WINDOW_MS + 1);
        readAll();
        assertThat(projection.cells(false).getFirst().demand()).isZero();
    }

    @Test
    void keepsTheLatestPriceOfEachCell() {
        long cell = cells.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), Cells.PRICING_RESOLUTION);
        for (int milli : new int[] {1250, 1750}) {
            var prices = PricesPublished.newBuilder()
                    .setPriceVersion(milli)
                    .addCells(cell)
                    .addMultiplierMilli(milli);
            log.addEvent(StreamName.PRICES, 1, Event.newBuilder().setPricesPublished(prices), time.epochMs());
        }
        readAll();

        assertThat(projection.summary().prices().multiplierMilliMax()).isEqualTo(1750);
        var view = projection.cells(true).getFirst();
        assertThat(view.cell()).isEqualTo(Long.toHexString(cell));
        assertThat(view.boundary()).hasSize(7);
    }

    @Test
    void reportsLagInRecordsAndSecondsUntilItHasRead() {
        addFix(1, 1, DriverState.IDLE);
        readAll();
        for (int i = 0; i < 10; i++) {
            addFix(1, 1, DriverState.IDLE);
        }
        time.advanceMs(3000);
        var behind = projection.partitions().partitions().get(1);
        assertThat(behind.lagRecords()).isEqualTo(10);
        assertThat(behind.lagMs()).isEqualTo(3000);

        readAll();
        assertThat(projection.partitions().partitions().get(1).lagRecords()).isZero();
    }

    @Test
    void readsABoundedBatchACallAndCatchesUp() {
        for (int i = 0; i < 10_000; i++) {
            addFix(0, i, DriverState.IDLE);
        }
        assertThat(projection.doWork(time.epochMs())).isLessThan(10_000);

        readAll();
        assertThat(projection.summary().vehicles().total()).isEqualTo(10_000);
    }

    @Test
    void goesOnAfterRetentionTookWhatItHadNotReadAndCountsIt() {
        request(TRIP, 1);
        readAll();
        request(TRIP + "b", 2);
        request(TRIP + "c", 3);
        log.partition(StreamName.TRIPS, 0).retainFrom(2);
        projection.doWork(time.epochMs());
        readAll();

        assertThat(projection.trip(TRIP + "c")).isPresent();
        var trips = projection.partitions().partitions().getFirst().streams().stream()
                .filter(tail -> tail.stream().equals("trips"))
                .findFirst()
                .orElseThrow();
        assertThat(trips.skippedRecords()).isEqualTo(1);
    }

    @Test
    void countsRecordsItCannotDecodeAndGoesOn() {
        log.partition(StreamName.TRIPS, 0).add(RecordType.EVENT, new byte[] {(byte) 0xFF, 1, 2}, START_MS << 16);
        log.partition(StreamName.TRIPS, 0).add(99, new byte[8], START_MS << 16);
        log.partition(StreamName.FIXES, 0).add(RecordType.FIX, new byte[8], START_MS << 16);
        request(TRIP, 1);
        readAll();

        assertThat(projection.summary().figures()).containsEntry("undecodableRecords", 3.0);
        assertThat(projection.trip(TRIP)).isPresent();
    }

    @Test
    void samplesHeadlineFiguresEveryTenSecondsForTheCharts() {
        for (int i = 0; i < 25; i++) {
            projection.doWork(time.epochMs());
            time.advanceMs(1000);
        }
        assertThat(projection.history()).hasSize(3);
    }

    @Test
    void keepsABoundedNumberOfEndedTripsAndTheNewestFirst() {
        for (int i = 0; i < TripBook.ENDED_MAX + 10; i++) {
            String trip = "872830828ffffff-%016x".formatted(i);
            request(trip, i);
            add(Event.newBuilder().setTripExpired(TripExpired.newBuilder().setTrip(trip)));
            time.advanceMs(1);
        }
        readAll();

        assertThat(projection.trip("872830828ffffff-%016x".formatted(9))).isEmpty();
        assertThat(projection.trip("872830828ffffff-%016x".formatted(10))).isPresent();
        assertThat(projection.trips(state -> true, 1).getFirst().trip())
                .isEqualTo("872830828ffffff-%016x".formatted(TripBook.ENDED_MAX + 9));
    }
}
