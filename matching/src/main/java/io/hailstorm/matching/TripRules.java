package io.hailstorm.matching;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.matching.TripCommand.AnswerOffer;
import io.hailstorm.matching.TripCommand.CancelTrip;
import io.hailstorm.matching.TripCommand.ReportProgress;
import io.hailstorm.matching.TripEvent.CommandRefused;
import io.hailstorm.matching.TripEvent.OfferEndCause;
import io.hailstorm.matching.TripState.Accepted;
import io.hailstorm.matching.TripState.Arrived;
import io.hailstorm.matching.TripState.Cancelled;
import io.hailstorm.matching.TripState.Completed;
import io.hailstorm.matching.TripState.Expired;
import io.hailstorm.matching.TripState.Matching;
import io.hailstorm.matching.TripState.Offered;
import io.hailstorm.matching.TripState.Requested;
import io.hailstorm.matching.TripState.Started;
import java.util.List;
import java.util.Optional;

/**
 * What follows from a command in a trip's state: a list whose last event is the command's outcome; events before it make
 * the outcome possible. Decides only, changes nothing.
 */
final class TripRules {
    private final MatchingConfig.Saga saga;

    TripRules(MatchingConfig.Saga saga) {
        this.saga = saga;
    }

    /**
     * Rider and operator: free before a driver is bound and for {@code cancelFreeMs} after; a rider cannot cancel with
     * the ride under way, an operator can, and never pays.
     */
    List<TripEvent> onCancel(Trip trip, CancelTrip command, long timeMs) {
        boolean byOperator = command.reason() == CancelReason.BY_OPERATOR;
        if (!byOperator && command.reason() != CancelReason.BY_RIDER) {
            return refused(trip, "only a rider or an operator cancels: reason=" + command.reason());
        }
        if (!byOperator && !command.rider().equals(trip.rider())) {
            return refused(trip, "not the trip's rider");
        }
        return switch (trip.state()) {
            case Matching _ -> cancelled(trip, command.reason(), 0);
            case Offered offered ->
                List.of(
                        offerEnded(trip, offered, OfferEndCause.TRIP_CANCELLED),
                        new TripEvent.TripCancelled(trip.id(), Optional.empty(), command.reason(), 0));
            case Accepted _ -> {
                boolean free = byOperator || timeMs - trip.stateSinceMs() <= saga.cancelFreeMs();
                yield cancelled(trip, command.reason(), free ? 0 : saga.cancelFeeMinorUnits());
            }
            case Arrived _ -> cancelled(trip, command.reason(), byOperator ? 0 : saga.cancelFeeMinorUnits());
            case Started _ -> byOperator ? cancelled(trip, command.reason(), 0) : refused(trip);
            case Requested _, Completed _, Cancelled _, Expired _ -> refused(trip);
        };
    }

    List<TripEvent> onAnswer(Trip trip, AnswerOffer command, long timeMs) {
        if (!(trip.state() instanceof Offered offered)) {
            return refused(trip);
        }
        if (!offered.offer().equals(command.offer()) || !offered.driver().equals(command.driver())) {
            return refused(trip, "not the live offer: live=" + offered.offer() + ", answered=" + command.offer());
        }
        if (!command.accepted()) {
            return List.of(offerEnded(trip, offered, OfferEndCause.DECLINED));
        }
        if (timeMs > offered.expireTimeMs()) {
            return refused(
                    trip, "offer deadline passed: deadline_ms=" + offered.expireTimeMs() + ", answered_ms=" + timeMs);
        }
        return List.of(new TripEvent.TripAccepted(trip.id(), offered.offer(), offered.driver(), offered.pickupEtaMs()));
    }

    List<TripEvent> onProgress(Trip trip, ReportProgress command, long timeMs) {
        Optional<DriverId> bound = trip.kind().hasDriver() ? trip.driver() : Optional.empty();
        if (bound.isEmpty()) {
            return refused(trip);
        }
        DriverId driver = bound.get();
        if (!driver.equals(command.driver())) {
            return refused(trip, "not the trip's driver");
        }
        return switch (command.step()) {
            case ARRIVE ->
                trip.state() instanceof Accepted
                        ? List.of(new TripEvent.DriverArrived(trip.id(), driver))
                        : refused(trip);
            case START ->
                trip.state() instanceof Arrived ? List.of(new TripEvent.TripStarted(trip.id(), driver)) : refused(trip);
            case COMPLETE ->
                trip.state() instanceof Started
                        ? List.of(new TripEvent.TripCompleted(
                                trip.id(), driver, trip.fareMinorUnits(), trip.driverBonusMinorUnits()))
                        : refused(trip);
            case CANCEL -> List.of(withoutDriver(trip, CancelReason.BY_DRIVER));
            case NO_SHOW -> onNoShow(trip, timeMs);
        };
    }

    private List<TripEvent> onNoShow(Trip trip, long timeMs) {
        if (!(trip.state() instanceof Arrived)) {
            return refused(trip);
        }
        long waitedMs = timeMs - trip.stateSinceMs();
        return waitedMs < saga.noShowWaitMs()
                ? refused(trip, "too early for a no-show: waited_ms=" + waitedMs + ", needed=" + saga.noShowWaitMs())
                : cancelled(trip, CancelReason.RIDER_NO_SHOW, saga.cancelFeeMinorUnits());
    }

    /** A trip loses its driver: back to matching before the ride began, while re-dispatches last; else it is over. */
    TripEvent withoutDriver(Trip trip, CancelReason reason) {
        boolean again = trip.kind() != TripState.Kind.STARTED && trip.redispatchCount() < saga.redispatchCountMax();
        return again
                ? new TripEvent.MatchingStarted(trip.id())
                : new TripEvent.TripCancelled(trip.id(), trip.driver(), reason, 0);
    }

    /** How long a trip's driver may be silent. */
    long silenceMsMax(Trip trip) {
        return trip.kind() == TripState.Kind.STARTED ? saga.driverLostOnTripAfterMs() : saga.driverLostAfterMs();
    }

    static TripEvent offerEnded(Trip trip, Offered offered, OfferEndCause cause) {
        return new TripEvent.OfferEnded(trip.id(), offered.offer(), offered.driver(), cause);
    }

    private static List<TripEvent> cancelled(Trip trip, CancelReason reason, long feeMinorUnits) {
        return List.of(new TripEvent.TripCancelled(trip.id(), trip.driver(), reason, feeMinorUnits));
    }

    private static List<TripEvent> refused(Trip trip) {
        return refused(trip, "trip is " + trip.kind());
    }

    private static List<TripEvent> refused(Trip trip, String reason) {
        return List.of(new CommandRefused(trip.id(), reason));
    }
}
