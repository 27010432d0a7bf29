package io.hailstorm.node;

import io.hailstorm.ingest.DevKeys;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.Tenure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** A process for every region, each {@code hailstorm node}, and their witness in this one. One thread. */
final class RegionProcesses implements AutoCloseable {
    static final String HEAP = "1g";

    private static final String HOST = "localhost";
    private static final long READY_NS_MAX = 120_000_000_000L;
    private static final long STOP_MS_MAX = 60_000;
    private static final long PAUSE_NS = 2_000_000;

    private final Layout layout;
    private final TimeSource wall = new SystemTimeSource();
    private final RegionTransport transport;
    private final WitnessAgent witness;
    private final List<ChildProcess> processes = new ArrayList<>();
    private final List<Integer> regionPorts = new ArrayList<>();
    private final List<Integer> starts = new ArrayList<>();

    /**
     * Where everything is.
     *
     * @param members in the order of the deployment, with the phones' addresses
     * @param directory of the run: a data directory a region below it, and {@code witness}
     * @param flags of every node, whatever its region
     * @param clock shared simulated time; empty for the wall's
     */
    record Layout(
            List<GeoMember> members,
            Path directory,
            Path keysDir,
            List<String> flags,
            Optional<Path> clock,
            String heap) {
        Layout {
            members = List.copyOf(members);
            flags = List.copyOf(flags);
        }

        Path dataDir(int region) {
            return directory.resolve(members.get(region).region());
        }

        Path figures(int region) {
            return directory.resolve(members.get(region).region() + ".figures");
        }
    }

    /** Starts the witness; nothing else yet. */
    RegionProcesses(Layout layout) {
        this.layout = layout;
        DataDirectory.create(layout.directory(), layout.keysDir());
        transport = RegionTransport.open(
                new RegionTransport.Place(RegionsConfig.WITNESS, HOST, 0, Map.of(), true),
                DevKeys.loadOrCreate(layout.keysDir()),
                wall);
        witness = WitnessAgent.open(layout.directory().resolve(RegionsConfig.WITNESS), transport, wall);
    }

    /** Starts every region; returns once all of them serve. */
    void start() {
        layout.members().forEach(member -> regionPorts.add(DemoRegions.freePort()));
        for (int i = 0; i < layout.members().size(); i++) {
            starts.add(0);
            processes.add(started(i));
        }
        for (int i = 0; i < processes.size(); i++) {
            awaitReady(i);
        }
    }

    private ChildProcess started(int region) {
        GeoMember self = layout.members().get(region);
        List<String> arguments = new ArrayList<>(List.of("node"));
        arguments.addAll(layout.flags());
        arguments.addAll(List.of(
                "--regions",
                joined(layout.members().stream().map(GeoMember::region).toList())));
        arguments.addAll(List.of("--region", self.region(), "--advertise", self.endpoint()));
        arguments.addAll(
                List.of("--grpc-port", self.endpoint().substring(self.endpoint().lastIndexOf(':') + 1)));
        arguments.addAll(List.of("--region-host", HOST, "--region-port", Integer.toString(regionPorts.get(region))));
        List<String> endpoints = new ArrayList<>();
        List<String> peers = new ArrayList<>();
        for (int i = 0; i < layout.members().size(); i++) {
            GeoMember member = layout.members().get(i);
            if (i != region) {
                endpoints.add(member.region() + "=" + member.endpoint());
                peers.add(member.region() + "=" + HOST + ":" + regionPorts.get(i));
            }
        }
        arguments.addAll(List.of("--endpoints", joined(endpoints), "--peers", joined(peers)));
        arguments.addAll(List.of("--witness", HOST + ":" + transport.port()));
        arguments.addAll(List.of("--data-dir", layout.dataDir(region).toString()));
        arguments.addAll(List.of("--keys-dir", layout.keysDir().toString()));
        layout.clock().ifPresent(file -> {
            arguments.addAll(List.of("--clock-file", file.toString()));
            arguments.addAll(List.of("--figures-file", layout.figures(region).toString()));
        });
        String name = self.region() + "-" + starts.get(region);
        starts.set(region, starts.get(region) + 1);
        return ChildProcess.start(name, layout.directory(), layout.heap(), arguments);
    }

    private static String joined(List<String> parts) {
        return parts.stream().collect(Collectors.joining(","));
    }

    /** Waits until a region serves. */
    void awaitReady(int region) {
        await(() -> isReady(region), layout.members().get(region).region() + " to be ready");
    }

    boolean isReady(int region) {
        processes.get(region).requireAlive();
        return processes.get(region).hasSaid("READY");
    }

    private void await(BooleanSupplier condition, String what) {
        long endNs = wall.monotonicNs() + READY_NS_MAX;
        while (!condition.getAsBoolean()) {
            witness.requireHealthy();
            if (wall.monotonicNs() > endNs) {
                throw new HailstormException(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "waited two minutes in vain for " + what + "; see " + layout.directory());
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** SIGKILL; returns when it is gone. */
    void kill(int region) {
        processes.get(region).kill();
    }

    /** Starts a region that was killed; it may take a while to be ready. */
    void restart(int region) {
        processes.set(region, started(region));
    }

    boolean isAlive(int region) {
        return processes.get(region).isAlive();
    }

    int count() {
        return layout.members().size();
    }

    Layout layout() {
        return layout;
    }

    /** @throws HailstormException when a region or the witness ended by itself */
    void requireHealthy() {
        witness.requireHealthy();
        processes.forEach(ChildProcess::requireAlive);
    }

    boolean areAlive() {
        return processes.stream().allMatch(ChildProcess::isAlive);
    }

    /** The region that writes for a home region, as the witness has it; that one itself before anybody wrote. */
    int primaryOf(int home) {
        Tenure tenure = witness.tenures().get(layout.members().get(home).region());
        for (int i = 0; i < count(); i++) {
            if (tenure != null && layout.members().get(i).region().equals(tenure.primary())) {
                return i;
            }
        }
        return home;
    }

    /** The region that is the home of a partition. */
    int homeOf(int partition) {
        for (int i = 0; i < count(); i++) {
            if (layout.members().get(i).isHomeOf(partition)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no partition " + partition);
    }

    /** Who decides for all regions. */
    int decider() {
        return primaryOf(homeOf(ServedPartitions.DISPATCH_PARTITION));
    }

    Map<String, Tenure> tenures() {
        return new HashMap<>(witness.tenures());
    }

    /** Stops every region that still runs, in order and at once; the witness goes on. */
    void stop() {
        processes.forEach(ChildProcess::terminate);
        for (ChildProcess process : processes) {
            if (!process.awaitEnd(STOP_MS_MAX)) {
                throw new HailstormException(
                        ErrorCode.DEADLINE_EXCEEDED,
                        process.name() + " did not stop within a minute; see " + layout.directory());
            }
        }
    }

    @Override
    public void close() {
        processes.forEach(ChildProcess::close);
        witness.close();
        transport.close();
    }
}
