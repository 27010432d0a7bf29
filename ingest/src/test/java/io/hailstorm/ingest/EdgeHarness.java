package io.hailstorm.ingest;

import io.grpc.CallCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.Log;
import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RejectedFix;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** A whole edge in one thread: virtual time, a log the test controls, the in-process transport on direct executors. */
final class EdgeHarness implements AutoCloseable {
    static final long START_MS = 1_800_000_000_000L;
    static final GeoPoint WEST = GeoPoint.ofDegrees(37.77, -122.50);
    static final GeoPoint EAST = GeoPoint.ofDegrees(37.77, -122.39);
    static final GeoPoint PARIS = GeoPoint.ofDegrees(48.85, 2.35);
    static final long QUOTE_TTL_MS = 120_000;
    static final String OTHER_NODE = "other:7100";

    private static final DevKeys KEYS = DevKeys.ephemeral();

    final VirtualTime time;
    final Cells cells = Cells.create();
    final DevKeys keys = KEYS;
    final TokenIssuer tokens;
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final ManualLog log;
    final IngestConfig config;
    final IngestAgent agent;
    boolean holdRanges;
    PickupPolicy.Verdict pickupVerdict = PickupPolicy.Verdict.ALLOWED;
    /** Which partitions this node serves; another one serves the rest. */
    final boolean[] served = {true, true};

    /** The other node is down. */
    boolean nobodyElse;

    /** Another node may come to serve a partition of this one. */
    boolean isShared;

    private final Server server;
    private final ManagedChannel channel;
    private final long[] fedOffsets = new long[2];
    private static final AtomicInteger SERVER_COUNT = new AtomicInteger();

    EdgeHarness() {
        this(IngestConfig.defaults(), new ManualLog(2));
    }

    EdgeHarness(IngestConfig config, ManualLog log) {
        this(config, log, Safeguards.ALL);
    }

