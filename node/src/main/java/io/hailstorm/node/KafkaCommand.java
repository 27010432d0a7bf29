package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaBroker;
import io.hailstorm.log.KafkaCluster;
import io.hailstorm.log.KafkaClusterAdmin;
import io.hailstorm.log.KafkaClusterConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm kafka}: a Kafka cluster on this machine, for development and tests. */
@Command(
        name = "kafka",
        description = "Run a Kafka cluster on this machine, for development and tests.",
        mixinStandardHelpOptions = true,
        subcommands = {
            KafkaCommand.Start.class,
            KafkaCommand.Stop.class,
            KafkaCommand.Kill.class,
            KafkaCommand.Restart.class,
            KafkaCommand.Status.class,
        })
final class KafkaCommand implements Runnable {
    private static final TimeSource TIME = new SystemTimeSource();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Missing command: start, stop, kill, restart or status");
    }

    /** Where the build left the broker's jars; the launcher says. */
    static Path libraries() {
        String place = System.getProperty(KafkaClusterConfig.LIBRARIES_PROPERTY);
        if (place == null) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the place of the Kafka jars is not known; run ./hailstorm, or java with -D"
                            + KafkaClusterConfig.LIBRARIES_PROPERTY + "=ops/kafka/target/lib");
        }
        return Path.of(place);
    }

    /** What every subcommand takes. */
    static final class Place {
        @Option(
                names = "--dir",
                paramLabel = "DIR",
                defaultValue = "hailstorm-kafka",
                description = "the cluster's directory (hailstorm-kafka)")
        private Path directory = Path.of("hailstorm-kafka");

        @Option(names = "--json", description = "one JSON object")
        private boolean json;

        @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        KafkaCluster attach() {
            return KafkaCluster.attach(directory, TIME);
        }

        void print(ObjectNode answer, String text) throws JsonProcessingException {
            PrintWriter out = spec.commandLine().getOut();
            out.println(json ? new ObjectMapper().writeValueAsString(answer) : text);
            out.flush();
        }
    }

    @Command(
            name = "start",
            description = {
                "Start a cluster, or a stopped one again, and wait until every broker is registered.",
                "Its processes outlive the command; its files and logs are in the directory."
            },
            mixinStandardHelpOptions = true)
    static final class Start implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Option(names = "--nodes", paramLabel = "N", defaultValue = "3", description = "brokers, 1 to 9 (3)")
        private int nodes = 3;

        @Option(
                names = "--port-base",
                paramLabel = "P",
                defaultValue = "0",
                description = "first of 2 x nodes ports on 127.0.0.1; free ones by default")
        private int portBase;

        @Option(
                names = "--heap",
                paramLabel = "SIZE",
                defaultValue = KafkaClusterConfig.HEAP_DEFAULT,
                description = "maximum heap of a broker (512m)")
        private String heap = KafkaClusterConfig.HEAP_DEFAULT;

        @Override
        public Integer call() throws JsonProcessingException {
            if (!heap.matches("[1-9][0-9]*[kmgKMG]?")) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "--heap: expected a size such as 512m, got " + heap);
            }
            long startNs = TIME.monotonicNs();
            KafkaCluster cluster = KafkaCluster.start(
                    new KafkaClusterConfig(place.directory, nodes, portBase, heap, libraries()), TIME);
            long startMs = (TIME.monotonicNs() - startNs) / 1_000_000;
            place.print(
                    describe(cluster).put("start_ms", startMs),
                    "%d brokers in %.1f s; bootstrap %s".formatted(nodes, startMs / 1e3, cluster.bootstrap()));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "stop",
            description = "Stop every broker in order; the data stays, start takes it up again.",
            mixinStandardHelpOptions = true)
    static final class Stop implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Override
        public Integer call() throws JsonProcessingException {
            KafkaCluster cluster = place.attach();
            cluster.stop();
            place.print(describe(cluster), "stopped");
            return ExitCode.OK;
        }
    }

    @Command(name = "kill", description = "Kill a broker (SIGKILL).", mixinStandardHelpOptions = true)
    static final class Kill implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Option(names = "--node", paramLabel = "N", required = true, description = "which, from 1")
        private int node;

        @Override
        public Integer call() throws JsonProcessingException {
            KafkaCluster cluster = place.attach();
            cluster.kill(node);
            place.print(describe(cluster), "killed node " + node);
            return ExitCode.OK;
        }
    }

    @Command(name = "restart", description = "Start a dead broker again.", mixinStandardHelpOptions = true)
    static final class Restart implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Option(names = "--node", paramLabel = "N", required = true, description = "which, from 1")
        private int node;

        @Override
        public Integer call() throws JsonProcessingException {
            KafkaCluster cluster = place.attach();
            cluster.restart(node);
            place.print(describe(cluster), "node " + node + " runs again");
            return ExitCode.OK;
        }
    }

    @Command(
            name = "status",
            description = "Show the brokers; exit 1 if one is dead or a partition lacks a replica.",
            mixinStandardHelpOptions = true)
    static final class Status implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Override
        public Integer call() throws JsonProcessingException {
            KafkaCluster cluster = place.attach();
            OptionalInt controller = OptionalInt.empty();
            OptionalInt underReplicated = OptionalInt.empty();
            if (cluster.isRunning()) {
                try (KafkaClusterAdmin admin = new KafkaClusterAdmin(cluster.bootstrap())) {
                    controller = admin.controller();
                    underReplicated = admin.underReplicated();
                }
            }
            place.print(json(cluster, controller, underReplicated), text(cluster, controller, underReplicated));
            boolean isWhole = cluster.brokers().stream().allMatch(KafkaBroker::isAlive)
                    && controller.isPresent()
                    && underReplicated.equals(OptionalInt.of(0));
            return isWhole ? ExitCode.OK : ExitCode.SOFTWARE;
        }

        private static ObjectNode json(KafkaCluster cluster, OptionalInt controller, OptionalInt underReplicated) {
            ObjectNode answer = describe(cluster);
            controller.ifPresentOrElse(node -> answer.put("controller", node), () -> answer.putNull("controller"));
            underReplicated.ifPresentOrElse(
                    count -> answer.put("under_replicated", count), () -> answer.putNull("under_replicated"));
            answer.get("nodes")
                    .forEach(node -> ((ObjectNode) node)
                            .put(
                                    "controller",
                                    controller.equals(
                                            OptionalInt.of(node.get("node").asInt()))));
            return answer;
        }

        private static String text(KafkaCluster cluster, OptionalInt controller, OptionalInt underReplicated) {
            StringBuilder text = new StringBuilder();
            for (KafkaBroker broker : cluster.brokers()) {
                text.append("node %d  127.0.0.1:%d  %s%s%n"
                        .formatted(
                                broker.node(),
                                broker.port(),
                                broker.pid().map(pid -> "pid " + pid).orElse("dead"),
                                controller.equals(OptionalInt.of(broker.node())) ? "  controller" : ""));
            }
            text.append("partitions without all replicas: ")
                    .append(underReplicated.isPresent() ? underReplicated.getAsInt() : "not known");
            return text.toString();
        }
    }

    private static ObjectNode describe(KafkaCluster cluster) {
        ObjectNode answer = new ObjectMapper().createObjectNode();
        answer.put("bootstrap", cluster.bootstrap());
        answer.put("cluster_id", cluster.clusterId());
        answer.put("dir", cluster.directory().toString());
        ArrayNode nodes = answer.putArray("nodes");
        for (KafkaBroker broker : cluster.brokers()) {
            Optional<Long> pid = broker.pid();
            ObjectNode node = nodes.addObject().put("node", broker.node()).put("port", broker.port());
            node.put("alive", pid.isPresent());
            pid.ifPresentOrElse(value -> node.put("pid", value), () -> node.putNull("pid"));
        }
        return answer;
    }
}
