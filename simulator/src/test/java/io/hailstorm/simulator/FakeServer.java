package io.hailstorm.simulator;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.hailstorm.protocol.v1.CancelTripRequest;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixRejection;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RejectedFix;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripState;
import io.hailstorm.protocol.v1.TripUpdate;
import io.hailstorm.protocol.v1.WatchTripRequest;
import io.hailstorm.protocol.v1.Welcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A small honest server of the API: acknowledges durable fixes on {@link #work}, matches requests to idle drivers first
 * come first served. Direct executors: everything happens on the caller's thread.
 */
final class FakeServer implements AutoCloseable {
    private static final Context.Key<String> TOKEN = Context.key("token");
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** What is durable of one session: the independent truth the tests compare with. */
    static final class SessionLog {
        final TreeSet<Long> seqs = new TreeSet<>();
        final List<Fix> visible = new ArrayList<>();
        long contiguous;
    }

    static final class DriverSide {
        final TreeMap<Long, SessionLog> sessions = new TreeMap<>();

        @Nullable
        Stream stream;

        DriverState state = DriverState.OFFLINE;
        long offer;
        String trip = "";
    }

    static final class TripSide {
        final String id;
        final Quote quote;
        TripState state = TripState.REQUESTED;
        long driver;

        @Nullable
        StreamObserver<TripUpdate> watcher;

        boolean offered;

        TripSide(String id, Quote quote) {
            this.id = id;
            this.quote = quote;
        }
    }

    private final Server server;
    private final ManagedChannel channel;
    final NavigableMap<Long, DriverSide> drivers;
    final Map<String, TripSide> trips;
    final List<Integer> batchSizes = new ArrayList<>();
    final List<Long> arrivals = new ArrayList<>();
    long nowMs;
    long offerCount;
    long receivedCount;
    boolean acking = true;
    boolean greeting = true;
    boolean matching = true;
    int multiplierMilli = 1_000;
    /** Where every phone that says Hello is sent; empty for nowhere. */
    String sendsTo = "";

    /** Whether a stream is ended when its phone has ended its side. */
    boolean endsStreams = true;

    int helloCount;
    int callCount;

    FakeServer(String name) throws IOException {
        this(name, new TreeMap<>(), new LinkedHashMap<>());
    }

    /** A server that has what these maps hold, and others may have, too. */
    FakeServer(String name, NavigableMap<Long, DriverSide> drivers, Map<String, TripSide> trips) throws IOException {
        this.drivers = drivers;
        this.trips = trips;
        server = InProcessServerBuilder.forName(name)
                .directExecutor()
                .addService(new Driving())
                .addService(new Riding())
                .intercept(new TokenInterceptor())
                .build()
                .start();
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    ManagedChannel channel() {
        return channel;
    }

    DriverSide driver(long id) {
        return drivers.computeIfAbsent(id, key -> new DriverSide());
    }

    /** Acknowledges what came since, and matches. */
    void work(long atMs) {
        nowMs = atMs;
        if (acking) {
            drivers.values().forEach(driver -> {
                if (driver.stream != null) {
                    driver.stream.flushAcks();
                }
            });
        }
        if (matching) {
            trips.values().stream()
                    .filter(trip -> trip.state == TripState.REQUESTED && !trip.offered)
                    .forEach(this::offerToSomeone);
        }
    }

    private void offerToSomeone(TripSide trip) {
        for (Map.Entry<Long, DriverSide> entry : drivers.entrySet()) {
            DriverSide driver = entry.getValue();
            if (driver.stream != null && driver.offer == 0 && driver.state == DriverState.IDLE) {
                driver.offer = ++offerCount;
                driver.trip = trip.id;
                trip.offered = true;
                driver.stream.send(DriveResponse.newBuilder()
                        .setOffer(Offer.newBuilder()
                                .setTrip(trip.id)
                                .setOffer(driver.offer)
                                .setPickup(trip.quote.getPickup())
                                .setDropoff(trip.quote.getDropoff())
                                .setPickupEtaMs(120_000)
                                .setExpireTime(com.google.protobuf.Timestamp.newBuilder()
                                        .setSeconds(nowMs / 1_000 + 15)))
                        .build());
                return;
            }
        }
    }

    void directAll(Directive.Kind kind, int delayMs) {
        directAll(kind, delayMs, "");
    }

    void directAll(Directive.Kind kind, int delayMs, String endpoint) {
        for (DriverSide driver : List.copyOf(drivers.values())) {
            if (driver.stream != null) {
                driver.stream.send(DriveResponse.newBuilder()
                        .setDirective(Directive.newBuilder()
                                .setKind(kind)
                                .setDelayMs(delayMs)
                                .setEndpoint(endpoint))
                        .build());
            }
        }
    }

    /** Every stream breaks, answers not sent are lost with it; what was received is durable. */
    void breakStreams() {
        for (DriverSide driver : drivers.values()) {
            Stream stream = driver.stream;
            driver.stream = null;
            if (stream != null) {
                stream.responses.onError(Status.UNAVAILABLE.asRuntimeException());
            }
        }
    }

    long visibleCount() {
        return drivers.values().stream()
                .flatMap(driver -> driver.sessions.values().stream())
                .mapToLong(session -> session.visible.size())
                .sum();
    }

    private void change(TripSide trip, TripState state, long driver) {
        trip.state = state;
        trip.driver = driver;
        TripUpdate update = TripUpdate.newBuilder()
                .setTrip(trip.id)
                .setState(state)
                .setDriver(driver)
                .build();
        DriverSide side = driver == 0 ? null : driver(driver);
        if (side != null && side.stream != null) {
            side.stream.send(DriveResponse.newBuilder().setTripUpdate(update).build());
        }
        if (trip.watcher != null) {
            trip.watcher.onNext(update);
            if (isEnded(state)) {
                trip.watcher.onCompleted();
            }
        }
        if (side != null && isEnded(state)) {
            side.offer = 0;
            side.trip = "";
        }
    }

    private static boolean isEnded(TripState state) {
        return state == TripState.COMPLETED || state == TripState.CANCELLED || state == TripState.EXPIRED;
    }

    /** One phone's stream. */
    final class Stream implements StreamObserver<DriveRequest> {
        private final long driverId;
        private final DriverSide driver;
        private final StreamObserver<DriveResponse> responses;
        private final List<RejectedFix> rejected = new ArrayList<>();
        private @Nullable SessionLog log;
        private int accepted;
        private int duplicate;
        private int late;
        private boolean ended;

        Stream(long driverId, StreamObserver<DriveResponse> responses) {
            this.driverId = driverId;
            this.driver = driver(driverId);
            this.responses = responses;
        }

        void send(DriveResponse response) {
            responses.onNext(response);
        }

        @Override
        public void onNext(DriveRequest request) {
            switch (request.getMessageCase()) {
                case HELLO -> {
                    helloCount++;
                    if (!sendsTo.isEmpty()) {
                        send(DriveResponse.newBuilder()
                                .setDirective(Directive.newBuilder()
                                        .setKind(Directive.Kind.RECONNECT)
                                        .setEndpoint(sendsTo))
                                .build());
                        ended = true;
                        responses.onCompleted();
                        return;
                    }
                    SessionLog session =
                            driver.sessions.computeIfAbsent(request.getHello().getSession(), key -> new SessionLog());
                    log = session;
                    driver.stream = this;
                    if (greeting) {
                        greet(session);
                    }
                }
                case FIX_BATCH -> {
                    batchSizes.add(request.getFixBatch().getFixesCount());
                    request.getFixBatch().getFixesList().forEach(this::take);
                }
                case OFFER_REPLY -> reply(request.getOfferReply());
                case TRIP_PROGRESS -> progress(request);
                case MESSAGE_NOT_SET -> {}
            }
        }

        void greet(SessionLog session) {
            send(DriveResponse.newBuilder()
                    .setWelcome(Welcome.newBuilder().setAckedSeq(session.contiguous))
                    .build());
        }

        private void take(Fix fix) {
            receivedCount++;
            arrivals.add(fix.getSeq());
            SessionLog session = java.util.Objects.requireNonNull(log);
            if (!session.seqs.add(fix.getSeq())) {
                duplicate++;
                return;
            }
            while (session.seqs.contains(session.contiguous + 1)) {
                session.contiguous++;
            }
            if (Math.abs(fix.getLatE7()) > 900_000_000) {
                rejected.add(RejectedFix.newBuilder()
                        .setSeq(fix.getSeq())
                        .setReason(FixRejection.COORDINATES_OUT_OF_RANGE)
                        .build());
            } else if (!session.visible.isEmpty() && session.visible.getLast().getSeq() > fix.getSeq()) {
                late++;
            } else {
                accepted++;
                session.visible.add(fix);
                driver.state = fix.getState();
            }
        }

        void flushAcks() {
            if (log == null || accepted + duplicate + late + rejected.size() == 0) {
                return;
            }
            send(DriveResponse.newBuilder()
                    .setFixAck(FixAck.newBuilder()
                            .setAckedSeq(log.contiguous)
                            .setAcceptedCount(accepted)
                            .setDuplicateCount(duplicate)
                            .setLateCount(late)
                            .addAllRejected(rejected))
                    .build());
            accepted = 0;
            duplicate = 0;
            late = 0;
            rejected.clear();
        }

        private void reply(OfferReply reply) {
            TripSide trip = trips.get(reply.getTrip());
            if (trip == null || driver.offer != reply.getOffer() || trip.state != TripState.REQUESTED) {
                return;
            }
            if (reply.getAnswer() == OfferReply.Answer.ACCEPT) {
                change(trip, TripState.ACCEPTED, driverId);
            } else {
                driver.offer = 0;
                trip.offered = false;
            }
        }

        private void progress(DriveRequest request) {
            TripSide trip = trips.get(request.getTripProgress().getTrip());
            if (trip == null || trip.driver != driverId || isEnded(trip.state)) {
                return;
            }
            change(
                    trip,
                    switch (request.getTripProgress().getStep()) {
                        case ARRIVE -> TripState.ARRIVED;
                        case START -> TripState.STARTED;
                        case COMPLETE -> TripState.COMPLETED;
                        case CANCEL, NO_SHOW, STEP_UNSPECIFIED, UNRECOGNIZED -> TripState.CANCELLED;
                    },
                    driverId);
        }

        @Override
        public void onError(Throwable failure) {
            if (driver.stream == this) {
                driver.stream = null;
            }
        }

        @Override
        public void onCompleted() {
            if (ended || !endsStreams) {
                return;
            }
            if (acking) {
                flushAcks();
            }
            onError(Status.OK.asRuntimeException());
            responses.onCompleted();
        }
    }

    private final class Driving extends DriverServiceGrpc.DriverServiceImplBase {
        @Override
        public StreamObserver<DriveRequest> drive(StreamObserver<DriveResponse> responses) {
            return new Stream(Long.parseLong(TOKEN.get().substring("DRIVER-".length())), responses);
        }
    }

    private final class Riding extends RiderServiceGrpc.RiderServiceImplBase {
        @Override
        public void getQuote(GetQuoteRequest request, StreamObserver<Quote> responses) {
            callCount++;
            responses.onNext(Quote.newBuilder()
                    .setQuote("quote")
                    .setPickup(request.getPickup())
                    .setDropoff(request.getDropoff())
                    .setMultiplierMilli(multiplierMilli)
                    .build());
            responses.onCompleted();
        }

        @Override
        public void requestTrip(RequestTripRequest request, StreamObserver<Trip> responses) {
            String id = TOKEN.get() + "/" + request.getRequestId();
            TripSide trip = trips.computeIfAbsent(id, key -> new TripSide(key, request.getQuote()));
            responses.onNext(Trip.newBuilder().setTrip(id).setState(trip.state).build());
            responses.onCompleted();
        }

        @Override
        public void cancelTrip(CancelTripRequest request, StreamObserver<CancelTripResponse> responses) {
            responses.onNext(CancelTripResponse.getDefaultInstance());
            responses.onCompleted();
            TripSide trip = trips.get(request.getTrip());
            if (trip != null && !isEnded(trip.state)) {
                change(trip, TripState.CANCELLED, trip.driver);
            }
        }

        @Override
        public void watchTrip(WatchTripRequest request, StreamObserver<TripUpdate> responses) {
            TripSide trip = trips.get(request.getTrip());
            if (trip == null) {
                responses.onError(Status.NOT_FOUND.asRuntimeException());
                return;
            }
            trip.watcher = responses;
            responses.onNext(TripUpdate.newBuilder()
                    .setTrip(trip.id)
                    .setState(trip.state)
                    .build());
        }
    }

    private static final class TokenInterceptor implements ServerInterceptor {
        @Override
        public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
                ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
            String bearer = headers.get(AUTHORIZATION);
            if (bearer == null || !bearer.startsWith("Bearer ")) {
                call.close(Status.UNAUTHENTICATED.withDescription("no token"), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            Context context = Context.current().withValue(TOKEN, bearer.substring("Bearer ".length()));
            return Contexts.interceptCall(context, call, headers, next);
        }
    }

    /** As when the process is killed: its streams break, its address refuses. */
    void kill() {
        server.shutdownNow();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }
}
