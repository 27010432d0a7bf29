package io.hailstorm.node;

import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.pricing.TripEstimator;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Event.PayloadCase;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * Brings events that an earlier version wrote to what this one means by them: for each payload type a chain of pure
 * functions, each from one schema version to the next. Applied on every read, so that the rest of the node knows only the
 * current version; what is in the log is never rewritten.
 *
 * <p>To give a payload a new version: add what it needs to {@code event.proto} and raise the {@code current_schema_version} beside
 * the payload's field there, add a step here, and write the generation's golden log.
 */
final class Upcasters {
    /** One version of one payload type to the next. Pure; leaves {@code schema_version} alone. */
    record Step(PayloadCase payload, int fromVersion, UnaryOperator<Event> function) {}

    static final List<Step> STEPS = List.of(new Step(PayloadCase.TRIP_REQUESTED, 1, Upcasters::deriveTripDistance));

    /** The one way that version 1 estimated a ride's distance; it stays what it was, whatever is estimated today. */
    private static final TripEstimator DISTANCE_OF_VERSION_1 = TripEstimator.straightLine(1.3, 7.0);

    private Upcasters() {}

    /**
     * The event as this version means it; the same object when it was written that way.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} for an event of a newer version: acting on half of what it
     *     says could be wrong
     */
    static Event toCurrent(Event event) {
        PayloadCase payload = event.getPayloadCase();
        int written = Math.max(1, event.getSchemaVersion());
        int current = SchemaVersion.current(payload);
        if (written == current || payload == PayloadCase.PAYLOAD_NOT_SET) {
            return event;
        }
        if (written > current) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "event " + Long.toUnsignedString(event.getEventId()) + " ("
                            + payload.name().toLowerCase(Locale.ROOT) + " of " + event.getAggregateId()
                            + "): written by a newer Hailstorm: schema version=" + written + ", understood up to "
                            + current + "; upgrade this node");
        }
        Event upcast = event;
        for (int version = written; version < current; version++) {
            upcast = step(payload, version).function().apply(upcast);
        }
        return upcast.toBuilder().setSchemaVersion(current).build();
    }

    private static Step step(PayloadCase payload, int fromVersion) {
        for (Step step : STEPS) {
            if (step.payload() == payload && step.fromVersion() == fromVersion) {
                return step;
            }
        }
        throw new IllegalStateException("no step for " + payload + " from version " + fromVersion);
    }

    private static Event deriveTripDistance(Event event) {
        var request = event.getTripRequested();
        int meters = DISTANCE_OF_VERSION_1
                .estimate(EventCodec.point(request.getPickup()), EventCodec.point(request.getDropoff()))
                .distanceMeters();
        return event.toBuilder()
                .setTripRequested(request.toBuilder().setTripDistanceMeters(meters))
                .build();
    }
}
