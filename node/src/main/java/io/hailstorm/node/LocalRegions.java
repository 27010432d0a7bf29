package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoLogConfig;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.ServiceArea;
import io.hailstorm.simulator.TokenSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** The regions of a deployment and their witness, all in this process: one node each, at work on its own threads. */
final class LocalRegions implements DemoNodes {
    private static final long SERVING_NS_MAX = 60_000_000_000L;
    private static final long PAUSE_NS = 1_000_000;
    private static final int SETTLES = 3;

    private final TimeSource wall = new SystemTimeSource();
    private final LocalRegionNetwork network = new LocalRegionNetwork();
    private final RegionNetwork witnessWay = network.join(RegionsConfig.WITNESS);
    private final WitnessAgent witness;
    /** By region, as far as opened. */
    private final Map<String, HailstormNode> nodes = new TreeMap<>();

    private final List<ClientChannels> connections = new ArrayList<>();
    private final Consumer<String> say;

    private LocalRegions(Path witnessDir, Consumer<String> say) {
        this.say = say;
        witness = WitnessAgent.open(witnessDir, witnessWay, wall);
    }

    /**
     * Opens every region and lets it serve; returns once every partition is served.
     *
     * @param configs one a region, with {@link NodeConfig#regions}
     * @throws HailstormException as a node's opening does; then nothing is left open
     */
    static LocalRegions open(List<NodeConfig> configs, Path witnessDir, TimeSource time, Consumer<String> say) {
        LocalRegions regions = new LocalRegions(witnessDir, say);
        boolean opened = false;
        try {
            regions.openNodes(configs, time);
            regions.awaitServed();
            opened = true;
            return regions;
        } finally {
            if (!opened) {
                regions.close();
            }
        }
    }

    /** At once, since a region opens only when the others answer. */
    private void openNodes(List<NodeConfig> configs, TimeSource time) {
        List<Throwable> failures = new ArrayList<>();
        List<Thread> openers = new ArrayList<>();
        for (NodeConfig config : configs) {
            openers.add(Thread.ofPlatform()
                    .name("hailstorm-open-" + name(config))
                    .start(() -> openNode(config, time, failures)));
        }
        for (Thread opener : openers) {
            join(opener);
        }
        synchronized (nodes) {
            if (!failures.isEmpty()) {
                Throwable first = failures.getFirst();
                throw first instanceof HailstormException known
                        ? known
                        : new HailstormException(ErrorCode.INTERNAL, "cannot open a region: " + first, first);
            }
        }
    }

    private static String name(NodeConfig config) {
        return config.regions().orElseThrow().geo().self();
    }

    private void openNode(NodeConfig config, TimeSource time, List<Throwable> failures) {
        try {
            HailstormNode node = HailstormNode.open(config, time, keys -> Optional.of(network.join(name(config))));
            synchronized (nodes) {
                nodes.put(name(config), node);
            }
            if (config.httpPort() != 0) {
                say.accept("console    http://" + config.httpHost() + ":" + node.startHttp() + "/  (" + name(config)
                        + ")");
            }
            say.accept("phones     grpc://localhost:" + node.startGrpc() + "  (" + name(config) + ")");
            node.startThreads();
        } catch (RuntimeException | Error e) {
            synchronized (nodes) {
                failures.add(e);
            }
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitServed() {
        long endNs = wall.monotonicNs() + SERVING_NS_MAX;
        int partitions = all().getFirst().log().partitionCount();
        while (all().stream().mapToInt(node -> node.core().served().count()).sum() < partitions) {
            requireHealthy();
            if (wall.monotonicNs() > endNs) {
                throw new HailstormException(ErrorCode.UNAVAILABLE, "not every partition is served after 60 s");
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    @Override
    public List<? extends PacedNode> paced() {
        return all();
    }

    @Override
    public Endpoints endpoints(int phones) {
        ClientChannels channels = new ClientChannels(phones);
        connections.add(channels);
        List<String> addresses = all().stream().map(LocalRegions::endpoint).toList();
        return Endpoints.of(addresses, endpoint -> channels.to(SimulateCommand.address(endpoint)));
    }

    private static String endpoint(HailstormNode node) {
        GeoLogConfig geo = node.config().regions().orElseThrow().geo();
        return geo.members().stream()
                .filter(member -> member.region().equals(geo.self()))
                .map(GeoMember::endpoint)
                .findFirst()
                .orElseThrow();
    }

    @Override
    public ServiceArea serviceArea() {
        return all().getFirst().serviceArea();
    }

    @Override
    public TokenSource tokens() {
        return all().getFirst().tokens();
    }

    @Override
    public MoveDesk moves() {
        return MoveDesk.of(dispatcher());
    }

    @Override
    public boolean areSeveral() {
        return true;
    }

    /** In the order of their names. */
    List<HailstormNode> all() {
        return List.copyOf(nodes.values());
    }

    /** The region that decides for all. */
    HailstormNode dispatcher() {
        return ownerOf(ServedPartitions.DISPATCH_PARTITION);
    }

    /** Whoever appends to a partition; between two owners, one that copies it. */
    private HailstormNode ownerOf(int partition) {
        return all().stream()
                .filter(node -> node.log().owns(partition))
                .findFirst()
                .orElse(all().getFirst());
    }

    @Override
    public boolean isHealthy() {
        return all().stream().allMatch(HailstormNode::isHealthy);
    }

    @Override
    public void requireHealthy() {
        witness.requireHealthy();
        all().forEach(HailstormNode::requireHealthy);
    }

    @Override
    public void settle() {
        for (int i = 0; i < SETTLES; i++) {
            all().forEach(node -> node.settle(false));
        }
    }

    @Override
    public List<PartitionReader> partitions(StreamName stream) {
        List<PartitionReader> readers = new ArrayList<>();
        for (int partition = 0; partition < dispatcher().log().partitionCount(); partition++) {
            readers.add(ownerOf(partition).log().partition(stream, partition));
        }
        return readers;
    }

    @Override
    public NodeFigures figures() {
        return all().stream().map(NodeFigures::of).reduce(NodeFigures::and).orElseThrow();
    }

    /** At once, so that none takes over from one that ended a moment earlier. */
    private void closeNodes() {
        List<Thread> closers = all().stream()
                .map(node -> Thread.ofPlatform().name("hailstorm-close").start(node::close))
                .toList();
        closers.forEach(LocalRegions::join);
    }

    @Override
    public void close() {
        try {
            connections.forEach(ClientChannels::close);
            closeNodes();
        } finally {
            witness.close();
            witnessWay.close();
        }
    }
}
