package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaCluster;
import io.hailstorm.log.KafkaLog;
import io.hailstorm.log.KafkaLogConfig;
import io.hailstorm.log.KafkaLogConfig.Membership;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.Owner;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.LedgerFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Several nodes share one log on Kafka, simulated drivers and riders talk to them, one node is killed: measures when its
 * partitions are served again, and holds the log against what every client was promised. Nodes and clients are processes
 * of their own; this one watches the log as a reader that owns nothing. One thread.
 */
final class NodeChaos {
    private static final String HOST = "127.0.0.1";
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long START_NS_MAX = TimeUnit.SECONDS.toNanos(120);
    private static final long SERVED_NS_MAX = TimeUnit.SECONDS.toNanos(60);
    /** How much longer than asked for the clients may take to drain. */
    private static final long DRAIN_NS_MAX = TimeUnit.SECONDS.toNanos(180);

    private final Plan plan;
    private final KafkaCluster cluster;
    private final Path directory;
    private final TimeSource time;
    private final List<ChildProcess> nodes = new ArrayList<>();
    private final List<ChildProcess> killed = new ArrayList<>();

    /**
     * @param nodes processes that share the log
     * @param vehicles simulated drivers
     * @param seconds how long the clients run
     * @param killAtS when a node dies, from the first fix in the log
     */
    record Plan(int nodes, int vehicles, int seconds, int killAtS, int partitions, String heap) {
        Plan {
            require(nodes >= 2 && nodes <= 8, "--nodes: expected 2 to 8, got " + nodes);
            require(vehicles >= 1, "--vehicles: expected at least 1, got " + vehicles);
            require(
                    killAtS >= 1 && killAtS < seconds,
                    "--kill-at: expected 1 to " + (seconds - 1) + " with --seconds " + seconds + ", got " + killAtS);
            require(
                    partitions >= nodes && partitions <= 64,
                    "--partitions: expected " + nodes + " to 64, got " + partitions);
        }

        private static void require(boolean condition, String message) {
            if (!condition) {
                throw new HailstormException(ErrorCode.INVALID_ARGUMENT, message);
            }
        }
    }

    /**
     * What came of it.
     *
     * @param acked fixes that clients were told are safe
     * @param servedNs from the kill until every partition of the killed node had a durable fix of its new owner; -1 when
     *     that was not reached
     * @param clients the clients' own report, JSON
     */
    record Result(
            long acked,
            HistoryChecker.Verdict verdict,
            String killedNode,
            int killedPartitions,
            long servedNs,
            boolean areClientsContent,
            String clients) {
        boolean isOk() {
            return verdict.ok() && areClientsContent && servedNs >= 0;
        }
    }

    private NodeChaos(Plan plan, KafkaCluster cluster, Path directory, TimeSource time) {
        this.plan = plan;
        this.cluster = cluster;
        this.directory = directory;
        this.time = time;
    }

    static Result run(Plan plan, KafkaCluster cluster, Path directory, TimeSource time) {
        return new NodeChaos(plan, cluster, directory, time).run();
    }

    private Result run() {
        List<String> endpoints = new ArrayList<>();
        try {
            for (int i = 1; i <= plan.nodes(); i++) {
                endpoints.add(startNode("node-" + i, freePort()));
            }
            for (ChildProcess node : nodes) {
                await(() -> node.hasSaid("READY"), node.name() + " to be ready", null);
            }
            return runClients(endpoints);
        } finally {
            nodes.forEach(ChildProcess::close);
        }
    }

    private Result runClients(List<String> endpoints) {
        Path ledger = directory.resolve("ledger");
        try (KafkaLog watcher = reader("watcher")) {
            await(() -> areShared(watcher), "the partitions to be shared by all nodes", watcher);
            try (ChildProcess clients = startClients(endpoints, ledger)) {
                await(() -> fixes(watcher) > 0, "the first fix", watcher);
                pause(TimeUnit.SECONDS.toNanos(plan.killAtS()), watcher, clients);
                String victim = victim(watcher);
                List<Integer> orphans = ownedBy(watcher, victim);
                kill(victim);
                long served = awaitServed(watcher, victim, orphans);
                awaitEnd(clients, watcher);
                return judge(ledger, victim, orphans.size(), served, clients);
            }
        }
    }

    private void kill(String name) {
        nodes.stream().filter(node -> node.name().equals(name)).forEach(killed::add);
        killed.forEach(ChildProcess::kill);
    }

    /** From the kill until each of these partitions has grown under a new owner. */
    private long awaitServed(KafkaLog watcher, String victim, List<Integer> orphans) {
        long killedNs = time.monotonicNs();
        Map<Integer, Long> takenUpAt = new TreeMap<>();
        List<Integer> waiting = new ArrayList<>(orphans);
        while (!waiting.isEmpty() && time.monotonicNs() - killedNs < SERVED_NS_MAX) {
            turn(watcher);
            waiting.removeIf(partition -> {
                boolean isTakenUp = watcher.owner(partition)
                        .filter(owner -> !owner.nodeId().equals(victim))
                        .isPresent();
                long end = fixes(watcher, partition).durableOffset();
                return isTakenUp && end > takenUpAt.computeIfAbsent(partition, unseen -> end);
            });
        }
        return waiting.isEmpty() ? time.monotonicNs() - killedNs : -1;
    }

