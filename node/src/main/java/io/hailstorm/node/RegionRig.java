package io.hailstorm.node;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.simulator.Pauses;
import io.hailstorm.simulator.Simulation;
import io.hailstorm.simulator.SimulationConfig;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Regions in processes of their own, the witness and a fleet with riders in this one, and the hand that kills regions and
 * starts them again. Simulated time is shared by all; it stands still while nobody acknowledges. One thread.
 */
final class RegionRig implements AutoCloseable {
    private static final long READY_CHECK_NS = 100_000_000;
    private static final long READY_NS_MAX = TimeUnit.SECONDS.toNanos(180);
    private static final long DRAIN_NS_MAX = TimeUnit.SECONDS.toNanos(60);
    private static final LocalTime BUSY_HOUR = LocalTime.of(17, 0);

    /**
     * What to run.
     *
     * @param regions names of the city's built-in regions, by comma
     * @param partitionsEach of every region
     * @param ackLevel {@code GEO} or {@code DISK}
     * @param suspectMs how long a silent region lives on for the others
     * @param heap of each region's process
     */
    record Plan(
            String regions, int partitionsEach, String ackLevel, int suspectMs, int vehicles, long seed, String heap) {
        Plan {
            if (vehicles < 1) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "--vehicles: expected at least 1, got " + vehicles);
            }
        }

        Settings settings(Path directory) {
            Map<Setting, String> flags = new EnumMap<>(Setting.class);
            flags.put(Setting.REGIONS, regions);
            flags.put(Setting.PARTITIONS, Integer.toString(partitionsEach));
            flags.put(Setting.REGION_ACK, ackLevel);
            flags.put(Setting.REGION_SUSPECT_MS, Integer.toString(suspectMs));
            flags.put(Setting.DATA_DIR, directory.toString());
            flags.put(Setting.GRPC_PORT, "0");
            flags.put(Setting.HTTP_PORT, "0");
            flags.put(Setting.RATE_LIMITS, "false");
            return Settings.resolve(flags, Map.of(), null);
        }
    }

    private final ProcessDemo demo;
    private final ClockFile clock;
    private final Simulation simulation;
    private final TimeSource wall;
    private final List<Member> members = new ArrayList<>();
    private Pace pace;

    /** A region as time waits for it: not at all from its death until it serves again. */
    private final class Member implements PacedNode {
        private final int region;
        private boolean isServing = true;
        private long checkedNs;

        Member(int region) {
            this.region = region;
        }

        @Override
        public long regionTurns() {
            return clock.turns(region);
        }

        @Override
        public boolean isHealthy() {
            return isServing && demo.processes().isAlive(region);
        }

        @Override
        public void nudge() {
            // it parks for a millisecond at most
        }

        @Override
        public int turn() {
            throw new UnsupportedOperationException("another process turns by itself");
        }

        private void look() {
            if (!isServing && demo.processes().isAlive(region) && wall.monotonicNs() - checkedNs > READY_CHECK_NS) {
                checkedNs = wall.monotonicNs();
                isServing = demo.processes().isReady(region);
            }
        }
    }

    private RegionRig(ProcessDemo demo, ClockFile clock, Simulation simulation, TimeSource wall) {
        this.demo = demo;
        this.clock = clock;
        this.simulation = simulation;
        this.wall = wall;
        for (int region = 0; region < demo.processes().count(); region++) {
            members.add(new Member(region));
        }
        pace = new Pace.Paced(clock.time(wall), 1, false);
    }

    /** Starts everything; returns once every region serves. */
    static RegionRig open(Plan plan, Path directory, Consumer<String> say) {
        Settings settings = plan.settings(directory);
        List<NodeConfig> configs = DemoRegions.configs(settings);
        NodeConfig first = configs.getFirst();
        City city = first.city();
        TimeSource wall = new SystemTimeSource();
        long busyMs = Instant.ofEpochMilli(wall.epochMs())
                .atZone(city.timeZone())
                .with(BUSY_HOUR)
                .toInstant()
                .toEpochMilli();
        ClockFile clock = DemoRegions.clock(directory, busyMs);
        RegionProcesses.Layout layout = new RegionProcesses.Layout(
                first.regions().orElseThrow().geo().members(),
                directory,
                first.keysDir(),
                List.of(
                        "--partitions", Integer.toString(plan.partitionsEach()),
                        "--region-ack", plan.ackLevel(),
                        "--region-suspect-ms", Integer.toString(plan.suspectMs()),
                        "--http-port", "0",
                        "--rate-limits", "false"),
                Optional.of(directory.resolve("clock")),
                plan.heap());
        say.accept("starting regions: " + plan.regions());
        ProcessDemo demo = ProcessDemo.open(layout, first, clock);
        boolean opened = false;
        try {
            Simulation simulation = Simulation.create(
                    SimulationConfig.of(city)
                            .withVehicles(plan.vehicles())
                            .withSeed(plan.seed())
                            .withServiceArea(demo.serviceArea())
                            .withFirstSession(wall.epochMs()),
                    demo.endpoints(plan.vehicles()),
                    demo.tokens(),
                    wall,
                    Optional.empty(),
                    busyMs,
                    new Pauses(wall));
            opened = true;
            return new RegionRig(demo, clock, simulation, wall);
        } finally {
            if (!opened) {
                demo.close();
            }
        }
    }

    /** How fast simulated time may pass from here on, in simulated seconds a second. */
    void speed(double factor) {
        pace = new Pace.Paced(clock.time(wall), factor, false);
    }

    /** One step of everything. */
    void step() {
        members.forEach(Member::look);
        pace.advance(simulation, members);
    }

    /** Steps for so long by the wall's clock, with something else to do at each. */
    void runFor(long ns, Runnable meanwhile) {
        long endNs = wall.monotonicNs() + ns;
        while (wall.monotonicNs() < endNs) {
            step();
            meanwhile.run();
        }
    }

    /** Steps until something is so, or so much time of the wall's passed; whether it is. */
    boolean runUntil(BooleanSupplier condition, long nsMax, Runnable meanwhile) {
        long endNs = wall.monotonicNs() + nsMax;
        while (!condition.getAsBoolean()) {
            if (wall.monotonicNs() > endNs) {
                return false;
            }
            step();
            meanwhile.run();
        }
        return true;
    }

    /** SIGKILL. */
    void kill(int region) {
        demo.processes().kill(region);
        members.get(region).isServing = false;
    }

    /** Starts a killed region again; it serves some time later. */
    void restart(int region) {
        clock.turns(region, 0);
        demo.processes().restart(region);
    }

    boolean isServing(int region) {
        return members.get(region).isServing;
    }

    /** Steps until a region that was started again serves. */
    void awaitServing(int region, Runnable meanwhile) {
        require(
                runUntil(() -> isServing(region), READY_NS_MAX, meanwhile),
                name(region) + " did not serve again within three minutes of its start");
    }

    /** No more demand and fixes; steps until everything is acknowledged; whether it is. */
    boolean drain() {
        simulation.finish(clock.epochMs());
        return runUntil(simulation::isFinished, DRAIN_NS_MAX, () -> {});
    }

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new HailstormException(ErrorCode.DEADLINE_EXCEEDED, message);
        }
    }

    String name(int region) {
        return demo.processes().layout().members().get(region).region();
    }

    /** Its place among the regions. */
    int region(String name) {
        for (int i = 0; i < members.size(); i++) {
            if (name(i).equals(name)) {
                return i;
            }
        }
        throw new HailstormException(ErrorCode.INVALID_ARGUMENT, "no region is called \"" + name + "\"");
    }

    int count() {
        return members.size();
    }

    ProcessDemo demo() {
        return demo;
    }

    RegionProcesses processes() {
        return demo.processes();
    }

    Simulation simulation() {
        return simulation;
    }

    long simulatedMs() {
        return clock.epochMs();
    }

    TimeSource wall() {
        return wall;
    }

    @Override
    public void close() {
        simulation.close();
        demo.close();
    }
}
