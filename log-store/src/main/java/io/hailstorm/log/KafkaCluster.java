package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;

/**
 * A real Kafka cluster (KRaft, every node broker and controller) for development and tests: separate processes on this
 * machine that outlive the one which started them, found again by the files in the cluster's directory. Not for
 * production: one machine, nothing encrypted, and a broker's data is as safe as the page cache.
 *
 * <p>Threads: one at a time.
 */
public final class KafkaCluster {
    private static final long START_PATIENCE_NS = TimeUnit.SECONDS.toNanos(90);
    private static final long STOP_PATIENCE_NS = TimeUnit.SECONDS.toNanos(20);
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int CONNECT_TIMEOUT_MS = 200;
    private static final int PORT_MAX = 65_535;
    private static final int FREE_PORT_ATTEMPTS = 50;
    private static final String FILE = "cluster.properties";

    private final Path directory;
    private final TimeSource time;
    private final String clusterId;
    private final String heap;
    private final Path libraries;
    private final List<int[]> ports;
    private final List<KafkaBroker> brokers;

    private KafkaCluster(
            Path directory, TimeSource time, String clusterId, String heap, Path libraries, List<int[]> ports) {
        this.directory = directory;
        this.time = time;
        this.clusterId = clusterId;
        this.heap = heap;
        this.libraries = libraries;
        this.ports = ports;
        List<KafkaBroker> all = new ArrayList<>();
        for (int node = 1; node <= ports.size(); node++) {
            all.add(new KafkaBroker(node, ports.get(node - 1)[0], directory.resolve("node-" + node)));
        }
        brokers = List.copyOf(all);
    }

    /**
     * Formats and starts a cluster, or starts a stopped one again with its data, and waits until every broker is
     * registered. On failure nothing is left running.
     *
     * @throws HailstormException {@code INVALID_ARGUMENT}, {@code FAILED_PRECONDITION} (directory or port in use, jars
     *     not built), {@code UNAVAILABLE} when a broker dies or does not register in time
     */
    public static KafkaCluster start(KafkaClusterConfig config, TimeSource time) {
        requireLibraries(config.libraries());
        Path directory = config.directory().toAbsolutePath().normalize();
        KafkaCluster cluster = Files.exists(directory.resolve(FILE))
                ? again(config, directory, time)
                : format(config, directory, time);
        cluster.requireFreePorts();
        try {
            cluster.brokers.forEach(cluster::launch);
            cluster.awaitRegistered(cluster.brokers);
        } catch (HailstormException e) {
            cluster.brokers.forEach(cluster::killProcess);
            throw e;
        }
        return cluster;
    }

