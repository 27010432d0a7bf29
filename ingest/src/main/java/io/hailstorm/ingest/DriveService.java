package io.hailstorm.ingest;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;

/** Opens a {@link DriverStream} a call, and wires gRPC's call-backs to it. */
final class DriveService extends DriverServiceGrpc.DriverServiceImplBase {
    private final EdgeHub hub;
    private final TimeSource time;
    private final RateLimit.Book rateLimits;

    DriveService(EdgeHub hub, TimeSource time) {
        this.hub = hub;
        this.time = time;
        rateLimits = new RateLimit.Book(
                time, hub.config().driverBatchesPerSecond(), hub.config().driverBatchBurst());
    }

    @Override
    public StreamObserver<DriveRequest> drive(StreamObserver<DriveResponse> responseObserver) {
        ServerCallStreamObserver<DriveResponse> responses = (ServerCallStreamObserver<DriveResponse>) responseObserver;
        Principal principal = Principal.CONTEXT_KEY.get();
        RateLimit rateLimit = hub.config().rateLimited() ? rateLimits.of(principal) : null;
        DriverStream stream = hub.open(slot -> new DriverStream(hub, time, slot, principal, responses, rateLimit));
        if (stream == null) {
            hub.metrics().shed("driver_streams").increment();
            responses.onError(RpcErrors.overloaded(
                    "too many driver streams: at most " + hub.config().maxDriverStreams(), 5_000));
            return new Refused();
        }
        responses.disableAutoRequest();
        responses.setOnReadyHandler(stream::onReady);
        responses.setOnCancelHandler(stream::ended);
        responses.setOnCloseHandler(stream::ended);
        responses.request(1);
        return stream;
    }

    /** Hears nothing any more. */
    private static final class Refused implements StreamObserver<DriveRequest> {
        @Override
        public void onNext(DriveRequest value) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
    }
}
