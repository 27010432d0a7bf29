package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.AckLevel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm bench log}: one partition of a log, written by one thread, synced by another. */
@Command(
        name = "log",
        description = {
            "Appends, acknowledgements, reads and reopening of one partition.",
            "With --compare, the engines take turns in this process; medians, spread and ratios are printed."
        },
        mixinStandardHelpOptions = true)
final class BenchLogCommand implements Callable<Integer> {
    private static final String EMBEDDED = "embedded";
    private static final String CHRONICLE = "chronicle-queue";
    private static final String KAFKA = "kafka";

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = EMBEDDED,
            description = {"embedded, chronicle-queue or kafka (embedded)"})
    private String engine = EMBEDDED;

    @Option(names = "--ack", paramLabel = "LEVEL", defaultValue = "DISK", description = "MEMORY or DISK (DISK)")
    private AckLevel ackLevel = AckLevel.DISK;

    @Option(names = "--record-bytes", paramLabel = "BYTES", defaultValue = "64", description = "payload (64)")
    private int recordBytes = 64;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "100", description = "records a batch (100)")
    private int batch = 100;

    @Option(
            names = "--rate",
            paramLabel = "R",
            defaultValue = "0",
            description = "records a second (as many as it takes)")
    private long ratePerS;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "10", description = "how long (10)")
    private int seconds = 10;

    @Option(names = "--warm-up", paramLabel = "S", defaultValue = "3", description = "seconds that do not count (3)")
    private int warmUpS = 3;

    @Option(names = "--commit-ms", paramLabel = "MS", defaultValue = "2", description = "group commit (2)")
    private long commitMs = 2;

    @Option(
            names = "--recovery-mib",
            paramLabel = "MIB",
            defaultValue = "1024",
            description = {"size of the log that is opened again, embedded only; 0: none (1024)"})
    private int recoveryMib = 1024;

    @Option(names = "--compare", description = "all engines in turn, acknowledged from MEMORY unless --ack is given")
    private boolean compare;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3", description = "turns of each with --compare (3)")
    private int rounds = 3;

    @Option(names = "--bootstrap", paramLabel = "HOST:PORT", description = "a Kafka cluster (hailstorm kafka start)")
    private @Nullable String bootstrap;

    @Option(
            names = "--dir",
            paramLabel = "DIR",
            description = "where the files go for the time (a temporary directory)")
    private @Nullable Path parent;

    @Option(names = "--json", description = "one JSON object")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    /** Opens an engine in an empty directory. */
    private interface Opening {
        LogBenchEngine open(LogBenchOptions options, Path directory);
    }

    @Override
    public Integer call() throws IOException {
        boolean ackGiven = spec.commandLine().getParseResult().hasMatchedOption("--ack");
        AckLevel level = compare && !ackGiven ? AckLevel.MEMORY : ackLevel;
        LogBenchOptions options = new LogBenchOptions(
                level, recordBytes, batch, ratePerS, seconds, warmUpS, commitMs, compare ? 0 : recoveryMib);
        ObjectNode root = compare ? compare(options) : single(options);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(root);
        } else {
            out.println(pretty(root));
        }
        out.flush();
        return 0;
    }

    private static String pretty(ObjectNode root) throws JsonProcessingException {
        return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }

    private ObjectNode single(LogBenchOptions options) throws IOException {
        if (engine.equals(CHRONICLE) && options.ackLevel() == AckLevel.DISK) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "chronicle-queue has no group commit: give --ack MEMORY");
        }
        ObjectNode root = json(measure(opening(), options), options);
        if (engine.equals(EMBEDDED) && options.recoveryMib() > 0) {
            inTemporaryDirectory(directory -> {
                LogPortBench.Reopening reopening = LogPortBench.measureReopening(options, directory);
                root.put("recovery_mb_per_s", Math.round(reopening.scannedMbPerS()));
                root.put("reopen_clean_ms", rounded(reopening.cleanMs()));
                root.put("reopen_log_mb", reopening.logBytes() / 1_000_000);
                return root;
            });
        }
        return root;
    }

    private Opening opening() {
        return switch (engine) {
            case EMBEDDED -> LogPortBench::embedded;
            case CHRONICLE -> (options, directory) -> new ChronicleLogBench(options, false, directory);
            case KAFKA -> {
                if (bootstrap == null) {
                    throw new HailstormException(
                            ErrorCode.INVALID_ARGUMENT, "kafka: give --bootstrap HOST:PORT of a running cluster");
                }
                yield kafka(bootstrap);
            }
            default ->
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "--engine: expected embedded, chronicle-queue or kafka, got \"" + engine + "\"");
        };
    }

    private static Opening kafka(String cluster) {
        return (options, directory) -> LogPortBench.kafka(options, cluster, directory);
    }

    private LogBenchRun.Result measure(Opening opening, LogBenchOptions options) throws IOException {
        return inTemporaryDirectory(directory -> {
            try (LogBenchEngine opened = opening.open(options, directory)) {
                return new LogBenchRun(opened, options).run();
            }
        });
    }

    private interface InDirectory<T> {
        T apply(Path directory) throws IOException;
    }

    private <T> T inTemporaryDirectory(InDirectory<T> work) throws IOException {
        Path directory = parent == null
                ? Files.createTempDirectory("hailstorm-bench-log-")
                : Files.createTempDirectory(Files.createDirectories(parent), "bench-log-");
        try {
            return work.apply(directory);
        } finally {
            DemoCommand.deleteRecursively(directory);
        }
    }

    private static ObjectNode json(LogBenchRun.Result result, LogBenchOptions options) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("engine", result.engine());
        root.put("durability", result.durability());
        root.put("record_bytes", options.recordBytes());
        root.put("batch", options.batch());
        root.put("rate", options.ratePerS());
        root.put("seconds", options.seconds());
        root.put("appends_per_s", Math.round(result.appendsPerS()));
        root.putObject("ack_ms")
                .put("p50", rounded(result.ackMsP50()))
                .put("p99", rounded(result.ackMsP99()))
                .put("p999", rounded(result.ackMsP999()))
                .put("max", rounded(result.ackMsMax()));
        root.put("pause_ms_max", rounded(result.pauseMsMax()));
        root.put("reads_per_s", Math.round(result.readsPerS()));
        root.put("bytes_allocated_per_record", rounded(result.bytesAllocatedPerRecord()));
        return root;
    }

    private static double rounded(double value) {
        return Math.round(value * 10_000) / 10_000.0;
    }

    /** The engines in turn, several times, so that what the machine does meanwhile hits all of them. */
    private ObjectNode compare(LogBenchOptions options) throws IOException {
        Map<String, List<LogBenchRun.Result>> results = new LinkedHashMap<>();
        List<Opening> openings = new ArrayList<>();
        openings.add(LogPortBench::embedded);
        if (options.ackLevel() == AckLevel.MEMORY) {
            openings.add((each, directory) -> new ChronicleLogBench(each, false, directory));
            openings.add((each, directory) -> new ChronicleLogBench(each, true, directory));
        }
        if (bootstrap != null) {
            openings.add(kafka(bootstrap));
        }
        for (int round = 0; round < rounds; round++) {
            for (Opening opening : openings) {
                LogBenchRun.Result result = measure(opening, options);
                results.computeIfAbsent(result.engine(), _ -> new ArrayList<>()).add(result);
            }
        }
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("durability", options.ackLevel().name());
        root.put("record_bytes", options.recordBytes());
        root.put("batch", options.batch());
        root.put("rate", options.ratePerS());
        root.put("seconds", options.seconds());
        root.put("rounds", rounds);
        ObjectNode engines = root.putObject("engines");
        results.forEach((name, ofEngine) -> summarize(engines.putObject(name), ofEngine));
        ObjectNode ratios = root.putObject("appends_ratio_of_embedded_to");
        double embedded = median(results.getOrDefault(EMBEDDED, List.of()), LogBenchRun.Result::appendsPerS);
        results.forEach((name, ofEngine) -> {
            if (!name.equals(EMBEDDED)) {
                ratios.put(name, rounded(embedded / median(ofEngine, LogBenchRun.Result::appendsPerS)));
            }
        });
        return root;
    }

    private static void summarize(ObjectNode into, List<LogBenchRun.Result> results) {
        spread(into.putObject("appends_per_s"), results, LogBenchRun.Result::appendsPerS);
        spread(into.putObject("reads_per_s"), results, LogBenchRun.Result::readsPerS);
        spread(into.putObject("ack_ms_p50"), results, LogBenchRun.Result::ackMsP50);
        spread(into.putObject("ack_ms_p99"), results, LogBenchRun.Result::ackMsP99);
        spread(into.putObject("ack_ms_p999"), results, LogBenchRun.Result::ackMsP999);
        spread(into.putObject("pause_ms_max"), results, LogBenchRun.Result::pauseMsMax);
        spread(into.putObject("bytes_allocated_per_record"), results, LogBenchRun.Result::bytesAllocatedPerRecord);
    }

    private static void spread(
            ObjectNode into, List<LogBenchRun.Result> results, ToDoubleFunction<LogBenchRun.Result> value) {
        into.put("median", rounded(median(results, value)));
        into.put("min", rounded(results.stream().mapToDouble(value).min().orElse(0)));
        into.put("max", rounded(results.stream().mapToDouble(value).max().orElse(0)));
    }

    private static double median(List<LogBenchRun.Result> results, ToDoubleFunction<LogBenchRun.Result> value) {
        double[] sorted = results.stream().mapToDouble(value).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