    /** The cluster whose files are in a directory, whether it runs or not. */
    public static KafkaCluster attach(Path directory, TimeSource time) {
        Path root = directory.toAbsolutePath().normalize();
        Path file = root.resolve(FILE);
        if (Files.notExists(file)) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "no Kafka cluster in " + directory + ": it has no " + FILE + "; start one first");
        }
        Properties properties = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            properties.load(in);
            List<int[]> ports = new ArrayList<>();
            for (String pair : properties.getProperty("ports").split(",")) {
                String[] both = pair.split("/");
                ports.add(new int[] {Integer.parseInt(both[0]), Integer.parseInt(both[1])});
            }
            return new KafkaCluster(
                    root,
                    time,
                    properties.getProperty("cluster.id"),
                    properties.getProperty("heap"),
                    Path.of(properties.getProperty("libraries")),
                    ports);
        } catch (IOException | RuntimeException e) {
            throw new HailstormException(ErrorCode.DATA_LOSS, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** What clients connect to. */
    public String bootstrap() {
        return String.join(
                ",",
                brokers.stream().map(broker -> "127.0.0.1:" + broker.port()).toList());
    }

    public String clusterId() {
        return clusterId;
    }

    public Path directory() {
        return directory;
    }

    /** By node, the first is node 1. */
    public List<KafkaBroker> brokers() {
        return brokers;
    }

    /** One broker, refused by name if there is none. */
    public KafkaBroker broker(int node) {
        if (node < 1 || node > brokers.size()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "no node " + node + " in the cluster: it has nodes 1 to " + brokers.size());
        }
        return brokers.get(node - 1);
    }

    /** Kills a broker as a power cut of its machine would (SIGKILL); returns when it is gone. */
    public void kill(int node) {
        KafkaBroker broker = broker(node);
        if (!broker.isAlive()) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "node " + node + " does not run");
        }
        killProcess(broker);
    }

    /** Starts a dead broker again on its data; returns when it is registered, though its replicas may still lag. */
    public void restart(int node) {
        launchAgain(node);
        awaitRegistered(List.of(broker(node)));
    }

    /** As {@link #restart}, but returns at once. */
    public void launchAgain(int node) {
        KafkaBroker broker = broker(node);
        if (broker.isAlive()) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "node " + node + " runs already");
        }
        launch(broker);
    }

    /** Asks every broker to stop, and kills those that have not after 20 s. The data stays. */
    public void stop() {
        List<ProcessHandle> running = running();
        running.forEach(ProcessHandle::destroy);
        awaitExit(running, STOP_PATIENCE_NS);
        brokers.forEach(this::killProcess);
    }

    /** Kills every broker at once: for a cluster whose data is thrown away. */
    public void kill() {
        List<ProcessHandle> running = running();
        running.forEach(ProcessHandle::destroyForcibly);
        awaitExit(running, STOP_PATIENCE_NS);
    }

    /** Whether any of its processes lives. */
    public boolean isRunning() {
        return !running().isEmpty();
    }

    private List<ProcessHandle> running() {
        return brokers.stream()
                .map(KafkaBroker::process)
                .flatMap(Optional::stream)
                .toList();
    }

    private static void requireLibraries(Path libraries) {
        if (Files.notExists(libraries)) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "no Kafka jars in " + libraries + "; build them with: mvn -pl ops/kafka package");
        }
    }

    private static KafkaCluster again(KafkaClusterConfig config, Path directory, TimeSource time) {
        KafkaCluster old = attach(directory, time);
        if (old.isRunning()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION, "the cluster in " + directory + " runs already; stop it first");
        }
        if (old.brokers.size() != config.nodes()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the cluster in " + directory + " has another size: nodes=" + old.brokers.size() + ", asked for "
                            + config.nodes() + "; take another directory");
        }
        if (config.portBase() != 0 && config.portBase() != old.ports.getFirst()[0]) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the cluster in " + directory + " has other ports: base="
                            + old.ports.getFirst()[0] + ", asked for " + config.portBase()
                            + "; take another directory");
        }
        return new KafkaCluster(directory, time, old.clusterId, config.heap(), config.libraries(), old.ports);
    }

    private static KafkaCluster format(KafkaClusterConfig config, Path directory, TimeSource time) {
        requireEmpty(directory);
        KafkaCluster cluster = new KafkaCluster(
                directory,
                time,
                Uuid.randomUuid().toString(),
                config.heap(),
                config.libraries().toAbsolutePath().normalize(),
                choosePorts(config));
        cluster.requireFreePorts();
        try {
            for (KafkaBroker broker : cluster.brokers) {
                Files.createDirectories(broker.directory());
                Files.write(broker.properties(), KafkaBrokerProperties.of(broker, cluster.ports));
                Files.write(broker.directory().resolve("log4j2.properties"), KafkaBrokerCommand.LOGGING);
            }
            KafkaBrokerCommand.format(cluster.brokers, config.libraries(), cluster.clusterId);
            cluster.writeFile(); // last: a directory without it was never formatted in full
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "cannot write the cluster's files to " + directory + ": " + e.getMessage(),
                    e);
        }
        return cluster;
    }

    private void writeFile() throws IOException {
        List<String> pairs = ports.stream().map(pair -> pair[0] + "/" + pair[1]).toList();
        Properties properties = new Properties();
        properties.setProperty("cluster.id", clusterId);
        properties.setProperty("heap", heap);
        properties.setProperty("libraries", libraries.toString());
        properties.setProperty("ports", String.join(",", pairs));
        try (var out = Files.newBufferedWriter(directory.resolve(FILE))) {
            properties.store(out, "A Kafka cluster for development; ports: listener/controller of each node");
        }
    }

    private static void requireEmpty(Path directory) {
        if (Files.notExists(directory)) {
            return;
        }
        if (!Files.isDirectory(directory)) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, directory + " is not a directory");
        }
        try (Stream<Path> inside = Files.list(directory)) {
            Optional<Path> first = inside.findFirst();
            if (first.isPresent()) {
                throw new HailstormException(
                        ErrorCode.FAILED_PRECONDITION,
                        directory + " is neither empty nor a cluster's: it has "
                                + first.get().getFileName() + "; take another directory");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + directory, e);
        }
    }

    private static List<int[]> choosePorts(KafkaClusterConfig config) {
        int nodes = config.nodes();
        if (nodes < 1 || nodes > KafkaClusterConfig.NODES_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "a cluster has 1 to " + KafkaClusterConfig.NODES_MAX + " nodes, got " + nodes);
        }
        int base = config.portBase() == 0 ? freeBase(2 * nodes) : config.portBase();
        if (base < 1 || base + 2 * nodes - 1 > PORT_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "ports " + base + " to " + (base + 2 * nodes - 1) + " do not exist");
        }
        List<int[]> ports = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            ports.add(new int[] {base + i, base + nodes + i});
        }
        return ports;
    }

    /** A run of free ports: asked for by binding one the system chooses, then all that follow it. */
    private static int freeBase(int count) {
        for (int attempt = 0; attempt < FREE_PORT_ATTEMPTS; attempt++) {
            int base;
            try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                base = any.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot ask for a free port", e);
            }
            boolean isFree = base + count <= PORT_MAX;
            for (int i = 0; i < count && isFree; i++) {
                isFree = isFree(base + i);
            }
            if (isFree) {
                return base;
            }
        }
        throw new HailstormException(ErrorCode.RESOURCE_EXHAUSTED, "found no " + count + " free ports in a row");
    }

    private void requireFreePorts() {
        for (int[] pair : ports) {
            for (int port : pair) {
                if (!isFree(port)) {
                    throw new HailstormException(
                            ErrorCode.FAILED_PRECONDITION,
                            "port " + port + " of 127.0.0.1 is taken; choose another --port-base");
                }
            }
        }
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true); // as Kafka does: connections of the last run may linger
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void launch(KafkaBroker broker) {
        requireLibraries(libraries);
        broker.start(KafkaBrokerCommand.of(broker, libraries, heap));
    }

    /** Waits for the listeners first, so that the admin client need not complain about each attempt. */
    private void awaitRegistered(Collection<KafkaBroker> starting) {
        long deadlineNs = time.monotonicNs() + START_PATIENCE_NS;
        for (KafkaBroker broker : starting) {
            while (!isListening(broker.port())) {
                requireStarting(broker, deadlineNs);
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        List<Integer> wanted = starting.stream().map(KafkaBroker::node).toList();
        try (KafkaClusterAdmin admin = new KafkaClusterAdmin(bootstrap())) {
            while (!admin.registered().containsAll(wanted)) {
                starting.forEach(broker -> requireStarting(broker, deadlineNs));
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
    }

    private void requireStarting(KafkaBroker broker, long deadlineNs) {
        if (!broker.isAlive()) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "node " + broker.node() + " died while starting: " + broker.lastWords());
        }
        if (time.monotonicNs() > deadlineNs) {
            throw new HailstormException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "node " + broker.node() + " was not registered within "
                            + TimeUnit.NANOSECONDS.toSeconds(START_PATIENCE_NS) + " s; see " + broker.directory());
        }
    }

    private static boolean isListening(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_TIMEOUT_MS);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void killProcess(KafkaBroker broker) {
        Optional<ProcessHandle> process = broker.process();
        process.ifPresent(ProcessHandle::destroyForcibly);
        awaitExit(process.stream().toList(), STOP_PATIENCE_NS);
    }

    private static void awaitExit(List<ProcessHandle> processes, long patienceNs) {
        CompletableFuture<?>[] exits =
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
        try {
            CompletableFuture.allOf(exits).get(patienceNs, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return; // the caller goes on to kill them, or they cannot be killed
        } catch (java.util.concurrent.ExecutionException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot wait for a broker's end: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HailstormException(ErrorCode.ABORTED, "interrupted while waiting for a broker's end", e);
        }
    }
}
