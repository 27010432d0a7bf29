package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.node.Converters.DurationConverter;
import io.hailstorm.simulator.Pauses;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code hailstorm chaos regions}: kills regions, for a while or for good. */
@Command(
        name = "regions",
        description = {
            "Run regions in processes of their own under a fleet that crosses their border, kill -9 one of them again"
                    + " and again while ranges move (--kills), or one for good (--kill-for-good),",
            "then hold the logs against what every phone was promised. Exit 1 on a violation."
        },
        mixinStandardHelpOptions = true)
final class ChaosRegionsCommand implements Callable<Integer> {
    @Option(
            names = "--regions",
            paramLabel = "NAME,NAME",
            defaultValue = "sf-north,sf-south",
            description = "the regions (sf-north,sf-south)")
    private String regions = "sf-north,sf-south";

    @Option(names = "--kills", paramLabel = "N", defaultValue = "20", description = "how often a region dies (20)")
    private int kills = 20;

    @Option(names = "--kill-for-good", paramLabel = "REGION", description = "kill this one once instead, for good")
    private @Nullable String killForGood;

    @Option(
            names = "--return",
            description = "with --kill-for-good: start it again in the end, and have its partitions returned")
    private boolean isReturning;

    @Option(
            names = "--open-trips",
            paramLabel = "N",
            defaultValue = "10",
            description = "with --kill-for-good: kill once so many trips are open (10)")
    private int openTrips = 10;

    @Option(
            names = "--after",
            paramLabel = "D",
            defaultValue = "40m",
            converter = DurationConverter.class,
            description = "with --kill-for-good: simulated time that follows, for trips to end (40m)")
    private Duration after = Duration.ofMinutes(40);

    @Option(
            names = "--ack",
            paramLabel = "GEO|DISK",
            defaultValue = "GEO",
            description = "when a record is acknowledged (GEO)")
    private String ack = "GEO";

