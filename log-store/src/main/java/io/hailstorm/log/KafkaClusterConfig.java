package io.hailstorm.log;

import java.nio.file.Path;

/**
 * What a {@link KafkaCluster} is made of.
 *
 * @param directory where its files go; empty, missing, or that of the same cluster, stopped
 * @param nodes brokers, each also a controller: 1 to 9
 * @param portBase first of {@code 2 * nodes} ports on 127.0.0.1 (a listener and a controller's a node); 0 chooses free ones
 * @param heap maximum heap of a broker, as the JVM takes it ({@code 512m})
 * @param libraries the broker's jars, as the build leaves them in {@code ops/kafka/target/lib}
 */
public record KafkaClusterConfig(Path directory, int nodes, int portBase, String heap, Path libraries) {
    /** Where {@code hailstorm} and the tests are told to find {@link #libraries}. */
    public static final String LIBRARIES_PROPERTY = "hailstorm.kafka.lib";

    public static final String HEAP_DEFAULT = "512m";

    static final int NODES_MAX = 9;

    /** Three brokers on free ports. */
    public static KafkaClusterConfig threeNodes(Path directory, Path libraries) {
        return new KafkaClusterConfig(directory, 3, 0, HEAP_DEFAULT, libraries);
    }
}
