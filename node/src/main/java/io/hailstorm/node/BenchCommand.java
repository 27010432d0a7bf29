package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.node.Converters.DurationConverter;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm bench}: measures this machine. */
@Command(
        name = "bench",
        description = "Measure.",
        mixinStandardHelpOptions = true,
        subcommands = {BenchCommand.Ingest.class, BenchLogCommand.class})
final class BenchCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: ingest or log");
    }

    /** A generator in a second JVM against a node in this one, acknowledged from disk. */
    @Command(
            name = "ingest",
            description = {
                "Fixes a second, durable (DISK) and indexed, from a generator in a second JVM.",
                "Counted over the second half of the run; the first half warms up."
            },
            mixinStandardHelpOptions = true)
    static final class Ingest implements Callable<Integer> {
        private static final int STREAMS = 256;
        /** How much longer than the run the generator would last: a busy machine is slow to start. It is ended before. */
        private static final int GENERATOR_SPARE_S = 60;

        @Option(names = "--batch", paramLabel = "N", defaultValue = "100", description = "fixes a message (100)")
        private int batch = 100;

        @Option(names = "--seconds", paramLabel = "S", defaultValue = "20", description = "how long (20)")
        private int seconds = 20;

        @Option(
                names = "--rate",
                paramLabel = "N",
                defaultValue = "0",
                description = "fixes a second, whatever comes back; 0 as fast as acknowledgements do (0)")
        private int rate;

        @Option(
                names = "--migrate-every",
                paramLabel = "D",
                converter = DurationConverter.class,
                description = "move a random range so often; needs --rate")
        private @Nullable Duration migrateEvery;

        @Option(names = "--json", description = "one JSON object")
        private boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws IOException, InterruptedException {
            if (batch < 1 || batch > 500 || seconds < 2) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "--batch: expected 1 to 500, got " + batch + "; --seconds: at least 2, got " + seconds);
            }
            if (rate < 0 || rate > 5_000_000 || migrateEvery != null && rate == 0) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "--rate: expected 0 to 5000000, and more than 0 with --migrate-every; got " + rate);
            }
            Path dataDir = Files.createTempDirectory("hailstorm-bench-");
            try {
                Map<Setting, String> flags = Map.of(
                        Setting.DATA_DIR, dataDir.toString(),
                        Setting.GRPC_HOST, "127.0.0.1",
                        Setting.GRPC_PORT, "0",
                        Setting.HTTP_PORT, "0",
                        Setting.RATE_LIMITS, "false");
                NodeConfig config = NodeConfig.of(Settings.resolve(flags, Map.of(), null));
                TimeSource time = new SystemTimeSource();
                try (HailstormNode node = HailstormNode.open(config, time)) {
                    int port = node.startGrpc();
                    node.startThreads();
                    return measure(node, time, generator(port, tokens(dataDir, time)));
                }
            } finally {
                DemoCommand.deleteRecursively(dataDir);
            }
        }

        private static Path tokens(Path dataDir, TimeSource time) throws IOException {
            TokenIssuer issuer = Tokens.issuer(new DataDirectory(dataDir), time);
            List<String> tokens = new ArrayList<>(STREAMS);
            for (long driver = 1; driver <= STREAMS; driver++) {
                tokens.add(issuer.issue(Role.DRIVER, driver, Tokens.TTL));
            }
            return Files.write(dataDir.resolve("tokens"), tokens);
        }

        private Process generator(int port, Path tokens) throws IOException {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
                if (argument.startsWith("--") || argument.startsWith("-XX:+UseCompact")) {
                    command.add(argument);
                }
            }
            command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path")));
            command.add(BenchGenerator.class.getName());
            command.addAll(List.of(
                    Integer.toString(port),
                    tokens.toString(),
                    Integer.toString(batch),
                    Integer.toString(seconds + GENERATOR_SPARE_S),
                    Integer.toString(rate)));
            return new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .redirectOutput(rate > 0 ? ProcessBuilder.Redirect.PIPE : ProcessBuilder.Redirect.DISCARD)
                    .start();
        }

        private int measure(HailstormNode node, TimeSource time, Process generator)
                throws IOException, InterruptedException {
            Optional<PacedBench> paced = rate == 0
                    ? Optional.empty()
                    : Optional.of(
                            new PacedBench(node, time, Optional.ofNullable(migrateEvery), generator.getInputStream())
                                    .start());
            try {
                await(node, generator);
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(seconds) / 2);
                node.latency().reset();
                paced.ifPresent(PacedBench::steady);
                long startNs = time.monotonicNs();
                long before = node.indexedFixes();
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(seconds) / 2);
                long fixes = node.indexedFixes() - before;
                double elapsed = (time.monotonicNs() - startNs) / 1e9;
                PipelineLatency.Snapshot latency = node.latency().snapshot();
                if (!node.isHealthy() || !generator.isAlive()) {
                    throw new HailstormException(
                            ErrorCode.INTERNAL, "the bench was cut short: node or generator failed", null);
                }
                ObjectNode root = report(fixes / elapsed, latency, node);
                if (paced.isPresent()) {
                    paced.get().stop();
                    end(generator);
                    paced.get().finish(root);
                }
                print(root, fixes / elapsed, latency, node);
                return 0;
            } finally {
                generator.destroyForcibly().waitFor();
            }
        }

        private static void end(Process generator) throws IOException, InterruptedException {
            generator.getOutputStream().write('.');
            generator.getOutputStream().flush();
            generator.waitFor(GENERATOR_SPARE_S, TimeUnit.SECONDS);
        }

        private static void await(HailstormNode node, Process generator) {
            while (node.indexedFixes() == 0) {
                if (!generator.isAlive()) {
                    throw new HailstormException(ErrorCode.INTERNAL, "the generator ended before it sent anything");
                }
                LockSupport.parkNanos(1_000_000);
            }
        }

        private ObjectNode report(double fixesPerSecond, PipelineLatency.Snapshot latency, HailstormNode node) {
            ObjectNode root = new ObjectMapper().createObjectNode();
            root.put("fixes_per_s", Math.round(fixesPerSecond));
            root.putObject("fix_to_index_ms").put("p50", latency.indexP50Ms()).put("p99", latency.indexP99Ms());
            root.putObject("fix_to_durable_ms")
                    .put("p50", latency.durableP50Ms())
                    .put("p99", latency.durableP99Ms());
            root.put("batch", batch);
            root.put("seconds", seconds / 2);
            root.put("streams", STREAMS);
            root.put("durability", node.fixesAckLevel());
            root.put("sync_ms_max", node.log().stats(StreamName.FIXES).syncNsMax() / 1e6);
            return root;
        }

        private void print(ObjectNode root, double fixesPerSecond, PipelineLatency.Snapshot latency, HailstormNode node)
                throws IOException {
            PrintWriter out = spec.commandLine().getOut();
            if (json || rate > 0) {
                out.println(new ObjectMapper().writeValueAsString(root));
            } else {
                out.printf(
                        "%,.0f fixes/s durable (%s) and indexed, batches of %d, %d streams; to the index p50 %.2f ms,"
                                + " p99 %.2f ms%n",
                        fixesPerSecond,
                        node.fixesAckLevel(),
                        batch,
                        STREAMS,
                        latency.indexP50Ms(),
                        latency.indexP99Ms());
            }
            out.flush();
        }
    }
}
