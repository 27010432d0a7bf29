package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaCluster;
import io.hailstorm.log.KafkaClusterConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.HdrHistogram.Histogram;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code hailstorm chaos}: kills a process under load, and counts. */
@Command(
        name = "chaos",
        description = "Kill a process under load, and count what was lost or doubled.",
        mixinStandardHelpOptions = true,
        subcommands = {ChaosCommand.Broker.class, ChaosNodeCommand.class, ChaosRegionsCommand.class})
final class ChaosCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: broker, node or regions");
    }

    @Command(
            name = "broker",
            description = {
                "Start three Kafka brokers, write 64-byte records at a steady rate, kill -9 a broker that leads what"
                        + " is",
                "written, start it again, then read everything back. Exit 1 when a record was lost or doubled."
            },
            mixinStandardHelpOptions = true)
    static final class Broker implements Callable<Integer> {
        private static final int BROKERS = 3;
        private static final double NS_PER_MS = 1e6;

        @Option(names = "--rate", paramLabel = "R", defaultValue = "10000", description = "records a second (10000)")
        private int rate = 10_000;

        @Option(names = "--seconds", paramLabel = "S", defaultValue = "60", description = "how long (60)")
        private int seconds = 60;

        @Option(names = "--kill-at", paramLabel = "S", defaultValue = "20", description = "when the broker dies (20)")
        private int killAt = 20;

        @Option(
                names = "--records-per-batch",
                paramLabel = "N",
                defaultValue = "0",
                description = "records appended together, to one partition; by default what 2 ms bring")
        private int batch;

        @Option(names = "--partitions", paramLabel = "N", defaultValue = "4", description = "partitions (4)")
        private int partitions = 4;

        @Option(names = "--heap", paramLabel = "SIZE", defaultValue = "512m", description = "heap of a broker (512m)")
        private String heap = KafkaClusterConfig.HEAP_DEFAULT;

        @Option(names = "--plain", description = "Kafka's own producer instead of Hailstorm's log, to compare")
        private boolean isPlain;

        @Option(names = "--json", description = "one JSON object")
        private boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            ChaosPlan plan = ChaosPlan.of(rate, seconds, killAt);
            if (batch != 0) {
                plan = plan.withBatch(batch);
            }
            PrintWriter err = spec.commandLine().getErr();
            TimeSource time = new SystemTimeSource();
            try (TemporaryKafka kafka = TemporaryKafka.start(BROKERS, heap, time, err)) {
                KafkaCluster cluster = kafka.cluster();
                try (ChaosTarget target = target(cluster, kafka.directory(), time)) {
                    err.printf("%,d records/s for %d s, a broker dies at %d s%n", rate, seconds, killAt);
                    BrokerChaos.Result result = BrokerChaos.run(plan, cluster, target, time);
                    print(result, target.counts());
                    return result.isExactlyOnce() ? ExitCode.OK : ExitCode.SOFTWARE;
                }
            }
        }

        private ChaosTarget target(KafkaCluster cluster, Path directory, TimeSource time) {
            return isPlain
                    ? new PlainKafkaTarget(cluster.bootstrap(), BROKERS, partitions)
                    : LogTarget.open(cluster.bootstrap(), partitions, directory, time);
        }

        private void print(BrokerChaos.Result result, Map<String, Long> counts) throws JsonProcessingException {
            PrintWriter out = spec.commandLine().getOut();
            ObjectNode root = new ObjectMapper().createObjectNode();
            root.put("acked", result.acked());
            root.put("lost", result.lost());
            root.put("duplicated", result.duplicated());
            root.put("gap_ms_max", ms(result.gapNsMax()));
            root.put("rate_before", Math.round(result.rateBefore()));
            root.put("rate_after", Math.round(result.rateAfter()));
            root.put("fully_replicated_ms", ms(result.fullyReplicatedNs()));
            root.put("reordered", result.reordered());
            root.put("corrupt", result.corrupt());
            root.put("unacked", result.unacked());
            root.put("silence_ms_max", ms(result.silenceNsMax()));
            root.put("served_again_ms", ms(result.servedNs()));
            root.put("restarted_ms", ms(result.restartNs()));
            root.put("killed_node", result.killedNode());
            root.put("killed_controller", result.killedController());
            root.put("killed_partitions", result.killedPartitions());
            latency(root.putObject("ack_ms"), result.latencyBefore());
            latency(root.putObject("ack_ms_after"), result.latencyAfter());
            new TreeMap<>(counts).forEach(root::put);
            root.put("rate", rate).put("seconds", seconds).put("kill_at", killAt);
            root.put("records_per_batch", result.plan().batch());
            root.put("partitions", partitions);
            if (json) {
                out.println(new ObjectMapper().writeValueAsString(root));
            } else {
                out.printf(
                        "%,d acknowledged, %d lost, %d doubled; node %d killed%s: longest gap %,d ms, %,.0f records/s"
                                + " before, %,.0f after; fully replicated %,d ms after its restart%n",
                        result.acked(),
                        result.lost(),
                        result.duplicated(),
                        result.killedNode(),
                        result.killedController() ? " (also the controller)" : "",
                        ms(result.gapNsMax()),
                        result.rateBefore(),
                        result.rateAfter(),
                        ms(result.fullyReplicatedNs()));
            }
            out.flush();
        }

        private static void latency(ObjectNode node, Histogram latencies) {
            node.put("p50", latencies.getValueAtPercentile(50) / NS_PER_MS);
            node.put("p99", latencies.getValueAtPercentile(99) / NS_PER_MS);
        }

        /** -1, not reached, stays -1. */
        private static long ms(long nanos) {
            return nanos < 0 ? -1 : Math.round(nanos / NS_PER_MS);
        }
    }
}
