package io.hailstorm.matching;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;

/**
 * What somebody asked of a trip. Every command has exactly one outcome: the one event that names it as its cause,
 * {@link TripEvent.CommandRefused} when the trip's state does not allow it.
 */
public sealed interface TripCommand {
    TripId trip();

    /**
     * A rider asks for a trip.
     *
     * @param requestId the rider's idempotency key; the trip's id is derived from it
     * @param quote the quote it is based on, also the correlation id of everything that follows
     * @param fareMinorUnits what the rider will pay
     * @param multiplierMilli surge in thousandths, as quoted
     */
    record RequestTrip(
            TripId trip,
            RiderId rider,
            String requestId,
            String quote,
            GeoPoint pickup,
            GeoPoint dropoff,
            long fareMinorUnits,
            long priceVersion,
            int multiplierMilli,
            long driverBonusMinorUnits)
            implements TripCommand {}

    /** The rider ({@link CancelReason#BY_RIDER}) or an operator ({@link CancelReason#BY_OPERATOR}) calls it off. */
    record CancelTrip(TripId trip, CancelReason reason, RiderId rider) implements TripCommand {}

    /** The driver's answer to an offer. */
    record AnswerOffer(TripId trip, OfferId offer, DriverId driver, boolean accepted) implements TripCommand {}

    /** The driver moves the trip on, or gives it up. */
    record ReportProgress(TripId trip, DriverId driver, Step step) implements TripCommand {}

    /** A step a driver reports. */
    enum Step {
        /** At the pickup. */
        ARRIVE,
        /** The rider is on board. */
        START,
        /** At the drop-off. */
        COMPLETE,
        /** The driver gives the trip up. */
        CANCEL,
        /** The rider did not come. */
        NO_SHOW
    }
}
