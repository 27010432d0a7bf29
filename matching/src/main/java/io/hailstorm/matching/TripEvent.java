package io.hailstorm.matching;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.TripId;
import java.util.Optional;

/** What happened to a trip. A trip's state is the fold of its request and its events, and of nothing else. */
public sealed interface TripEvent {
    TripId trip();

    /** The trip waits for a driver: first as the outcome of its request, again when its driver was lost or gave up. */
    record MatchingStarted(TripId trip) implements TripEvent {}

    /**
     * The trip is put to one driver until a deadline.
     *
     * @param expireTimeMs epoch milliseconds after which an acceptance is refused
     * @param round the round that chose this pair
     */
    record OfferMade(
            TripId trip,
            OfferId offer,
            DriverId driver,
            long expireTimeMs,
            int pickupEtaMs,
            GeoPoint pickup,
            GeoPoint dropoff,
            long fareMinorUnits,
            long round)
            implements TripEvent {}

    /** An offer ended without being accepted; the trip waits again and leaves this driver out. */
    record OfferEnded(TripId trip, OfferId offer, DriverId driver, OfferEndCause cause) implements TripEvent {}

    /** Why an offer ended unaccepted. */
    enum OfferEndCause {
        DECLINED,
        TIMED_OUT,
        TRIP_CANCELLED,
        /** The driver's phone went offline. */
        DRIVER_GONE
    }

    record TripAccepted(TripId trip, OfferId offer, DriverId driver, int pickupEtaMs) implements TripEvent {}

    record DriverArrived(TripId trip, DriverId driver) implements TripEvent {}

    record TripStarted(TripId trip, DriverId driver) implements TripEvent {}

    record TripCompleted(TripId trip, DriverId driver, long fareMinorUnits, long driverBonusMinorUnits)
            implements TripEvent {}

    /**
     * The trip ended early.
     *
     * @param driver the assigned driver; empty when there was none
     */
    record TripCancelled(TripId trip, Optional<DriverId> driver, CancelReason reason, long feeMinorUnits)
            implements TripEvent {}

    /** Nobody accepted in time. */
    record TripExpired(TripId trip) implements TripEvent {}

    /** A command the trip's state does not allow; changes nothing. */
    record CommandRefused(TripId trip, String reason) implements TripEvent {}
}
