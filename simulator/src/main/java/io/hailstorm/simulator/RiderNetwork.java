package io.hailstorm.simulator;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.protocol.v1.CancelTripRequest;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripUpdate;
import io.hailstorm.protocol.v1.WatchTripRequest;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Riders' calls to one endpoint or another; every answer goes to the inbox. */
final class RiderNetwork {
    private final Inbox inbox;
    private final Endpoints endpoints;
    private final TokenSource tokens;

    RiderNetwork(Inbox inbox, Endpoints endpoints, TokenSource tokens) {
        this.inbox = inbox;
        this.endpoints = endpoints;
        this.tokens = tokens;
    }

    void getQuote(int endpoint, int rider, long riderId, int attempt, GeoPoint pickup, GeoPoint dropoff) {
        stub(endpoint, rider, riderId)
                .getQuote(
                        GetQuoteRequest.newBuilder()
                                .setPickup(point(pickup))
                                .setDropoff(point(dropoff))
                                .build(),
                        new OneAnswer<>(
                                quote -> new Inbox.QuoteAnswered(rider, attempt, quote),
                                status -> inbox.add(new Inbox.CallFailed(rider, attempt, status))));
    }

    void requestTrip(int endpoint, int rider, long riderId, int attempt, String requestId, Quote quote) {
        stub(endpoint, rider, riderId)
                .requestTrip(
                        RequestTripRequest.newBuilder()
                                .setRequestId(requestId)
                                .setQuote(quote)
                                .build(),
                        new OneAnswer<Trip>(
                                trip -> new Inbox.TripAnswered(rider, attempt, trip),
                                status -> inbox.add(new Inbox.CallFailed(rider, attempt, status))));
    }

    void cancelTrip(int endpoint, int rider, long riderId, String trip) {
        stub(endpoint, rider, riderId)
                .cancelTrip(
                        CancelTripRequest.newBuilder().setTrip(trip).build(),
                        new OneAnswer<CancelTripResponse>(
                                ok -> new Inbox.CancelAnswered(rider, Status.OK),
                                status -> inbox.add(new Inbox.CancelAnswered(rider, status))));
    }

    /** Opens a watch; call the result to cancel it. */
    Watch watchTrip(int endpoint, int rider, long riderId, int watch, String trip) {
        Watch observer = new Watch(rider, watch);
        stub(endpoint, rider, riderId)
                .watchTrip(WatchTripRequest.newBuilder().setTrip(trip).build(), observer);
        return observer;
    }

    int firstEndpoint(int rider) {
        return endpoints.first(rider);
    }

    int nextEndpoint(int endpoint) {
        return endpoints.next(endpoint);
    }

    int endpointCount() {
        return endpoints.count();
    }

    private RiderServiceGrpc.RiderServiceStub stub(int endpoint, int rider, long riderId) {
        return RiderServiceGrpc.newStub(endpoints.channel(endpoint, rider))
                .withInterceptors(new BearerToken(tokens.token(TokenSource.Role.RIDER, riderId)));
    }

    private static Point point(GeoPoint point) {
        return Point.newBuilder()
                .setLatE7(point.latE7())
                .setLonE7(point.lonE7())
                .build();
    }

    private final class OneAnswer<T> implements StreamObserver<T> {
        private final Function<T, Inbox.Inbound> answered;
        private final Consumer<Status> failed;

        OneAnswer(Function<T, Inbox.Inbound> answered, Consumer<Status> failed) {
            this.answered = answered;
            this.failed = failed;
        }

        @Override
        public void onNext(T answer) {
            inbox.add(answered.apply(answer));
        }

        @Override
        public void onError(Throwable failure) {
            failed.accept(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {}
    }

    /** A trip being watched. */
    final class Watch implements ClientResponseObserver<WatchTripRequest, TripUpdate> {
        private final int rider;
        private final int watch;
        private @Nullable ClientCallStreamObserver<WatchTripRequest> call;

        Watch(int rider, int watch) {
            this.rider = rider;
            this.watch = watch;
        }

        void cancel() {
            if (call != null) {
                call.cancel("the rider stops watching", null);
            }
        }

        void requestNext() {
            if (call != null) {
                call.request(1);
            }
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchTripRequest> requestStream) {
            call = requestStream;
            requestStream.disableAutoRequestWithInitial(Inbox.STREAM_WINDOW);
        }

        @Override
        public void onNext(TripUpdate update) {
            inbox.add(new Inbox.TripChanged(rider, watch, update));
        }

        @Override
        public void onError(Throwable failure) {
            inbox.add(new Inbox.WatchEnded(rider, watch, Status.fromThrowable(failure)));
        }

        @Override
        public void onCompleted() {
            inbox.add(new Inbox.WatchEnded(rider, watch, Status.OK));
        }
    }
}
