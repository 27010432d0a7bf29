package io.hailstorm.ingest;

import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.CancelReason;
import io.hailstorm.protocol.v1.OfferMade;
import io.hailstorm.protocol.v1.TripState;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/** What the edge shows of one trip: a fold over its durable events. Owned by the agent's thread. */
final class TripView {
    final TripId trip;
    final long rider;
    final long requestMs;
    TripState state = TripState.REQUESTED;
    long updateMs;
    /** Assigned driver; 0 when none. */
    long driver;

    int pickupEtaMs;
    CancelReason cancelReason = CancelReason.CANCEL_REASON_UNSPECIFIED;
    /** The offer put to a driver now. */
    @Nullable
    OfferMade offer;
    /** Where in {@code trips} the request stands. */
    final int requestPartition;

    final long requestOffset;

    final ArrayList<Outbox<TripUpdate>> watchers = new ArrayList<>(1);

    TripView(TripId trip, long rider, long requestMs, int requestPartition, long requestOffset) {
        this.trip = trip;
        this.rider = rider;
        this.requestMs = requestMs;
        this.updateMs = requestMs;
        this.requestPartition = requestPartition;
        this.requestOffset = requestOffset;
    }

    boolean isEnded() {
        return state == TripState.COMPLETED || state == TripState.CANCELLED || state == TripState.EXPIRED;
    }
}