    private Result judge(Path ledger, String victim, int killedPartitions, long servedNs, ChildProcess clients) {
        List<HistoryChecker.Promise> promises = HistoryChecker.promises(LedgerFile.read(ledger));
        long acked =
                promises.stream().mapToLong(HistoryChecker.Promise::ackedSeq).sum();
        try (KafkaLog newcomer = reader("newcomer")) {
            await(() -> newcomer.kafkaStats().caughtUp(), "the log to be read back", newcomer);
            HistoryChecker.Verdict verdict =
                    HistoryChecker.check(HistoryStreams.of(stream -> partitions(newcomer, stream)), promises);
            return new Result(
                    acked, verdict, victim, killedPartitions, servedNs, clients.exitCode() == 0, clients.output());
        }
    }

    private String startNode(String name, int port) {
        List<String> arguments = new ArrayList<>(List.of("node", "--log", "kafka"));
        arguments.addAll(List.of("--bootstrap", cluster.bootstrap(), "--node-id", name));
        arguments.addAll(List.of(
                "--kafka-replication",
                Integer.toString(Math.min(cluster.brokers().size(), KafkaLogConfig.REPLICATION_DEFAULT))));
        arguments.addAll(List.of("--grpc-host", HOST, "--grpc-port", Integer.toString(port), "--http-port", "0"));
        arguments.addAll(List.of("--partitions", Integer.toString(plan.partitions()), "--rate-limits", "false"));
        arguments.addAll(List.of("--data-dir", directory.resolve(name).toString()));
        arguments.addAll(List.of("--keys-dir", keys().toString()));
        nodes.add(ChildProcess.start(name, directory, plan.heap(), arguments));
        return HOST + ":" + port;
    }

    private ChildProcess startClients(List<String> endpoints, Path ledger) {
        List<String> arguments = new ArrayList<>(List.of("simulate", "--target", String.join(",", endpoints)));
        arguments.addAll(List.of("--vehicles", Integer.toString(plan.vehicles())));
        arguments.addAll(List.of("--duration", plan.seconds() + "s", "--ledger", ledger.toString(), "--json"));
        arguments.addAll(List.of("--keys-dir", keys().toString()));
        return ChildProcess.start("clients", directory, plan.heap(), arguments);
    }

    private Path keys() {
        return directory.resolve("keys");
    }

    private KafkaLog reader(String name) {
        int replicas = Math.min(cluster.brokers().size(), KafkaLogConfig.REPLICATION_DEFAULT);
        KafkaLogConfig kafka = KafkaLogConfig.defaults(cluster.bootstrap(), name, HOST + ":0")
                .withReplication(replicas, Math.max(1, replicas - 1))
                .withMembership(Membership.NONE);
        return KafkaLog.open(
                kafka, LogConfig.defaults(plan.partitions()), new MappedDisk(), time, directory.resolve(name));
    }

    private boolean areShared(KafkaLog watcher) {
        return nodes.stream().noneMatch(node -> ownedBy(watcher, node.name()).isEmpty())
                && IntStream.range(0, plan.partitions())
                        .allMatch(partition -> watcher.owner(partition).isPresent());
    }

    private List<Integer> ownedBy(KafkaLog watcher, String node) {
        return IntStream.range(0, plan.partitions())
                .filter(partition -> watcher.owner(partition).map(Owner::nodeId).equals(Optional.of(node)))
                .boxed()
                .toList();
    }

    /** The node that owns most; the one that dispatches, if it is one of them. */
    private String victim(KafkaLog watcher) {
        return nodes.stream()
                .map(ChildProcess::name)
                .max(Comparator.<String>comparingInt(
                                name -> ownedBy(watcher, name).size())
                        .thenComparing(name -> ownedBy(watcher, name).contains(ServedPartitions.DISPATCH_PARTITION))
                        .thenComparing(Comparator.reverseOrder()))
                .orElseThrow();
    }

    private long fixes(KafkaLog log) {
        return IntStream.range(0, plan.partitions())
                .mapToLong(partition -> fixes(log, partition).durableOffset())
                .sum();
    }

    private static PartitionReader fixes(KafkaLog log, int partition) {
        return log.partition(StreamName.FIXES, partition);
    }

    private static List<PartitionReader> partitions(KafkaLog log, StreamName stream) {
        List<PartitionReader> all = new ArrayList<>();
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            all.add(log.partition(stream, partition));
        }
        return all;
    }

    private void await(BooleanSupplier condition, String what, @Nullable KafkaLog log) {
        long deadlineNs = time.monotonicNs() + START_NS_MAX;
        while (!condition.getAsBoolean()) {
            nodes.stream().filter(node -> !killed.contains(node)).forEach(ChildProcess::requireAlive);
            if (time.monotonicNs() > deadlineNs) {
                throw new HailstormException(
                        ErrorCode.DEADLINE_EXCEEDED, "waited two minutes in vain for " + what + "; see " + directory);
            }
            turn(log);
        }
    }

    private void pause(long nanos, KafkaLog watcher, ChildProcess clients) {
        long endNs = time.monotonicNs() + nanos;
        while (time.monotonicNs() < endNs) {
            nodes.forEach(ChildProcess::requireAlive);
            clients.requireAlive();
            turn(watcher);
        }
    }

    private void awaitEnd(ChildProcess clients, KafkaLog watcher) {
        long deadlineNs = time.monotonicNs() + TimeUnit.SECONDS.toNanos(plan.seconds()) + DRAIN_NS_MAX;
        while (clients.isAlive()) {
            if (time.monotonicNs() > deadlineNs) {
                throw new HailstormException(ErrorCode.DEADLINE_EXCEEDED, "the clients did not come to an end");
            }
            turn(watcher);
        }
    }

    private void turn(@Nullable KafkaLog log) {
        if (log == null || log.doWork(time.monotonicNs()) == 0) {
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private static int freePort() {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask for a free port", e);
        }
    }
}
