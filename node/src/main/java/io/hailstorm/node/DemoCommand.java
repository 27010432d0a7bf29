package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.geo.City;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.node.Converters.DurationConverter;
import io.hailstorm.node.Converters.Speed;
import io.hailstorm.node.Converters.SpeedConverter;
import io.hailstorm.node.SimulationOptions.Recorded;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.Pauses;
import io.hailstorm.simulator.RecordedFixes;
import io.hailstorm.simulator.Simulation;
import io.hailstorm.simulator.SimulationConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm demo}: a node, a fleet, riders and the console in one process. */
@Command(
        name = "demo",
        description = "Run node, simulator and console in one process.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final LocalDate VIRTUAL_DATE = LocalDate.of(2026, 1, 7);
    /** Below the edge's lateness bound and the time a simulation drains; an answer may take this long, simulated. */
    private static final long OPEN_LOOP_IN_FLIGHT_AGE_MS = 30_000;

    private static final LocalTime BUSY_HOUR = LocalTime.of(17, 0);

    @Mixin
    private final NodeOptions nodeOptions = new NodeOptions();

    @Mixin
    private final SimulationOptions simulationOptions = new SimulationOptions();

    @Option(
            names = "--speed",
            paramLabel = "X|max",
            defaultValue = "1",
            converter = SpeedConverter.class,
            description = "simulated seconds a wall second (1), or as fast as possible")
    private Speed speed = new Speed(1);

    @Option(
            names = "--in-process",
            description = "one thread, virtual time, no sockets for phones: the same run for the same seed")
    private boolean inProcess;

    @Option(
            names = "--region-processes",
            description = "a process for every region of --regions, and the witness in this one")
    private boolean regionProcesses;

    @Option(
            names = "--migrate-every",
            paramLabel = "D",
            converter = DurationConverter.class,
            description = "move a random range so often, in the node's time")
    private @Nullable Duration migrateEvery;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        PrintWriter err = spec.commandLine().getErr();
        simulationOptions.check();
        if (inProcess && !speed.isMax()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--in-process runs in virtual time: add --speed max");
        }
        if (inProcess && !simulationOptions.isBounded()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--in-process needs an end: add --virtual-duration, such as 2h, or recorded input");
        }
        boolean temporary = !isDataDirGiven();
        Path dataDir = temporary ? temporaryDirectory() : null;
        Settings settings = settings(dataDir);
        List<NodeConfig> configs = configs(settings);
        if (!temporary) {
            err.println("data directory: " + DemoRegions.root(settings).toAbsolutePath() + " (kept)");
        }
        try {
            City city = configs.getFirst().city();
            Recorded recorded = simulationOptions.recorded(city, err::println);
            RunReport report = run(settings, configs, recorded, err);
            if (simulationOptions.json) {
                spec.commandLine()
                        .getOut()
                        .println(new ObjectMapper().writeValueAsString(report.toJson(new ObjectMapper())));
            } else {
                spec.commandLine().getOut().print(report.toText());
                spec.commandLine().getOut().flush();
            }
            return report.ok() ? 0 : 1;
        } finally {
            if (dataDir != null) {
                deleteRecursively(dataDir);
            }
        }
    }

    private boolean isDataDirGiven() {
        return !nodeOptions
                .resolve(System.getenv())
                .value(Setting.DATA_DIR)
                .origin()
                .equals("default");
    }

    private Settings settings(@Nullable Path temporary) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (temporary != null) {
            environment.put(Setting.DATA_DIR.environmentName(), temporary.toString());
        }
        // The clients are this command's own; limiting them would only slow time down.
        environment.putIfAbsent(Setting.RATE_LIMITS.environmentName(), "false");
        return nodeOptions.resolve(environment);
    }

    private List<NodeConfig> configs(Settings settings) {
        List<NodeConfig> configs = DemoRegions.configs(settings).stream()
                .map(NodeConfig::keepingAllFixes)
                .toList();
        if (regionProcesses && configs.size() == 1) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--region-processes needs regions: add --regions NAME,NAME");
        }
        if (!inProcess) {
            return configs;
        }
        if (configs.size() > 1) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--in-process is one thread's run of one region: leave out --regions");
        }
        return List.of(configs.getFirst().inMemoryAcknowledged());
    }

    private RunReport run(Settings settings, List<NodeConfig> configs, Recorded recorded, PrintWriter err) {
        City city = configs.getFirst().city();
        TimeSource wall = new SystemTimeSource();
        Pace pace = pace(wall, city, recorded, DemoRegions.root(settings));
        SimulationConfig simulated = simulationOptions.config(city, recorded);
        if (simulated.isOpenLoop()) {
            simulated = simulated.withMaxInFlightAgeMs(OPEN_LOOP_IN_FLIGHT_AGE_MS);
        }
        try (DemoNodes nodes = open(settings, configs, pace.time(), err::println)) {
            int phones = simulated.fixes().map(RecordedFixes::vehicleCount).orElse(simulated.vehicles());
            Endpoints endpoints = nodes.endpoints(phones);
            err.println("READY");
            err.flush();
            return drive(nodes, configs.getFirst(), pace, wall, simulated, endpoints, err);
        }
    }

    private DemoNodes open(Settings settings, List<NodeConfig> configs, TimeSource time, Consumer<String> say) {
        if (configs.size() == 1) {
            return OneNode.open(configs.getFirst(), time, inProcess, say);
        }
        if (time instanceof MappedTime shared) {
            say.accept("regions in processes of their own; what they say is in " + DemoRegions.root(settings));
            return ProcessDemo.open(
                    DemoRegions.layout(settings, nodeOptions, configs), configs.getFirst(), shared.file());
        }
        return LocalRegions.open(configs, DemoRegions.witness(settings), time, say);
    }

    private RunReport drive(
            DemoNodes nodes,
            NodeConfig config,
            Pace pace,
            TimeSource wall,
            SimulationConfig simulated,
            Endpoints endpoints,
            PrintWriter err) {
        var ledger = simulationOptions.ledgerWriter();
        long sessionFloor = pace instanceof Pace.Inline ? 0 : wall.epochMs();
        try (Simulation simulation = Simulation.create(
                simulated.withServiceArea(nodes.serviceArea()).withFirstSession(sessionFloor),
                endpoints,
                nodes.tokens(),
                wall,
                ledger,
                pace.time().epochMs(),
                new Pauses(pace.time()))) {
            Optional<MigrationDriver> migrations = Optional.ofNullable(migrateEvery)
                    .map(every -> new MigrationDriver(
                            nodes.moves(),
                            simulation.pauses(),
                            simulationOptions.seed,
                            every.toMillis(),
                            pace.time().epochMs()));
            SimulationRun run = new SimulationRun(simulation, wall, err).catchInterrupt();
            try {
                SimulationRun.Elapsed elapsed = run.run(
                        pace.time(),
                        simulationOptions.limits(),
                        () -> {
                            migrations.ifPresent(
                                    driver -> driver.doWork(pace.time().epochMs()));
                            pace.advance(simulation, nodes.paced());
                        },
                        nodes::isHealthy);
                nodes.settle();
                nodes.requireHealthy();
                migrations.ifPresent(driver -> driver.settle(nodes::settle));
                return report(nodes, config, simulation, migrations, elapsed);
            } finally {
                run.reported();
            }
        } finally {
            ledger.ifPresent(io.hailstorm.simulator.LedgerFile.Writer::close);
        }
    }

    private RunReport report(
            DemoNodes nodes,
            NodeConfig config,
            Simulation simulation,
            Optional<MigrationDriver> migrations,
            SimulationRun.Elapsed elapsed) {
        NodeFigures figures = nodes.figures();
        List<PartitionReader> trips = nodes.partitions(StreamName.TRIPS);
        return new RunReport(
                simulation.report(),
                figures.rounds(),
                figures.prices(),
                figures.latency(),
                HistoryChecker.check(
                        HistoryStreams.of(nodes::partitions), HistoryChecker.promises(simulation.ledger())),
                new MigrationReport(
                        migrations.map(MigrationDriver::doneCount).orElse(0L),
                        migrations.map(MigrationDriver::abortedCount).orElse(0L),
                        simulation.pauses().disturbances(),
                        figures.heldMax(),
                        simulation.pauses().throughput(),
                        nodes.areSeveral() ? Optional.of(simulation.pauses().handOvers()) : Optional.empty()),
                LogDigest.of(trips),
                simulationOptions.seed,
                config.policy(),
                config.fixesAckLevel().name(),
                elapsed.virtualSeconds(),
                elapsed.wallSeconds());
    }

    private Pace pace(TimeSource wall, City city, Recorded recorded, Path directory) {
        if (inProcess) {
            long busyMs = VIRTUAL_DATE
                    .atTime(BUSY_HOUR)
                    .atZone(city.timeZone())
                    .toInstant()
                    .toEpochMilli();
            return new Pace.Inline(new VirtualTime(recorded.startMs().orElse(busyMs)));
        }
        long nowMs = wall.epochMs();
        if (!regionProcesses
                && !speed.isMax()
                && speed.factor() == 1
                && recorded.startMs().isEmpty()) {
            return new Pace.Clocked(wall);
        }
        long todayBusyMs = java.time.Instant.ofEpochMilli(nowMs)
                .atZone(city.timeZone())
                .with(BUSY_HOUR)
                .toInstant()
                .toEpochMilli();
        boolean isLive = !speed.isMax() && speed.factor() == 1;
        long originMs = recorded.startMs().orElse(isLive ? nowMs : todayBusyMs);
        boolean isOpenLoop = recorded.fixes().isPresent() && recorded.trips().isEmpty();
        return new Pace.Paced(
                regionProcesses ? DemoRegions.clock(directory, originMs).time(wall) : new PacedTime(wall, originMs),
                speed.factor(),
                isOpenLoop);
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("hailstorm-demo-");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot create a temporary data directory; give one with --data-dir", e);
        }
    }

    static void deleteRecursively(Path directory) {
        try (var paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete temporary directory " + directory, e);
        }
    }
}
