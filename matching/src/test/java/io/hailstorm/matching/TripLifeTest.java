package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.matching.TripCommand.CancelTrip;
import io.hailstorm.matching.TripCommand.Step;
import io.hailstorm.matching.TripEvent.CommandRefused;
import io.hailstorm.matching.TripEvent.OfferEndCause;
import io.hailstorm.matching.TripState.Kind;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One trip, from its request to each of its ends. */
class TripLifeTest {
    private final Fleet fleet = new Fleet();
    private final MatchingConfig.Saga saga = fleet.config.saga();

    @Test
    void walksFromRequestToCompletion() {
        fleet.idle(7, 300);
        assertThat(fleet.request(1)).isEqualTo(new TripEvent.MatchingStarted(Fleet.tripOf(1)));
        fleet.tick();
        assertThat(fleet.kind(1)).isEqualTo(Kind.OFFERED);
        assertThat(fleet.answer(1, true)).isInstanceOf(TripEvent.TripAccepted.class);
        assertThat(fleet.report(1, 7, Step.ARRIVE)).isInstanceOf(TripEvent.DriverArrived.class);
        assertThat(fleet.report(1, 7, Step.START)).isInstanceOf(TripEvent.TripStarted.class);
        assertThat(fleet.report(1, 7, Step.COMPLETE))
                .isEqualTo(new TripEvent.TripCompleted(Fleet.tripOf(1), new DriverId(7), 1500, 100));
        assertThat(fleet.matcher.tripCount(Kind.COMPLETED)).isEqualTo(1);
        assertThat(fleet.matcher.openTripCount()).isZero();
    }