    @Option(names = "--vehicles", paramLabel = "N", defaultValue = "300", description = "simulated vehicles (300)")
    private int vehicles = 300;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "2", description = "partitions of a region (2)")
    private int partitions = 2;

    @Option(
            names = "--speed",
            paramLabel = "X",
            defaultValue = "4",
            description = "simulated seconds a second (4); a second each around a death for good")
    private double speed = 4;

    @Option(
            names = "--suspect-ms",
            paramLabel = "MS",
            defaultValue = "1500",
            description = "silence after which a region is taken for dead (1500); longer on a busy machine")
    private int suspectMs = 1_500;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "names the run (1)")
    private long seed = 1;

    @Option(names = "--heap", paramLabel = "SIZE", defaultValue = "512m", description = "heap of a region (512m)")
    private String heap = "512m";

    @Option(names = "--dir", paramLabel = "DIR", description = "keep everything here; a temporary directory by default")
    private @Nullable Path directory;

    @Option(names = "--json", description = "one JSON object")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (!ack.equals("GEO") && !ack.equals("DISK")) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--ack: expected GEO or DISK, got \"" + ack + "\"");
        }
        if (kills < 1 && killForGood == null) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, "--kills: expected at least 1, got " + kills);
        }
        RegionRig.Plan rig = new RegionRig.Plan(regions, partitions, ack, suspectMs, vehicles, seed, heap);
        Path kept = directory;
        Path at = kept == null ? Files.createTempDirectory("hailstorm-chaos-") : Files.createDirectories(kept);
        try {
            return run(rig, at, spec.commandLine().getErr());
        } finally {
            if (kept == null) {
                DemoCommand.deleteRecursively(at);
            }
        }
    }

    private int run(RegionRig.Plan rig, Path at, PrintWriter err) throws IOException {
        Consumer<String> say = line -> {
            err.println(line);
            err.flush();
        };
        if (killForGood != null) {
            RegionLoss.Result result = RegionLoss.run(
                    new RegionLoss.Plan(rig, killForGood, speed, openTrips, after.toMillis(), isReturning), at, say);
            print(json(result));
            return result.isOk() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
        RegionChaos.Result result = RegionChaos.run(new RegionChaos.Plan(rig, kills, speed), at, say);
        print(json(result));
        return result.isOk() ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private ObjectNode json(RegionChaos.Result result) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("ok", result.isOk()).put("kills", kills).put("acked", result.acked());
        root.put("lost", worst(result.verdicts(), HistoryChecker.Verdict::lost));
        root.put("duplicated", worst(result.verdicts(), HistoryChecker.Verdict::duplicatesVisible));
        root.put("order_violations", worst(result.verdicts(), HistoryChecker.Verdict::orderViolations));
        root.put("double_offers", worst(result.verdicts(), HistoryChecker.Verdict::doubleOffers));
        root.put("acceptor_violations", worst(result.verdicts(), HistoryChecker.Verdict::acceptorViolations));
        root.put("epoch_violations", worst(result.verdicts(), HistoryChecker.Verdict::epochViolations));
        root.put("lineage_violations", worst(result.verdicts(), HistoryChecker.Verdict::lineageViolations));
        root.put("copies_differ", worst(result.verdicts(), HistoryChecker.Verdict::copiesDiffer));
        ArrayNode examples = root.putArray("examples");
        result.verdicts().forEach(verdict -> verdict.examples().forEach(examples::add));
        root.putObject("moves")
                .put("asked", result.movesAsked())
                .put("begun", result.moves().begun())
                .put("done", result.moves().done())
                .put("aborted", result.moves().aborted())
                .put("unfinished", result.moves().unfinished())
                .put("void_records", result.moves().voided());
        root.put("requests_refused", result.requestsRefused()).put("returns", result.returns());
        root.put("unreturned", result.unreturned()).put("terms", result.takeovers());
        ObjectNode handOvers = root.putObject("handovers").put("count", result.handedOver());
        putPause(handOvers.putObject("pause_ms"), result.handOvers());
        putPause(root.putObject("ack_wait_ms"), result.waits());
        root.put("drained", result.isDrained());
        RunReport.putClientSide(root.putObject("clients"), result.clients(), result.seconds());
        root.put("ack", ack).put("vehicles", vehicles).put("seed", seed).put("speed", speed);
        root.put("wall_seconds", Math.round(result.seconds()));
        return root;
    }

    private ObjectNode json(RegionLoss.Result result) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("ok", result.isOk()).put("killed", killForGood).put("ack", ack);
        root.put("acked", result.acked()).put("lost", result.verdict().lost());
        root.put("duplicated", result.verdict().duplicatesVisible());
        root.put("order_violations", result.verdict().orderViolations());
        root.put("double_offers", result.verdict().doubleOffers());
        root.put("acceptor_violations", result.verdict().acceptorViolations());
        root.put("epoch_violations", result.verdict().epochViolations());
        root.put("lineage_violations", result.verdict().lineageViolations());
        root.put("copies_differ", result.verdict().copiesDiffer());
        root.put("gap_records", result.gapRecords()).put("acked_in_gap", result.ackedInGap());
        root.put("gap_ms", result.waits().maxMs()).put("taken_over_ms", result.takenOverMs());
        root.putObject("prices")
                .put("changes", result.prices().changes())
                .put("jumps", result.prices().jumps())
                .put("step_max", result.prices().largest());
        root.putObject("open_trips")
                .put("count", result.trips().open())
                .put("ended", result.trips().ended())
                .put("went_on", result.trips().wentOn())
                .put("stuck", result.trips().stuck().size());
        ArrayNode examples = root.putArray("examples");
        result.verdict().examples().forEach(examples::add);
        result.prices().examples().forEach(examples::add);
        result.trips().stuck().forEach(trip -> examples.add("stuck: " + trip));
        if (isReturning) {
            root.put("returned", result.isReturned());
        }
        root.put("drained", result.isDrained());
        RunReport.putClientSide(root.putObject("clients"), result.clients(), result.seconds());
        root.put("vehicles", vehicles).put("seed", seed).put("speed", speed);
        root.put("wall_seconds", Math.round(result.seconds()));
        return root;
    }

    private static void putPause(ObjectNode node, Pauses.Figures figures) {
        node.put("p50", figures.p50Ms()).put("p99", figures.p99Ms()).put("max", figures.maxMs());
    }

    private static long worst(List<HistoryChecker.Verdict> verdicts, ToLongFunction<HistoryChecker.Verdict> count) {
        return verdicts.stream().mapToLong(count).max().orElse(0);
    }

    private void print(ObjectNode root) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        out.println(
                json
                        ? mapper.writeValueAsString(root)
                        : mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
        out.flush();
    }
}
