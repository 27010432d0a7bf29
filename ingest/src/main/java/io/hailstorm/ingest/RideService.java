package io.hailstorm.ingest;

import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.protocol.v1.CancelTripRequest;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripUpdate;
import io.hailstorm.protocol.v1.WatchTripRequest;

/** Checks riders' arguments and hands their calls to the agent, which answers them. */
final class RideService extends RiderServiceGrpc.RiderServiceImplBase {
    private static final int MAX_REQUEST_ID_LENGTH = 64;

    private final CallDesk desk;

    RideService(CallDesk desk) {
        this.desk = desk;
    }

    @Override
    public void getQuote(GetQuoteRequest request, StreamObserver<Quote> reply) {
        CallDesk.ignoreCancel(reply);
        desk.submit(
                reply,
                caller -> new RiderCommand.GetQuote(
                        new RiderId(caller.id()),
                        CallDesk.point("pickup", request.hasPickup(), request.getPickup()),
                        CallDesk.point("dropoff", request.hasDropoff(), request.getDropoff()),
                        reply));
    }

    @Override
    public void requestTrip(RequestTripRequest request, StreamObserver<Trip> reply) {
        CallDesk.ignoreCancel(reply);
        desk.submit(reply, caller -> {
            String requestId = request.getRequestId();
            if (requestId.isEmpty() || requestId.length() > MAX_REQUEST_ID_LENGTH) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "request_id: expected 1 to " + MAX_REQUEST_ID_LENGTH + " characters, got "
                                + requestId.length());
            }
            if (!request.hasQuote()) {
                throw new HailstormException(ErrorCode.INVALID_ARGUMENT, "quote: missing; call GetQuote first");
            }
            Quote quote = request.getQuote();
            CallDesk.point("quote.pickup", quote.hasPickup(), quote.getPickup());
            CallDesk.point("quote.dropoff", quote.hasDropoff(), quote.getDropoff());
            return new RiderCommand.RequestTrip(new RiderId(caller.id()), requestId, quote, reply);
        });
    }

    @Override
    public void cancelTrip(CancelTripRequest request, StreamObserver<CancelTripResponse> reply) {
        CallDesk.ignoreCancel(reply);
        desk.submit(reply, caller -> new RiderCommand.CancelTrip(caller, CallDesk.trip(request.getTrip()), reply));
    }

    @Override
    public void watchTrip(WatchTripRequest request, StreamObserver<TripUpdate> reply) {
        Outbox<TripUpdate> outbox = desk.outbox(reply);
        desk.submit(reply, caller -> new RiderCommand.WatchTrip(caller, CallDesk.trip(request.getTrip()), outbox));
    }
}
