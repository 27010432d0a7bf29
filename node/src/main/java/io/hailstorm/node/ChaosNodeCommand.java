package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaClusterConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code hailstorm chaos node}: kills one of several nodes that share a log. */
@Command(
        name = "node",
        description = {
            "Start Kafka and nodes that share a log on it, drive them with simulated drivers and riders, kill -9 a"
                    + " node,",
            "then hold the log against what every client was promised. Exit 1 when something was lost or doubled."
        },
        mixinStandardHelpOptions = true)
final class ChaosNodeCommand implements Callable<Integer> {
    private static final long NS_PER_MS = 1_000_000;

    @Option(names = "--nodes", paramLabel = "N", defaultValue = "2", description = "nodes (2)")
    private int nodes = 2;

    @Option(names = "--brokers", paramLabel = "N", defaultValue = "3", description = "Kafka brokers (3)")
    private int brokers = 3;

    @Option(names = "--vehicles", paramLabel = "N", defaultValue = "200", description = "simulated vehicles (200)")
    private int vehicles = 200;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "60", description = "how long (60)")
    private int seconds = 60;

    @Option(names = "--kill-at", paramLabel = "S", defaultValue = "20", description = "when the node dies (20)")
    private int killAt = 20;

    @Option(names = "--partitions", paramLabel = "N", defaultValue = "4", description = "partitions (4)")
    private int partitions = 4;

    @Option(names = "--heap", paramLabel = "SIZE", defaultValue = "512m", description = "heap of each process (512m)")
    private String heap = KafkaClusterConfig.HEAP_DEFAULT;

    @Option(names = "--json", description = "one JSON object")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        NodeChaos.Plan plan = new NodeChaos.Plan(nodes, vehicles, seconds, killAt, partitions, heap);
        PrintWriter err = spec.commandLine().getErr();
        TimeSource time = new SystemTimeSource();
        try (TemporaryKafka kafka = TemporaryKafka.start(brokers, heap, time, err)) {
            err.printf("%d nodes, %,d vehicles for %d s, a node dies at %d s%n", nodes, vehicles, seconds, killAt);
            NodeChaos.Result result = NodeChaos.run(plan, kafka.cluster(), kafka.directory(), time);
            print(result);
            return result.isOk() ? ExitCode.OK : ExitCode.SOFTWARE;
        }
    }

    private void print(NodeChaos.Result result) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        HistoryChecker.Verdict verdict = result.verdict();
        long servedMs = result.servedNs() < 0 ? -1 : result.servedNs() / NS_PER_MS;
        ObjectNode root = mapper.createObjectNode();
        root.put("acked", result.acked());
        root.put("lost", verdict.lost());
        root.put("duplicated", verdict.duplicatesVisible());
        root.put("served_again_ms", servedMs);
        root.put("order_violations", verdict.orderViolations());
        root.put("double_offers", verdict.doubleOffers());
        root.put("acceptor_violations", verdict.acceptorViolations());
        root.put("epoch_violations", verdict.epochViolations());
        root.put("lineage_violations", verdict.lineageViolations());
        root.put("killed_node", result.killedNode());
        root.put("killed_partitions", result.killedPartitions());
        root.put("clients_ok", result.areClientsContent());
        root.put("nodes", nodes).put("brokers", brokers).put("partitions", partitions);
        root.put("vehicles", vehicles).put("seconds", seconds).put("kill_at", killAt);
        ArrayNode examples = root.putArray("examples");
        verdict.examples().forEach(examples::add);
        if (!result.clients().isEmpty()) {
            root.set("clients", mapper.readTree(result.clients()));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(mapper.writeValueAsString(root));
        } else {
            out.printf(
                    "%,d fixes acknowledged, %d lost, %d doubled; %s killed with %d partitions, all served again after"
                            + " %,d ms%n",
                    result.acked(),
                    verdict.lost(),
                    verdict.duplicatesVisible(),
                    result.killedNode(),
                    result.killedPartitions(),
                    servedMs);
        }
        out.flush();
    }
}