    EdgeHarness(IngestConfig config, ManualLog log, Safeguards safeguards) {
        this.config = config;
        this.log = log;
        time = new VirtualTime(START_MS);
        tokens = new TokenIssuer(keys, time);
        agent = agent(config, log, westAndEast(cells), new OneOfTwo(), safeguards);
        IngestServer edge = new IngestServer(config, agent, cells, new TokenVerifier(keys, time), time, List.of());
        String name = "edge-" + SERVER_COUNT.incrementAndGet();
        server = serve(edge, name);
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    /** One of several nodes whose log, map and partitions are the test's. */
    EdgeHarness(
            ManualLog log,
            Log view,
            VirtualTime time,
            PartitionMap map,
            PartitionServers servers,
            Safeguards safeguards) {
        this.config = IngestConfig.defaults().withoutRateLimits().withRingBytes(1 << 16);
        this.log = log;
        this.time = time;
        tokens = new TokenIssuer(keys, time);
        agent = agent(config, view, map, servers, safeguards);
        IngestServer edge = new IngestServer(config, agent, cells, new TokenVerifier(keys, time), time, List.of());
        String name = "edge-" + SERVER_COUNT.incrementAndGet();
        server = serve(edge, name);
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    private IngestAgent agent(
            IngestConfig config, Log view, PartitionMap map, PartitionServers servers, Safeguards safeguards) {
        IngestPorts ports = new IngestPorts(
                new FakeQuotes(),
                pickup -> pickupVerdict,
                (point, radius, max, now) -> List.of(),
                (partition, cell) -> holdRanges ? RangeAdmission.HOLD : RangeAdmission.ADMIT,
                servers,
                safeguards);
        return new IngestAgent(config, view, cells, new HybridLogicalClock(time), map, ports, time, registry);
    }

    private static Server serve(IngestServer edge, String name) {
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).directExecutor();
        edge.services().forEach(builder::addService);
        try {
            return builder.build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** This node serves what {@link #served} says, another the rest. */
    private final class OneOfTwo implements PartitionServers {
        @Override
        public boolean isAlone() {
            return !isShared && served[0] && served[1];
        }

        @Override
        public boolean serves(int partition) {
            return served[partition];
        }

        @Override
        public String endpoint(int partition) {
            return served[partition] || nobodyElse ? "" : OTHER_NODE;
        }

        @Override
        public long eventSalt() {
            return 0;
        }
    }

    /** West of the middle is partition 0, the rest partition 1. */
    static PartitionMap westAndEast(Cells cells) {
        GeoPoint middle = GeoPoint.ofDegrees(37.77, -122.44);
        long[] disk = new long[400];
        int count = cells.gridDisk(cells.cellOf(middle.latE7(), middle.lonE7(), Cells.ROUTING_RESOLUTION), 6, disk);
        Map<Long, Integer> owners = new HashMap<>();
        for (int i = 0; i < count; i++) {
            owners.put(disk[i], cells.center(disk[i]).lonE7() < middle.lonE7() ? 0 : 1);
        }
        return PartitionMap.of(1, 2, owners);
    }

    /** One turn of the agent, the log synced, another turn: everything that can be answered is. */
    void turn() {
        agent.doWork(time.epochMs());
        log.sync();
        agent.doWork(time.epochMs());
        agent.doWork(time.epochMs());
    }

    /** Feeds what is newly durable in trips back, as the node does. */
    void feedTrips() {
        for (int p = 0; p < 2; p++) {
            int partition = p;
            fedOffsets[p] = log.partition(StreamName.TRIPS, p)
                    .read(fedOffsets[p], 1000, (offset, hlc, type, buf, i, n) -> {
                        byte[] bytes = new byte[n];
                        buf.getBytes(i, bytes);
                        agent.tripFeed().onEvent(partition, offset, event(bytes));
                        return true;
                    });
        }
    }

    static Event event(byte[] bytes) {
        try {
            return Event.parseFrom(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Event> trips() {
        List<Event> events = new ArrayList<>();
        for (int partition = 0; partition < 2; partition++) {
            log.partition(StreamName.TRIPS, partition).entries.forEach(entry -> events.add(event(entry.bytes())));
        }
        return events;
    }

    /** Numbers of the records of one type, by partition, in order. */
    List<Long> seqs(StreamName stream, int partition, int type) {
        List<Long> seqs = new ArrayList<>();
        for (ManualLog.Entry entry : log.partition(stream, partition).entries) {
            if (entry.type() == type) {
                seqs.add(new FixView().wrap(new UnsafeBuffer(entry.bytes()), 0).seq());
            }
        }
        return seqs;
    }

    List<Long> acceptedSeqs() {
        List<Long> all = seqs(StreamName.FIXES, 0, RecordType.FIX);
        all.addAll(seqs(StreamName.FIXES, 1, RecordType.FIX));
        return all;
    }

    List<Long> lateSeqs() {
        List<Long> all = seqs(StreamName.LATE, 0, RecordType.FIX);
        all.addAll(seqs(StreamName.LATE, 1, RecordType.FIX));
        return all;
    }

    /** A node started anew over what the old one left durable. */
    EdgeHarness restarted() {
        log.crash();
        EdgeHarness next = new EdgeHarness(config, log);
        next.time.advanceToEpochMs(time.epochMs());
        for (int p = 0; p < 2; p++) {
            int partition = p;
            for (boolean late : new boolean[] {false, true}) {
                FixView view = new FixView();
                log.partition(late ? StreamName.LATE : StreamName.FIXES, p)
                        .read(0, Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
                            next.agent.recover(partition, view.wrap(buffer, index), late);
                            return true;
                        });
            }
        }
        return next;
    }

    /** Folds in what the log holds of partitions that another node serves, as the node does at every turn. */
    void followOthers() {
        FixView view = new FixView();
        for (int p = 0; p < 2; p++) {
            int partition = p;
            if (!served[p]) {
                log.partition(StreamName.LATE, p).read(0, Integer.MAX_VALUE, (offset, hlc, type, buffer, i, n) -> {
                    agent.recover(partition, view.wrap(buffer, i), true);
                    return true;
                });
                log.partition(StreamName.FIXES, p).read(0, Integer.MAX_VALUE, (offset, hlc, type, buffer, i, n) -> {
                    if (type == RecordType.FIX) {
                        agent.recover(partition, view.wrap(buffer, i), false);
                    } else {
                        byte[] bytes = new byte[n];
                        buffer.getBytes(i, bytes);
                        agent.recoverHandOver(partition, event(bytes));
                    }
                    return true;
                });
            }
        }
    }

    Phone phone(long driver, long session) {
        return phone(driver, session, null);
    }

    /** A phone that says what it was told of where its driver belongs. */
    Phone phone(long driver, long session, @Nullable Authority authority) {
        return new Phone(tokens.issue(Role.DRIVER, driver, Duration.ofHours(12)), session, authority);
    }

    RiderServiceGrpc.RiderServiceStub rider(long rider) {
        return RiderServiceGrpc.newStub(channel)
                .withCallCredentials(bearer(tokens.issue(Role.RIDER, rider, Duration.ofHours(12))));
    }

    ManagedChannel channel() {
        return channel;
    }

    static CallCredentials bearer(String token) {
        return new CallCredentials() {
            @Override
            public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier applier) {
                Metadata metadata = new Metadata();
                metadata.put(AuthInterceptor.AUTHORIZATION, "Bearer " + token);
                applier.apply(metadata);
            }
        };
    }

    Fix fix(long seq, GeoPoint at) {
        return fix(seq, at, time.epochMs());
    }

    static Fix fix(long seq, GeoPoint at, long deviceMs) {
        return Fix.newBuilder()
                .setSeq(seq)
                .setDeviceTimeMs(deviceMs)
                .setLatE7(at.latE7())
                .setLonE7(at.lonE7())
                .setState(DriverState.IDLE)
                .build();
    }

    @Override
    public void close() {
        channel.shutdownNow();
        server.shutdownNow();
    }

    /** A driver's phone, keeping what it was told. */
    final class Phone implements ClientResponseObserver<DriveRequest, DriveResponse> {
        final List<DriveResponse> received = new ArrayList<>();
        private final List<FixAck> acks = new ArrayList<>();
        boolean completed;

        @Nullable
        Status failure;

        final StreamObserver<DriveRequest> requests;

        Phone(String token, long session, @Nullable Authority authority) {
            requests = DriverServiceGrpc.newStub(channel)
                    .withCallCredentials(bearer(token))
                    .drive(this);
            Hello.Builder hello =
                    Hello.newBuilder().setSession(session).setDeviceTime(TripFeed.timestamp(time.epochMs()));
            if (authority != null) {
                hello.setAuthority(authority);
            }
            requests.onNext(DriveRequest.newBuilder().setHello(hello).build());
        }

        /** What it was told last of where its driver belongs. */
        @Nullable
        Authority authority() {
            Authority told = null;
            for (DriveResponse response : received) {
                if (response.getWelcome().hasAuthority()) {
                    told = response.getWelcome().getAuthority();
                } else if (response.getFixAck().hasAuthority()) {
                    told = response.getFixAck().getAuthority();
                } else if (response.getDirective().hasAuthority()) {
                    told = response.getDirective().getAuthority();
                }
            }
            return told;
        }

        Phone send(Fix... fixes) {
            requests.onNext(DriveRequest.newBuilder()
                    .setFixBatch(FixBatch.newBuilder().addAllFixes(List.of(fixes)))
                    .build());
            return this;
        }

        long ackedSeq() {
            return acks.isEmpty() ? 0 : acks.getLast().getAckedSeq();
        }

        int acceptedCount() {
            return acks.stream().mapToInt(FixAck::getAcceptedCount).sum();
        }

        int duplicateCount() {
            return acks.stream().mapToInt(FixAck::getDuplicateCount).sum();
        }

        int lateCount() {
            return acks.stream().mapToInt(FixAck::getLateCount).sum();
        }

        List<RejectedFix> rejected() {
            return acks.stream().flatMap(ack -> ack.getRejectedList().stream()).toList();
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<DriveRequest> stream) {}

        @Override
        public void onNext(DriveResponse message) {
            received.add(message);
            if (message.hasFixAck()) {
                acks.add(message.getFixAck());
            }
        }

        @Override
        public void onError(Throwable error) {
            failure = Status.fromThrowable(error);
        }

        @Override
        public void onCompleted() {
            completed = true;
        }
    }

    /** Quotes that say who they are for in the signature, and expire. */
    private static final class FakeQuotes implements Quotes {
        private int issued;

        @Override
        public Quote issue(RiderId rider, GeoPoint pickup, GeoPoint dropoff, long nowMs) {
            return Quote.newBuilder()
                    .setQuote("q" + ++issued)
                    .setPickup(point(pickup))
                    .setDropoff(point(dropoff))
                    .setFareMinorUnits(1234)
                    .setExpireTime(TripFeed.timestamp(nowMs + QUOTE_TTL_MS))
                    .setSignature(com.google.protobuf.ByteString.copyFromUtf8(rider.toString()))
                    .build();
        }

        @Override
        public QuoteVerdict verify(RiderId rider, Quote quote, long nowMs) {
            if (!quote.getSignature().toStringUtf8().equals(rider.toString())) {
                return new QuoteVerdict.BadSignature();
            }
            long expireMs = quote.getExpireTime().getSeconds() * 1_000;
            return expireMs < nowMs ? new QuoteVerdict.Expired(expireMs) : new QuoteVerdict.Valid();
        }
    }

    static Point point(GeoPoint at) {
        return Point.newBuilder().setLatE7(at.latE7()).setLonE7(at.lonE7()).build();
    }
}