    @Test
    void answersEveryCommandInEveryStateWithExactlyOneOutcome() {
        for (Kind kind : EnumSet.complementOf(EnumSet.of(Kind.REQUESTED))) {
            for (Step step : Step.values()) {
                Fleet one = new Fleet();
                one.bring(1, kind);
                boolean allowed =
                        switch (step) {
                            case ARRIVE -> kind == Kind.ACCEPTED;
                            case START -> kind == Kind.ARRIVED;
                            case COMPLETE -> kind == Kind.STARTED;
                            case CANCEL -> kind.hasDriver();
                            case NO_SHOW -> false;
                        };
                TripEvent outcome = one.report(1, 7, step);
                assertThat(outcome instanceof CommandRefused)
                        .as("%s in %s gave %s", step, kind, outcome)
                        .isEqualTo(!allowed);
            }
            Fleet answered = new Fleet();
            answered.bring(1, kind);
            assertThat(answered.answer(1, 1, 7, true) instanceof CommandRefused)
                    .as("accept in %s", kind)
                    .isEqualTo(kind != Kind.OFFERED);
            Fleet repeated = new Fleet();
            repeated.bring(1, kind);
            assertThat(repeated.request(1)).isInstanceOf(CommandRefused.class);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"MATCHING", "OFFERED", "ACCEPTED", "ARRIVED"})
    void riderCancelsBeforeTheRideBegins(Kind kind) {
        fleet.bring(1, kind);
        TripEvent.TripCancelled cancelled = (TripEvent.TripCancelled) fleet.cancel(1);
        assertThat(cancelled.reason()).isEqualTo(CancelReason.BY_RIDER);
        assertThat(cancelled.feeMinorUnits()).isEqualTo(kind == Kind.ARRIVED ? saga.cancelFeeMinorUnits() : 0);
        assertThat(fleet.matcher.idleDriverCount())
                .as("the driver is free again")
                .isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"STARTED", "COMPLETED", "CANCELLED", "EXPIRED"})
    void refusesARidersCancellationOnceTheRideBeganOrIsOver(Kind kind) {
        fleet.bring(1, kind);
        assertThat(fleet.cancel(1)).isEqualTo(new CommandRefused(Fleet.tripOf(1), "trip is " + kind));
    }

    @Test
    void chargesALateCancellationAndOnlyTheRidersOwn() {
        fleet.bring(1, Kind.ACCEPTED);
        fleet.nowMs += saga.cancelFreeMs() + 1;
        assertThat(fleet.command(new CancelTrip(Fleet.tripOf(1), CancelReason.BY_RIDER, new RiderId(99))))
                .isEqualTo(new CommandRefused(Fleet.tripOf(1), "not the trip's rider"));
        assertThat(((TripEvent.TripCancelled) fleet.cancel(1)).feeMinorUnits()).isEqualTo(saga.cancelFeeMinorUnits());
    }

    @Test
    void operatorCancelsARideUnderWayWithoutFee() {
        fleet.bring(1, Kind.STARTED);
        assertThat(fleet.command(new CancelTrip(Fleet.tripOf(1), CancelReason.BY_OPERATOR, new RiderId(0))))
                .isEqualTo(new TripEvent.TripCancelled(
                        Fleet.tripOf(1), Optional.of(new DriverId(7)), CancelReason.BY_OPERATOR, 0));
    }

    @Test
    void endsTheLiveOfferBeforeCancellingAnOfferedTrip() {
        fleet.bring(1, Kind.OFFERED);
        fleet.cancel(1);
        assertThat(fleet.log.stream().map(Fleet.Line::content))
                .contains(new TripEvent.OfferEnded(
                        Fleet.tripOf(1), new OfferId(1), new DriverId(7), OfferEndCause.TRIP_CANCELLED));
    }

    @Test
    void offersTheNextDriverAfterADecline() {
        fleet.idle(7, 300);
        fleet.idle(8, 900);
        fleet.request(1);
        fleet.tick();
        assertThat(fleet.driverOf(1)).isEqualTo(7);
        assertThat(fleet.answer(1, false)).isInstanceOf(TripEvent.OfferEnded.class);
        fleet.tickAfter(fleet.config.rounds().intervalMsMax());
        assertThat(fleet.driverOf(1)).isEqualTo(8);
        fleet.answer(1, false);
        fleet.tickAfter(fleet.config.rounds().intervalMsMax());
        assertThat(fleet.kind(1)).as("both are excluded").isEqualTo(Kind.MATCHING);
    }

    @Test
    void timesAnOfferOutAndRefusesTheAnswerAfterTheDeadline() {
        fleet.bring(1, Kind.OFFERED);
        fleet.nowMs += saga.offerDeadlineMs() + 1;
        assertThat(fleet.answer(1, true)).isInstanceOf(CommandRefused.class);
        fleet.tick();
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
        assertThat(fleet.trip(1).excluded()).containsExactly(new DriverId(7));
    }

    @Test
    void acceptsAnAnswerAtTheVeryDeadline() {
        fleet.bring(1, Kind.OFFERED);
        fleet.tickAfter(saga.offerDeadlineMs());
        assertThat(fleet.answer(1, true)).isInstanceOf(TripEvent.TripAccepted.class);
    }

    @Test
    void endsTheOfferOfADriverWhoGoesOffline() {
        fleet.bring(1, Kind.OFFERED);
        fleet.drive(7, 300, DriverState.OFFLINE);
        fleet.tickAfter(1_000);
        assertThat(fleet.log.getLast().content())
                .isEqualTo(new TripEvent.OfferEnded(
                        Fleet.tripOf(1), new OfferId(1), new DriverId(7), OfferEndCause.DRIVER_GONE));
    }

    @Test
    void refusesAnAnswerToAnotherOfferOrByAnotherDriver() {
        fleet.bring(1, Kind.OFFERED);
        assertThat(fleet.answer(1, 2, 7, true)).isInstanceOf(CommandRefused.class);
        assertThat(fleet.answer(1, 1, 8, true)).isInstanceOf(CommandRefused.class);
        assertThat(fleet.kind(1)).isEqualTo(Kind.OFFERED);
    }

    @Test
    void expiresWhenNobodyAccepts() {
        fleet.request(1);
        fleet.tickAfter(saga.tripExpiryMs() - 1);
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
        fleet.tickAfter(1);
        assertThat(fleet.kind(1)).isEqualTo(Kind.EXPIRED);
    }

    @Test
    void expiresAsSoonAsTheLastOfferEndsAfterTheDeadline() {
        fleet.request(1);
        fleet.nowMs += saga.tripExpiryMs() - 5_000;
        fleet.idle(7, 300);
        fleet.tick();
        fleet.tickAfter(6_000);
        assertThat(fleet.kind(1)).as("a live offer is waited for").isEqualTo(Kind.OFFERED);
        fleet.tickAfter(saga.offerDeadlineMs());
        assertThat(fleet.kind(1)).isEqualTo(Kind.EXPIRED);
    }

    @Test
    void dispatchesAgainOnceWhenTheDriverFallsSilentThenGivesUp() {
        fleet.bring(1, Kind.ACCEPTED);
        fleet.tickAfter(saga.driverLostAfterMs());
        assertThat(fleet.kind(1)).isEqualTo(Kind.ACCEPTED);
        fleet.tickAfter(1_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
        fleet.idle(8, 300);
        fleet.tickAfter(20_000);
        assertThat(fleet.driverOf(1)).isEqualTo(8);
        fleet.answer(1, true);
        fleet.tickAfter(saga.driverLostAfterMs() + 1_000);
        assertThat(fleet.trip(1).state())
                .isEqualTo(new TripState.Cancelled(Optional.of(new DriverId(8)), CancelReason.DRIVER_LOST, 0));
    }

    @Test
    void keepsADriverWhoIsHeard() {
        fleet.bring(1, Kind.ACCEPTED);
        for (int i = 0; i < 10; i++) {
            fleet.nowMs += 60_000;
            fleet.drive(7, 200, DriverState.EN_ROUTE);
            fleet.tick();
        }
        assertThat(fleet.kind(1)).isEqualTo(Kind.ACCEPTED);
    }

    @Test
    void countsADriverWhoSaysOfflineAsSilent() {
        fleet.bring(1, Kind.ACCEPTED);
        for (int i = 0; i < 4; i++) {
            fleet.nowMs += 30_000;
            fleet.drive(7, 200, DriverState.OFFLINE);
            fleet.tick();
        }
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
    }

    @Test
    void ridesOnThroughATunnelButNotForever() {
        fleet.bring(1, Kind.STARTED);
        fleet.tickAfter(saga.driverLostOnTripAfterMs());
        assertThat(fleet.kind(1)).isEqualTo(Kind.STARTED);
        fleet.tickAfter(1_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.CANCELLED);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"ACCEPTED", "ARRIVED"})
    void dispatchesAgainWhenTheDriverGivesUpBeforeTheRide(Kind kind) {
        fleet.bring(1, kind);
        assertThat(fleet.report(1, 7, Step.CANCEL)).isInstanceOf(TripEvent.MatchingStarted.class);
        fleet.tickAfter(30_000);
        assertThat(fleet.kind(1)).as("not offered to the driver who gave it up").isEqualTo(Kind.MATCHING);
    }

    @Test
    void endsTheTripWhenTheDriverGivesUpDuringTheRide() {
        fleet.bring(1, Kind.STARTED);
        assertThat(((TripEvent.TripCancelled) fleet.report(1, 7, Step.CANCEL)).reason())
                .isEqualTo(CancelReason.BY_DRIVER);
    }

    @Test
    void allowsANoShowOnlyAfterTheWait() {
        fleet.bring(1, Kind.ARRIVED);
        assertThat(fleet.report(1, 7, Step.NO_SHOW)).isInstanceOf(CommandRefused.class);
        fleet.nowMs += saga.noShowWaitMs();
        TripEvent.TripCancelled cancelled = (TripEvent.TripCancelled) fleet.report(1, 7, Step.NO_SHOW);
        assertThat(cancelled.reason()).isEqualTo(CancelReason.RIDER_NO_SHOW);
        assertThat(cancelled.feeMinorUnits()).isEqualTo(saga.cancelFeeMinorUnits());
    }

    @Test
    void refusesProgressByAnotherDriver() {
        fleet.bring(1, Kind.ACCEPTED);
        assertThat(fleet.report(1, 8, Step.ARRIVE))
                .isEqualTo(new CommandRefused(Fleet.tripOf(1), "not the trip's driver"));
    }

    @Test
    void keepsADriverBusyUntilTheTripEndsWhateverThePhoneSays() {
        fleet.bring(1, Kind.ACCEPTED);
        fleet.idle(7, 100);
        fleet.request(2);
        fleet.tickAfter(30_000);
        assertThat(fleet.kind(2)).isEqualTo(Kind.MATCHING);
        fleet.report(1, 7, Step.ARRIVE);
        fleet.report(1, 7, Step.START);
        fleet.report(1, 7, Step.COMPLETE);
        fleet.tickAfter(30_000);
        assertThat(fleet.kind(2)).isEqualTo(Kind.OFFERED);
    }

    @ParameterizedTest
    @EnumSource(
            value = DriverState.class,
            names = {"OFFLINE", "EN_ROUTE", "ON_TRIP"})
    void offersNothingToADriverWhoIsNotIdle(DriverState state) {
        fleet.drive(7, 300, state);
        fleet.request(1);
        fleet.tickAfter(30_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
    }

    @Test
    void offersNothingToAnIdleDriverLongSilent() {
        fleet.idle(7, 300);
        fleet.nowMs += saga.idleStaleAfterMs() + 1;
        fleet.request(1);
        fleet.tick();
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
        fleet.idle(7, 300);
        fleet.tickAfter(20_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.OFFERED);
    }

    @Test
    void offersNothingBeyondThePickupCap() {
        fleet.idle(7, 20_000);
        fleet.request(1);
        fleet.tickAfter(60_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
    }

    @Test
    void refusesAnUnknownTripADuplicateAndAForbiddenPickup() {
        assertThat(fleet.cancel(1)).isEqualTo(new CommandRefused(Fleet.tripOf(1), "unknown trip"));
        fleet.request(1);
        assertThat(fleet.request(1)).isEqualTo(new CommandRefused(Fleet.tripOf(1), "duplicate: trip is MATCHING"));
        Fleet fenced = new Fleet(MatchingConfig.defaults(), "batch", pickup -> false);
        fenced.matcher.finishRecovery(fenced.nowMs);
        assertThat(((CommandRefused) fenced.request(1)).reason()).startsWith("pickup not allowed here");
    }

    @Test
    void refusesRequestsAtTheBoundOfOpenTripsAndTakesThemAgainBelowIt() {
        Fleet small =
                new Fleet(MatchingConfig.defaults().withBounds(new MatchingConfig.Bounds(10, 2, 600_000, 10)), "batch");
        small.request(1);
        small.request(2);
        assertThat(((CommandRefused) small.request(3)).reason()).startsWith("resource exhausted");
        small.cancel(1);
        assertThat(small.request(3)).isInstanceOf(TripEvent.MatchingStarted.class);
    }

    @Test
    void remembersAnEndedTripsIdAfterForgettingTheTrip() {
        Fleet small =
                new Fleet(MatchingConfig.defaults().withBounds(new MatchingConfig.Bounds(10, 10, 600_000, 1)), "batch");
        for (long trip : List.of(1L, 2L)) {
            small.request(trip);
            small.cancel(trip);
            small.tickAfter(1);
        }
        small.tickAfter(600_001);
        assertThat(small.matcher.trip(Fleet.tripOf(1))).isEmpty();
        long refusedCount = Stream.of(1L, 2L)
                .filter(trip -> small.request(trip) instanceof CommandRefused)
                .count();
        assertThat(refusedCount).as("only the last one is still known").isEqualTo(1);
    }

    @Test
    void treatsATransitionThatTheTableDoesNotHaveAsABug() {
        Trip trip = Trip.requested(Fleet.requestOf(1, Fleet.MARKET), Fleet.START_MS);
        assertThatThrownBy(() -> trip.after(new TripEvent.TripStarted(trip.id(), new DriverId(7)), 0))
                .isInstanceOf(Invariants.InvariantViolation.class);
    }

    @Test
    void treatsASecondEngagementOfADriverAsABug() {
        Fleet recovering = new Fleet(MatchingConfig.defaults(), "batch", PickupRule.everywhere());
        for (long trip = 1; trip <= 2; trip++) {
            recovering.matcher.recoverCommand(Fleet.requestOf(trip, Fleet.MARKET), trip, 0);
            recovering.matcher.replay(new TripEvent.MatchingStarted(Fleet.tripOf(trip)), trip, 0);
        }
        recovering.matcher.replay(offerOf(1), 0, 0);
        assertThatThrownBy(() -> recovering.matcher.replay(offerOf(2), 0, 0))
                .isInstanceOf(Invariants.InvariantViolation.class)
                .hasMessageContaining("live offer");
    }

    private static TripEvent offerOf(long trip) {
        return new TripEvent.OfferMade(
                Fleet.tripOf(trip), new OfferId(trip), new DriverId(7), 1, 1, Fleet.MARKET, Fleet.MARKET, 1, 1);
    }
}
