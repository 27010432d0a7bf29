package io.hailstorm.node;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.inprocess.InProcessServerBuilder;
import io.hailstorm.ingest.DevKeys;
import io.hailstorm.ingest.IngestServer;
import io.hailstorm.ingest.PickupPolicy;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.ingest.TokenVerifier;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.ops.LiveProjection;
import io.hailstorm.ops.OpsConfig;
import io.hailstorm.ops.OpsServer;
import io.hailstorm.simulator.ServiceArea;
import io.hailstorm.simulator.TokenSource;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One region in one process: everything wired, recovered and ready to be given threads, or turns.
 *
 * <pre>
 *   thread             runs
 *   hailstorm-region   RegionAgent: the only writer of every partition
 *   hailstorm-sync     Log.doWork: group commit, preallocation, retention
 *   hailstorm-ops      the console's projection, the driver directory's checkpoints, compaction of the log
 *   Netty, Helidon     connections; they reach the region through bounded rings
 * </pre>
 *
 * With {@link #turn} instead of {@link #startThreads} all of it runs in the caller's thread.
 */
final class HailstormNode implements PacedNode, AutoCloseable {
    private static final long PARK_NS_REGION = 1_000_000;
    private static final long PARK_NS_SYNC = 1_000_000;
    private static final long PARK_NS_OPS = 20_000_000;
    private static final long GRACE_MS = 500;
    private static final int PROJECTION_EVERY_TURNS = 16;
    private static final long SETTLE_NS_MAX = 30_000_000_000L;

    private final NodeConfig config;
    private final TimeSource time;
    private final TimeSource wall = new SystemTimeSource();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final RegionLog regionLog;
    private final Log log;
    private final DriverDirectory directory;
    private final RegionCore core;
    private final TokenIssuer issuer;
    private final AdminService admin;
    private final IngestServer edge;
    private final StatusView status;
    private final LiveProjection projection;
    private final OpsServer ops;
    private final LagMetrics lag;
    private final GeoView geo;
    private final List<AgentLoop> loops = new ArrayList<>();
    private @Nullable Server inProcess;
    private boolean isEdgeStarted;
    private long turnCount;
    private LongConsumer onTurn = count -> {};

    /**
     * Opens the data directory, recovers, and wires everything; serves nothing yet.
     *
     * @param time the node's clock, which a simulation may own
     */
    static HailstormNode open(NodeConfig config, TimeSource time) {
        return open(
                config,
                time,
                keys -> config.regions()
                        .map(regions -> RegionTransport.open(regions.place(), keys, new SystemTimeSource())));
    }

    /**
     * Opens one of several regions; returns once they have agreed on who owns what, so others have to be opened meanwhile.
     *
     * @param network makes the way to the others, which the node closes
     */
    static HailstormNode open(
            NodeConfig config, TimeSource time, Function<DevKeys, Optional<? extends RegionNetwork>> network) {
        DataDirectory data = DataDirectory.create(config.dataDir(), config.keysDir());
        DevKeys keys = DevKeys.loadOrCreate(data.keys());
        RegionLog log = RegionLog.open(config, time, data, network.apply(keys));
        try {
            return new HailstormNode(config, time, data, keys, log);
        } catch (RuntimeException | Error e) {
            log.close();
            throw e;
        }
    }

    private HailstormNode(NodeConfig config, TimeSource time, DataDirectory data, DevKeys keys, RegionLog regionLog) {
        this.config = config;
        this.time = time;
        this.regionLog = regionLog;
        log = regionLog.log();
        ServedPartitions served = regionLog.served(config);
        core = new RegionCore(
                config.core(), log, served, time, wall, QuoteKey.loadOrCreate(data.keys()), metrics, Safeguards.ALL);
        status = new StatusView(
                config, time, wall, log, core.ranges(), served, core.stats(), () -> Optional.ofNullable(failure.get()));
        directory = recovered(data);
        issuer = new TokenIssuer(keys, time);
        RegionAgent region = core.region();
        geo = new GeoView(regionLog, config.regions(), metrics);
        admin = new AdminService(config.city().name(), core.ranges(), region::submit);
        edge = new IngestServer(
                config.ingest(), core.ingest(), core.cells(), new TokenVerifier(keys, time), time, operators());
        OpsConfig opsConfig = OpsConfig.DEFAULT.withBindAddress(config.httpHost());
        projection = new LiveProjection(log, core.cells(), status, opsConfig, Upcasters::toCurrent);
        ops = new OpsServer(opsConfig, status, projection, metrics, wall);
        NodeMetrics.register(metrics, log, region, served, core.stats(), core.writer(), core.ranges());
        lag = new LagMetrics(metrics, log, region, projection);
        status.readers(lag, region.gate().letters(), geo);
    }

    private List<BindableService> operators() {
        return regionLog.geo().isPresent()
                ? List.<BindableService>of(admin, new TenureService(regionLog, geo))
                : List.of(admin);
    }

    private DriverDirectory recovered(DataDirectory data) {
        boolean done = false;
        try {
            findMap();
            DriverDirectory drivers = DriverDirectory.open(data.drivers(), config.driversMax());
            core.recover(drivers);
            done = true;
            return drivers;
        } finally {
            if (!done) {
                loops.forEach(AgentLoop::close);
            }
        }
    }

    /** Between regions the log is worked from the start, since the others take a region that says nothing for dead. */
    private void findMap() {
        if (regionLog.geo().isPresent()) {
            startSync();
            regionLog.awaitReady(wall, this::requireHealthy);
        }
        while (!core.tryFindMap()) {
            requireHealthy();
            if (!loops.isEmpty()) {
                LockSupport.parkNanos(PARK_NS_SYNC);
            } else if (log.doWork(wall.monotonicNs()) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void startSync() {
        AgentLoop sync = new AgentLoop(
                        "hailstorm-sync",
                        PARK_NS_SYNC,
                        () -> log.doWork(wall.monotonicNs()),
                        maxNs -> log.idleNs(wall.monotonicNs(), maxNs),
                        this::fail)
                .start();
        loops.add(sync);
        regionLog.network().ifPresent(network -> network.onArrival(sync::nudge));
    }

    /** Listens for phones; the port. */
    int startGrpc() {
        edge.start();
        isEdgeStarted = true;
        status.phase(StatusView.Phase.SERVING);
        return edge.port();
    }

    /** Serves phones of this process over gRPC's in-process transport, on the caller's thread; the server's name. */
    String startInProcess() {
        String name = "hailstorm-" + UUID.randomUUID();
        InProcessServerBuilder builder = InProcessServerBuilder.forName(name).directExecutor();
        edge.services().forEach(builder::addService);
        try {
            inProcess = builder.build().start();
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot start the in-process server", e);
        }
        status.phase(StatusView.Phase.SERVING);
        return name;
    }

    /** Serves the console; the port. */
    int startHttp() {
        return ops.start(config.httpPort());
    }

    /** Gives every agent its thread. */
    void startThreads() {
        if (loops.isEmpty()) {
            startSync();
        }
        AgentLoop regionLoop = new AgentLoop("hailstorm-region", PARK_NS_REGION, this::regionTurn, this::fail);
        loops.addFirst(regionLoop.start());
        loops.add(new AgentLoop(
                        "hailstorm-ops",
                        PARK_NS_OPS,
                        () -> core.checkpointer().doWork()
                                + projection.doWork(time.epochMs())
                                + lag.doWork(wall.monotonicNs())
                                + geo.doWork(wall.monotonicNs())
                                + log.doMaintenance(wall.monotonicNs()),
                        this::fail)
                .start());
    }

    private int regionTurn() {
        int work = core.turn();
        onTurn.accept(core.region().turns());
        return work;
    }

    /** Learns the count of turns after each, on the region's thread; before it has one. */
    void onTurn(LongConsumer listener) {
        onTurn = listener;
    }

    /** One turn of everything in the caller's thread; how much was done, the console's part left out. */
    @Override
    public int turn() {
        int work = regionTurn() + log.doWork(time.monotonicNs());
        core.checkpointer().doWork();
        if (++turnCount % PROJECTION_EVERY_TURNS == 0) {
            projection.doWork(time.epochMs());
            lag.doWork(wall.monotonicNs());
            log.doMaintenance(time.monotonicNs());
        }
        return work;
    }

    /** Asks the region for a turn soon, where it has a thread. */
    @Override
    public void nudge() {
        if (!loops.isEmpty()) {
            loops.getFirst().nudge();
        }
    }

    private void fail(Throwable thrown) {
        failure.compareAndSet(null, thrown);
    }

    @Override
    public boolean isHealthy() {
        return failure.get() == null;
    }

    /** @throws HailstormException when one of its threads ended by a failure */
    void requireHealthy() {
        failure().ifPresent(thrown -> {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "the node stopped: " + thrown.getMessage() + "; nothing it acknowledged is lost",
                    thrown);
        });
    }

    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public long regionTurns() {
        return core.region().turns();
    }

    /** Fixes durable and in the driver index, since the start. */
    long indexedFixes() {
        return core.region().indexedFixes();
    }

    /** The operator's service, for an operator within this process. */
    AdminService admin() {
        return admin;
    }

    /** What it is made of, besides threads and listeners. */
    RegionCore core() {
        return core;
    }

    /** Lets everything appended become durable and be acted on. */
    void settle(boolean inline) {
        if (inline) {
            while (turn() > 0) {
                Thread.onSpinWait();
            }
            return;
        }
        long endNs = wall.monotonicNs() + SETTLE_NS_MAX;
        long turns = core.region().turns();
        while (isHealthy() && wall.monotonicNs() < endNs && (core.region().turns() < turns + 2 || !isDurable())) {
            LockSupport.parkNanos(PARK_NS_REGION);
        }
    }

    private boolean isDurable() {
        for (StreamName stream : StreamName.values()) {
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                PartitionLog of = log.partition(stream, partition);
                if (of.durableOffset() < of.endOffset()) {
                    return false;
                }
            }
        }
        return true;
    }

    /** What is measured here; any thread. */
    PrometheusMeterRegistry metrics() {
        return metrics;
    }

    HistoryChecker.Verdict checkHistory(List<HistoryChecker.Promise> promises) {
        return HistoryChecker.check(HistoryStreams.of(this::partitions), promises);
    }

    /** A stream's partitions, in their order. */
    List<PartitionLog> partitions(StreamName stream) {
        List<PartitionLog> all = new ArrayList<>();
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            all.add(log.partition(stream, partition));
        }
        return all;
    }

    ServiceArea serviceArea() {
        return (latE7, lonE7) -> core.pickupVerdict(new GeoPoint(latE7, lonE7)) == PickupPolicy.Verdict.ALLOWED;
    }

    TokenSource tokens() {
        return Tokens.source(issuer);
    }

    NodeConfig config() {
        return config;
    }

    String fixesAckLevel() {
        return config.fixesAckLevel().name();
    }

    RegionStats stats() {
        return core.stats();
    }

    PipelineLatency latency() {
        return core.latency();
    }

    Log log() {
        return log;
    }

    /** The metrics as Prometheus reads them, lags measured by now. */
    String scrape() {
        lag.measureNow();
        return metrics.scrape();
    }

    /** Readiness off, streams told to go, the turn finished, checkpoint and log flushed, files closed. */
    @Override
    public void close() {
        status.phase(StatusView.Phase.STOPPING);
        if (isEdgeStarted) {
            edge.stop(GRACE_MS);
        }
        Server local = inProcess;
        if (local != null) {
            local.shutdownNow();
        }
        ops.close();
        loops.forEach(AgentLoop::close);
        if (isHealthy()) {
            Checkpointer checkpointer = core.checkpointer();
            checkpointer.doWork();
            checkpointer.collectNow();
            checkpointer.doWork();
        }
        directory.close();
        regionLog.close();
    }
}
