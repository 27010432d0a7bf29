package io.hailstorm.matching;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;
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
import java.util.stream.Stream;

/**
 * One trip, the fold of its request and its events; immutable. (A quote precedes it and belongs to pricing.)
 *
 * <pre>
 *   state \ event  Matching  Offer   Offer   Trip      Driver   Trip     Trip       Trip       Trip
 *                  Started   Made    Ended   Accepted  Arrived  Started  Completed  Cancelled  Expired
 *   REQUESTED      MATCHING
 *   MATCHING                 OFFERED                                                CANCELLED  EXPIRED
 *   OFFERED                          MATCHING ACCEPTED
 *   ACCEPTED       MATCHING                            ARRIVED                      CANCELLED
 *   ARRIVED        MATCHING                                     STARTED             CANCELLED
 *   STARTED                                                              COMPLETED  CANCELLED
 * </pre>
 *
 * COMPLETED, CANCELLED and EXPIRED are final. An empty field is a bug of whoever emitted the event. An offered trip is
 * cancelled by ending its offer first. {@code MatchingStarted} after a driver was bound is a re-dispatch.
 *
 * @param requestTimeMs when the wait began, epoch milliseconds
 * @param matchingSinceMs when it last began to wait without a driver; what expiry counts from
 * @param stateSinceMs when the current state began
 * @param excluded drivers that declined, let an offer pass, gave up or were lost; not offered again
 * @param redispatchCount how often it lost its driver
 */
public record Trip(
        TripId id,
        RiderId rider,
        String quote,
        GeoPoint pickup,
        GeoPoint dropoff,
        long fareMinorUnits,
        int multiplierMilli,
        long driverBonusMinorUnits,
        long requestTimeMs,
        long matchingSinceMs,
        long stateSinceMs,
        TripState state,
        List<DriverId> excluded,
        int redispatchCount) {

    static Trip requested(TripCommand.RequestTrip request, long timeMs) {
        return new Trip(
                request.trip(),
                request.rider(),
                request.quote(),
                request.pickup(),
                request.dropoff(),
                request.fareMinorUnits(),
                request.multiplierMilli(),
                request.driverBonusMinorUnits(),
                timeMs,
                timeMs,
                timeMs,
                new Requested(),
                List.of(),
                0);
    }

    public TripState.Kind kind() {
        return state.kind();
    }

    /** The driver bound to the trip now, or the one that finished it. */
    public Optional<DriverId> driver() {
        return switch (state) {
            case Requested _, Matching _, Offered _, Expired _ -> Optional.empty();
            case Accepted accepted -> Optional.of(accepted.driver());
            case Arrived arrived -> Optional.of(arrived.driver());
            case Started started -> Optional.of(started.driver());
            case Completed completed -> Optional.of(completed.driver());
            case Cancelled cancelled -> cancelled.driver();
        };
    }

    /** The driver who is bound or is deciding on an offer: free for no other trip. */
    public Optional<DriverId> engagedDriver() {
        return switch (state) {
            case Offered offered -> Optional.of(offered.driver());
            case Requested _, Matching _, Accepted _, Arrived _, Started _, Completed _, Cancelled _, Expired _ ->
                kind().hasDriver() ? driver() : Optional.empty();
        };
    }

    /** The trip after an event; a transition that the table does not have is a bug. */
    Trip after(TripEvent event, long timeMs) {
        return switch (event) {
            case TripEvent.MatchingStarted _ -> afterMatchingStarted(timeMs);
            case TripEvent.OfferMade made -> {
                requireKind(event, TripState.Kind.MATCHING);
                yield in(new Offered(made.offer(), made.driver(), made.expireTimeMs(), made.pickupEtaMs()), timeMs);
            }
            case TripEvent.OfferEnded ended -> {
                requireOffer(event, ended.offer(), ended.driver());
                yield excluding(ended.driver()).in(new Matching(), timeMs);
            }
            case TripEvent.TripAccepted accepted -> {
                requireOffer(event, accepted.offer(), accepted.driver());
                yield in(new Accepted(accepted.offer(), accepted.driver(), accepted.pickupEtaMs()), timeMs);
            }
            case TripEvent.DriverArrived arrived -> {
                requireKind(event, TripState.Kind.ACCEPTED);
                yield in(new Arrived(arrived.driver()), timeMs);
            }
            case TripEvent.TripStarted started -> {
                requireKind(event, TripState.Kind.ARRIVED);
                yield in(new Started(started.driver()), timeMs);
            }
            case TripEvent.TripCompleted completed -> {
                requireKind(event, TripState.Kind.STARTED);
                yield in(new Completed(completed.driver(), completed.fareMinorUnits()), timeMs);
            }
            case TripEvent.TripCancelled cancelled -> {
                Invariants.require(
                        kind() == TripState.Kind.MATCHING || kind().hasDriver(),
                        "trip %s: no transition from %s by %s",
                        id,
                        kind(),
                        event);
                yield in(new Cancelled(cancelled.driver(), cancelled.reason(), cancelled.feeMinorUnits()), timeMs);
            }
            case TripEvent.TripExpired _ -> {
                requireKind(event, TripState.Kind.MATCHING);
                yield in(new Expired(), timeMs);
            }
            case TripEvent.CommandRefused _ -> this;
        };
    }

    private Trip afterMatchingStarted(long timeMs) {
        return switch (state) {
            case Requested _ -> in(new Matching(), timeMs);
            case Accepted accepted -> redispatched(accepted.driver(), timeMs);
            case Arrived arrived -> redispatched(arrived.driver(), timeMs);
            case Matching _, Offered _, Started _, Completed _, Cancelled _, Expired _ ->
                throw impossible(new TripEvent.MatchingStarted(id));
        };
    }

    private Trip redispatched(DriverId lost, long timeMs) {
        return new Trip(
                id,
                rider,
                quote,
                pickup,
                dropoff,
                fareMinorUnits,
                multiplierMilli,
                driverBonusMinorUnits,
                requestTimeMs,
                timeMs,
                timeMs,
                new Matching(),
                excluding(lost).excluded,
                redispatchCount + 1);
    }

    private Trip excluding(DriverId driver) {
        return new Trip(
                id,
                rider,
                quote,
                pickup,
                dropoff,
                fareMinorUnits,
                multiplierMilli,
                driverBonusMinorUnits,
                requestTimeMs,
                matchingSinceMs,
                stateSinceMs,
                state,
                Stream.concat(excluded.stream(), Stream.of(driver)).distinct().toList(),
                redispatchCount);
    }

    private Trip in(TripState next, long timeMs) {
        return new Trip(
                id,
                rider,
                quote,
                pickup,
                dropoff,
                fareMinorUnits,
                multiplierMilli,
                driverBonusMinorUnits,
                requestTimeMs,
                matchingSinceMs,
                timeMs,
                next,
                excluded,
                redispatchCount);
    }

    private void requireKind(TripEvent event, TripState.Kind expected) {
        if (kind() != expected) {
            throw impossible(event);
        }
    }

    private void requireOffer(TripEvent event, OfferId offer, DriverId driver) {
        if (!(state instanceof Offered offered)
                || !offered.offer().equals(offer)
                || !offered.driver().equals(driver)) {
            throw impossible(event);
        }
    }

    private Error impossible(TripEvent event) {
        Invariants.require(false, "trip %s: no transition from %s by %s", id, state, event);
        throw new AssertionError("unreachable");
    }
}
