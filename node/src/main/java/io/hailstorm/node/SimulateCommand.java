package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.geo.City;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.node.SimulationOptions.Recorded;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.LedgerFile;
import io.hailstorm.simulator.RecordedFixes;
import io.hailstorm.simulator.Simulation;
import io.hailstorm.simulator.SimulationReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm simulate}: drives a node that runs elsewhere, in real time. */
@Command(
        name = "simulate",
        description = {
            "Drive a running node with a simulated or recorded fleet, in real time.",
            "Recorded rows are shifted so that the first is now; tokens are signed with the keys in --data-dir."
        },
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    private static final int CONNECT_MS = 3_000;
    private static final long IDLE_NS = 2_000_000;

    @Mixin
    private final SimulationOptions options = new SimulationOptions();

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT",
            required = true,
            split = ",",
            description = "the node's gRPC address; of several nodes by comma, phones go where they are sent")
    private List<String> targets = List.of();

    @Option(names = "--city", paramLabel = "sf|nyc", defaultValue = "sf", description = "city to drive in (sf)")
    private String cityName = "sf";

    @Mixin
    private final KeyOptions keys = new KeyOptions();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        PrintWriter err = spec.commandLine().getErr();
        options.check();
        probeAny(targets, err);
        City city = City.named(cityName)
                .orElseThrow(() -> new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "--city: expected one of sf, nyc, got \"" + cityName + "\""));
        Recorded asRecorded = options.recorded(city, err::println);
        TimeSource wall = new SystemTimeSource();
        long originMs = wall.epochMs();
        Recorded recorded = asRecorded.startingAt(originMs);
        Optional<LedgerFile.Writer> ledger = options.ledgerWriter();
        int phones = recorded.fixes().map(RecordedFixes::vehicleCount).orElse(options.vehicles);
        try (ClientChannels channels = new ClientChannels(phones);
                Simulation simulation = Simulation.create(
                        options.config(city, recorded).withFirstSession(wall.epochMs()),
                        Endpoints.of(targets, endpoint -> channels.to(address(endpoint))),
                        Tokens.source(keys.directory(), wall),
                        wall,
                        ledger,
                        originMs)) {
            SimulationRun run = new SimulationRun(simulation, wall, err).catchInterrupt();
            try {
                SimulationRun.Elapsed elapsed = run.run(
                        wall,
                        options.limits(),
                        () -> {
                            if (simulation.step(wall.epochMs()) == 0) {
                                LockSupport.parkNanos(IDLE_NS);
                            }
                        },
                        () -> true);
                print(simulation.report(), elapsed);
                return simulation.report().fixes().isAccounted() ? 0 : 1;
            } finally {
                run.reported();
            }
        } finally {
            ledger.ifPresent(LedgerFile.Writer::close);
        }
    }

    private void print(SimulationReport report, SimulationRun.Elapsed elapsed) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        RunReport.putClientSide(root, report, elapsed.wallSeconds());
        root.put("seed", options.seed);
        root.put("virtual_seconds", elapsed.virtualSeconds());
        root.put("wall_seconds", elapsed.wallSeconds());
        spec.commandLine()
                .getOut()
                .println(
                        options.json
                                ? mapper.writeValueAsString(root)
                                : mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
    }

    static InetSocketAddress address(String target) {
        int colon = target.lastIndexOf(':');
        try {
            if (colon > 0) {
                return InetSocketAddress.createUnresolved(
                        target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)));
            }
        } catch (IllegalArgumentException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--target: expected HOST:PORT, got \"" + target + "\"", e);
        }
        throw new HailstormException(
                ErrorCode.INVALID_ARGUMENT, "--target: expected HOST:PORT, got \"" + target + "\"");
    }

    /** At least one has to answer; of the others the phones find out. */
    private static void probeAny(List<String> targets, PrintWriter err) {
        if (targets.size() > Endpoints.ENDPOINTS_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--target: expected at most " + Endpoints.ENDPOINTS_MAX + " nodes, got " + targets.size());
        }
        List<InetSocketAddress> addresses =
                targets.stream().map(SimulateCommand::address).toList();
        HailstormException failure = null;
        int answering = 0;
        for (InetSocketAddress address : addresses) {
            try {
                probe(address);
                answering++;
            } catch (HailstormException e) {
                failure = e;
                if (addresses.size() > 1) {
                    err.println(e.getMessage());
                }
            }
        }
        if (answering == 0 && failure != null) {
            throw failure;
        }
    }

    static void probe(InetSocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address.getHostString(), address.getPort()), CONNECT_MS);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "no node answers at " + address.getHostString() + ":" + address.getPort() + " (" + e.getMessage()
                            + "); start one with 'hailstorm node'",
                    e);
        }
    }
}
