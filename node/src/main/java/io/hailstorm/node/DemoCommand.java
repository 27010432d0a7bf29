package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.hailstorm.geo.City;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.node.Converters.DurationConverter;
import io.hailstorm.node.Converters.Speed;
import io.hailstorm.node.Converters.SpeedConverter;
import io.hailstorm.node.SimulationOptions.Recorded;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.Pauses;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
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
        NodeConfig config = config(dataDir);
        if (!temporary) {
            err.println("data directory: " + config.dataDir().toAbsolutePath() + " (kept)");
        }
        try {
            City city = config.city();
            Recorded recorded = simulationOptions.recorded(city, err::println);
            RunReport report = run(config, city, recorded, err);
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

    private NodeConfig config(@Nullable Path temporary) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (temporary != null) {
            environment.put(Setting.DATA_DIR.environmentName(), temporary.toString());
        }
        // The clients are this command's own; limiting them would only slow time down.
        environment.putIfAbsent(Setting.RATE_LIMITS.environmentName(), "false");
        NodeConfig config = NodeConfig.of(nodeOptions.resolve(environment)).keepingAllFixes();
        return inProcess ? config.inMemoryAcknowledged() : config;
    }

    private RunReport run(NodeConfig config, City city, Recorded recorded, PrintWriter err) {
        TimeSource wall = new SystemTimeSource();
        Pace pace = pace(wall, city, recorded);
        SimulationConfig simulated = simulationOptions.config(city, recorded);
        if (simulated.isOpenLoop()) {
            simulated = simulated.withMaxInFlightAgeMs(OPEN_LOOP_IN_FLIGHT_AGE_MS);
        }
        try (HailstormNode node = HailstormNode.open(config, pace.time())) {
            if (config.httpPort() != 0) {
                err.println("console    http://" + config.httpHost() + ":" + node.startHttp() + "/");
            }
            List<AutoCloseable> connections = new ArrayList<>();
            try {
                List<? extends Channel> channels = connect(node, simulated, connections, err);
                err.println("READY");
                err.flush();
                return drive(node, pace, wall, simulated, channels, err);
            } finally {
                closeAll(connections);
            }
        }
    }

    private List<? extends Channel> connect(
            HailstormNode node, SimulationConfig simulated, List<AutoCloseable> connections, PrintWriter err) {
        if (inProcess) {
            ManagedChannel channel = InProcessChannelBuilder.forName(node.startInProcess())
                    .directExecutor()
                    .build();
            connections.add(channel::shutdownNow);
            return List.of(channel);
        }
        int port = node.startGrpc();
        node.startThreads();
        err.println("phones     grpc://localhost:" + port);
        int phones = simulated
                .fixes()
                .map(io.hailstorm.simulator.RecordedFixes::vehicleCount)
                .orElse(simulated.vehicles());
        ClientChannels channels = new ClientChannels("localhost", port, phones);
        connections.add(channels);
        return channels.all();
    }

    private RunReport drive(
            HailstormNode node,
            Pace pace,
            TimeSource wall,
            SimulationConfig simulated,
            List<? extends Channel> channels,
            PrintWriter err) {
        var ledger = simulationOptions.ledgerWriter();
        long sessionFloor = pace instanceof Pace.Inline ? 0 : wall.epochMs();
        try (Simulation simulation = Simulation.create(
                simulated.withServiceArea(node.serviceArea()).withFirstSession(sessionFloor),
                Endpoints.single(channels),
                node.tokens(),
                wall,
                ledger,
                pace.time().epochMs(),
                new Pauses(pace.time()))) {
            Optional<MigrationDriver> migrations = Optional.ofNullable(migrateEvery)
                    .map(every -> new MigrationDriver(
                            node,
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
                            pace.advance(simulation, node);
                        },
                        node::isHealthy);
                node.settle(inProcess);
                requireHealthy(node);
                migrations.ifPresent(driver -> driver.settle(inProcess));
                return report(node, simulation, migrations, elapsed);
            } finally {
                run.reported();
            }
        } finally {
            ledger.ifPresent(io.hailstorm.simulator.LedgerFile.Writer::close);
        }
    }

    private static void requireHealthy(HailstormNode node) {
        node.failure().ifPresent(failure -> {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "the node stopped: " + failure.getMessage() + "; nothing it acknowledged is lost",
                    failure);
        });
    }

    private RunReport report(
            HailstormNode node,
            Simulation simulation,
            Optional<MigrationDriver> migrations,
            SimulationRun.Elapsed elapsed) {
        return new RunReport(
                simulation.report(),
                node.stats().rounds(),
                node.stats().prices(),
                node.latency().snapshot(),
                node.checkHistory(HistoryChecker.promises(simulation.ledger())),
                new MigrationReport(
                        migrations.map(MigrationDriver::doneCount).orElse(0L),
                        migrations.map(MigrationDriver::abortedCount).orElse(0L),
                        simulation.pauses().disturbances(),
                        node.core().ingest().heldForRangesMax(),
                        simulation.pauses().throughput(),
                        Optional.empty()),
                node.tripsDigest(),
                simulationOptions.seed,
                node.config().policy(),
                node.fixesAckLevel(),
                elapsed.virtualSeconds(),
                elapsed.wallSeconds());
    }

    private Pace pace(TimeSource wall, City city, Recorded recorded) {
        if (inProcess) {
            long busyMs = VIRTUAL_DATE
                    .atTime(BUSY_HOUR)
                    .atZone(city.timeZone())
                    .toInstant()
                    .toEpochMilli();
            return new Pace.Inline(new VirtualTime(recorded.startMs().orElse(busyMs)));
        }
        long nowMs = wall.epochMs();
        if (!speed.isMax() && speed.factor() == 1 && recorded.startMs().isEmpty()) {
            return new Pace.Clocked(wall);
        }
        long todayBusyMs = java.time.Instant.ofEpochMilli(nowMs)
                .atZone(city.timeZone())
                .with(BUSY_HOUR)
                .toInstant()
                .toEpochMilli();
        long originMs = recorded.startMs().orElse(todayBusyMs);
        boolean isOpenLoop = recorded.fixes().isPresent() && recorded.trips().isEmpty();
        return new Pace.Paced(new PacedTime(wall, originMs), speed.factor(), isOpenLoop);
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

    private static void closeAll(List<AutoCloseable> connections) {
        for (AutoCloseable connection : connections) {
            try {
                connection.close();
            } catch (Exception e) {
                throw new HailstormException(ErrorCode.INTERNAL, "cannot close a connection: " + e.getMessage(), e);
            }
        }
    }
}
