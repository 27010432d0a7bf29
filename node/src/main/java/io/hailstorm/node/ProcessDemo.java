package io.hailstorm.node;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.Region;
import io.hailstorm.ingest.DevKeys;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.ServiceArea;
import io.hailstorm.simulator.TokenSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** A run's regions in processes of their own, which follow this one's time. */
final class ProcessDemo implements DemoNodes {
    private static final long SETTLE_NS_MAX = 60_000_000_000L;
    private static final long PAUSE_NS = 1_000_000;

    private final RegionProcesses processes;
    private final NodeConfig config;
    private final ClockFile clock;
    private final TokenIssuer issuer;
    private final TimeSource wall = new SystemTimeSource();
    private final List<PacedProcess> paced;
    private final List<ManagedChannel> admin = new ArrayList<>();
    private final List<ClientChannels> connections = new ArrayList<>();
    private final List<LogReader> readers = new ArrayList<>();

    /** A region in another process: its turns are in the clock file. */
    private record PacedProcess(RegionProcesses processes, ClockFile clock, int region) implements PacedNode {
        @Override
        public long regionTurns() {
            return clock.turns(region);
        }

        @Override
        public boolean isHealthy() {
            return processes.isAlive(region);
        }

        @Override
        public void nudge() {
            // it parks for a millisecond at most
        }

        @Override
        public int turn() {
            throw new UnsupportedOperationException("another process turns by itself");
        }
    }

    private ProcessDemo(RegionProcesses processes, NodeConfig config, ClockFile clock) {
        this.processes = processes;
        this.config = config;
        this.clock = clock;
        issuer = new TokenIssuer(DevKeys.loadOrCreate(config.keysDir()), clock.time(wall));
        paced = IntStream.range(0, processes.count())
                .mapToObj(region -> new PacedProcess(processes, clock, region))
                .toList();
        for (GeoMember member : processes.layout().members()) {
            var address = SimulateCommand.address(member.endpoint());
            admin.add(NettyChannelBuilder.forAddress(address.getHostString(), address.getPort())
                    .usePlaintext()
                    .build());
        }
    }

    /**
     * Starts all regions; returns once they serve.
     *
     * @param config of any of them
     */
    static ProcessDemo open(RegionProcesses.Layout layout, NodeConfig config, ClockFile clock) {
        RegionProcesses processes = new RegionProcesses(layout);
        boolean started = false;
        try {
            processes.start();
            ProcessDemo demo = new ProcessDemo(processes, config, clock);
            started = true;
            return demo;
        } finally {
            if (!started) {
                processes.close();
            }
        }
    }

    @Override
    public List<? extends PacedNode> paced() {
        return paced;
    }

    @Override
    public Endpoints endpoints(int phones) {
        ClientChannels channels = new ClientChannels(phones);
        connections.add(channels);
        return Endpoints.of(
                processes.layout().members().stream().map(GeoMember::endpoint).toList(),
                endpoint -> channels.to(SimulateCommand.address(endpoint)));
    }

    @Override
    public ServiceArea serviceArea() {
        City city = config.city();
        Cells cells = Cells.create();
        List<Region> areas = config.regions().orElseThrow().areas();
        return (latE7, lonE7) -> {
            GeoPoint point = new GeoPoint(latE7, lonE7);
            return city.geofences().insideServiceArea(point)
                    && city.geofences().pickupAllowed(point)
                    && areas.stream().anyMatch(area -> area.owns(cells.cellOf(latE7, lonE7, Cells.ROUTING_RESOLUTION)));
        };
    }

    @Override
    public TokenSource tokens() {
        return Tokens.source(issuer);
    }

    @Override
    public MoveDesk moves() {
        return new RemoteMoves(this::decider, this::operatorToken, wall);
    }

    private Channel decider() {
        return channel(processes.decider());
    }

    /** To a region's operators' services. */
    Channel channel(int region) {
        return admin.get(region);
    }

    /** An operator's, for a while. */
    String operatorToken() {
        return issuer.issue(Role.ADMIN, 1, Tokens.TTL);
    }

    RegionProcesses processes() {
        return processes;
    }

    @Override
    public boolean isHealthy() {
        return processes.areAlive();
    }

    @Override
    public void requireHealthy() {
        processes.requireHealthy();
    }

    @Override
    public void settle() {
        long number = clock.askToSettle();
        long endNs = wall.monotonicNs() + SETTLE_NS_MAX;
        for (int region = 0; region < processes.count(); region++) {
            while (clock.settled(region) < number && processes.isAlive(region)) {
                if (wall.monotonicNs() > endNs) {
                    throw new HailstormException(
                            ErrorCode.DEADLINE_EXCEEDED, "the regions did not settle within a minute");
                }
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }

    /** Ends the regions, whose logs can be read from then on. */
    @Override
    public NodeFigures figures() {
        processes.stop();
        return IntStream.range(0, processes.count())
                .mapToObj(region -> NodeFigures.read(processes.layout().figures(region)))
                .reduce(NodeFigures::and)
                .orElseThrow();
    }

    @Override
    public List<PartitionReader> partitions(StreamName stream) {
        if (readers.isEmpty()) {
            for (int region = 0; region < processes.count(); region++) {
                readers.add(LogReader.open(new MappedDisk(), processes.layout().dataDir(region)));
            }
        }
        return IntStream.range(0, config.partitionCount())
                .mapToObj(
                        partition -> readers.get(processes.primaryOf(processes.homeOf(partition))).partitions().stream()
                                .filter(each -> each.stream() == stream && each.partition() == partition))
                .flatMap(each -> each)
                .toList();
    }

    @Override
    public boolean areSeveral() {
        return true;
    }

    @Override
    public void close() {
        readers.forEach(LogReader::close);
        connections.forEach(ClientChannels::close);
        admin.forEach(ManagedChannel::shutdownNow);
        processes.close();
        clock.close();
    }
}
