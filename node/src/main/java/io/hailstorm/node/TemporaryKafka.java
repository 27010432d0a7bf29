package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaCluster;
import io.hailstorm.log.KafkaClusterConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/** A cluster in a temporary directory; both go when this is closed, and the cluster also when the process is ended. */
final class TemporaryKafka implements AutoCloseable {
    private final Path directory;
    private final KafkaCluster cluster;
    private final Thread hook;

    private TemporaryKafka(Path directory, KafkaCluster cluster) {
        this.directory = directory;
        this.cluster = cluster;
        hook = new Thread(cluster::kill);
        Runtime.getRuntime().addShutdownHook(hook);
    }

    static TemporaryKafka start(int brokers, String heap, TimeSource time, PrintWriter err) throws IOException {
        Path libraries = KafkaCommand.libraries();
        err.println("starting brokers: " + brokers);
        Path directory = Files.createTempDirectory("hailstorm-chaos-");
        boolean isStarted = false;
        try {
            KafkaClusterConfig config = new KafkaClusterConfig(directory.resolve("kafka"), brokers, 0, heap, libraries);
            TemporaryKafka started = new TemporaryKafka(directory, KafkaCluster.start(config, time));
            isStarted = true;
            return started;
        } finally {
            if (!isStarted) {
                DemoCommand.deleteRecursively(directory);
            }
        }
    }

    KafkaCluster cluster() {
        return cluster;
    }

    /** For other files of the run. */
    Path directory() {
        return directory;
    }

    @Override
    public void close() {
        cluster.kill();
        Runtime.getRuntime().removeShutdownHook(hook);
        DemoCommand.deleteRecursively(directory);
    }
}
