package io.hailstorm.ingest;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.Point;

/** What the unary services share: rate limit, arguments, the way to the agent. Any thread. */
final class CallDesk {
    private final EdgeHub hub;
    private final RateLimit.Book rateLimits;

    CallDesk(EdgeHub hub, TimeSource time) {
        this.hub = hub;
        rateLimits = new RateLimit.Book(
                time, hub.config().riderCallsPerSecond(), hub.config().riderCallBurst());
    }

    IngestConfig config() {
        return hub.config();
    }

    /** Builds a command from a call's arguments. */
    @FunctionalInterface
    interface CommandFactory {
        RiderCommand create(Principal caller);
    }

    /** Checks the caller's rate, builds the command, and hands it to the agent; or ends the call with the reason. */
    <T> void submit(StreamObserver<T> reply, CommandFactory factory) {
        Principal caller = Principal.CONTEXT_KEY.get();
        try {
            limit(caller);
            if (!hub.offer(factory.create(caller))) {
                hub.metrics().shed("command_queue").increment();
                throw RpcErrors.overloaded("the region is too busy", 200);
            }
        } catch (HailstormException e) {
            reply.onError(RpcErrors.of(e));
        } catch (StatusRuntimeException e) {
            reply.onError(e);
        }
    }

    private void limit(Principal caller) {
        if (!hub.config().rateLimited() || caller.role() == Role.ADMIN) {
            return;
        }
        long waitMs = rateLimits.of(caller).tryTakeOrWaitMs();
        if (waitMs > 0) {
            hub.metrics().shed("rider_rate").increment();
            throw RpcErrors.overloaded(
                    "too many calls: at most " + hub.config().riderCallsPerSecond() + " a second", waitMs);
        }
    }

    /** For single answers: with a handler, answering a caller who has gone is no exception. */
    static void ignoreCancel(StreamObserver<?> reply) {
        ((ServerCallStreamObserver<?>) reply).setOnCancelHandler(() -> {});
    }

    <T> Outbox<T> outbox(StreamObserver<T> reply) {
        ServerCallStreamObserver<T> responses = (ServerCallStreamObserver<T>) reply;
        Outbox<T> outbox = new Outbox<>(responses, hub.config().outboundCapacity(), hub.metrics());
        responses.setOnReadyHandler(outbox::onReady);
        responses.setOnCancelHandler(outbox::cancelled);
        return outbox;
    }

    static GeoPoint point(String name, boolean present, Point point) {
        if (!present
                || !GeoPoint.isValid(point.getLatE7(), point.getLonE7())
                || (point.getLatE7() == 0 && point.getLonE7() == 0)) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    name + ": expected a point with lat_e7 within ±" + GeoPoint.LAT_E7_MAX + " and lon_e7 within ±"
                            + GeoPoint.LON_E7_MAX + ", got "
                            + (present ? point.getLatE7() + "," + point.getLonE7() : "none"));
        }
        return new GeoPoint(point.getLatE7(), point.getLonE7());
    }

    static TripId trip(String text) {
        return TripId.parse(text);
    }
}
