package io.hailstorm.matching;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.OfferId;
import java.util.Optional;

/** Where a trip stands, with what only that state knows. The transition table is at {@link Trip}. */
public sealed interface TripState {
    Kind kind();

    /** The states without their data. */
    enum Kind {
        REQUESTED,
        MATCHING,
        OFFERED,
        ACCEPTED,
        ARRIVED,
        STARTED,
        COMPLETED,
        CANCELLED,
        EXPIRED;

        /** Nothing follows. */
        public boolean isEnded() {
            return this == COMPLETED || this == CANCELLED || this == EXPIRED;
        }

        /** A driver is bound to the trip and free for no other. */
        public boolean hasDriver() {
            return this == ACCEPTED || this == ARRIVED || this == STARTED;
        }
    }

    /** The request is durable, nothing was decided yet. */
    record Requested() implements TripState {
        @Override
        public Kind kind() {
            return Kind.REQUESTED;
        }
    }

    /** Waits for a round. */
    record Matching() implements TripState {
        @Override
        public Kind kind() {
            return Kind.MATCHING;
        }
    }

    /** One driver is deciding. */
    record Offered(OfferId offer, DriverId driver, long expireTimeMs, int pickupEtaMs) implements TripState {
        @Override
        public Kind kind() {
            return Kind.OFFERED;
        }
    }

    /** The driver is on the way to the pickup. */
    record Accepted(OfferId offer, DriverId driver, int pickupEtaMs) implements TripState {
        @Override
        public Kind kind() {
            return Kind.ACCEPTED;
        }
    }

    /** The driver waits at the pickup. */
    record Arrived(DriverId driver) implements TripState {
        @Override
        public Kind kind() {
            return Kind.ARRIVED;
        }
    }

    /** The rider is on board. */
    record Started(DriverId driver) implements TripState {
        @Override
        public Kind kind() {
            return Kind.STARTED;
        }
    }

    record Completed(DriverId driver, long fareMinorUnits) implements TripState {
        @Override
        public Kind kind() {
            return Kind.COMPLETED;
        }
    }

    record Cancelled(Optional<DriverId> driver, CancelReason reason, long feeMinorUnits) implements TripState {
        @Override
        public Kind kind() {
            return Kind.CANCELLED;
        }
    }

    record Expired() implements TripState {
        @Override
        public Kind kind() {
            return Kind.EXPIRED;
        }
    }
}
