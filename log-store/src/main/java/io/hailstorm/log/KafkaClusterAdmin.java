package io.hailstorm.log;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;

/**
 * Asks a cluster about itself. What it cannot learn in time, because a broker just died, is answered with "not known":
 * the caller asks again. Threads: one at a time.
 */
public final class KafkaClusterAdmin implements AutoCloseable {
    private static final int REQUEST_TIMEOUT_MS = 2_000;
    private static final int ANSWER_TIMEOUT_MS = 5_000;

    private final Admin admin;

    public KafkaClusterAdmin(String bootstrap) {
        admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                REQUEST_TIMEOUT_MS,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                ANSWER_TIMEOUT_MS,
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                REQUEST_TIMEOUT_MS / 4));
    }

    /** Nodes that the controller counts as alive; empty if nobody answers. */
    public Set<Integer> registered() {
        try {
            return Set.copyOf(
                    get(admin.describeCluster().nodes()).stream().map(Node::id).toList());
        } catch (KafkaException | TimeoutException e) {
            return Set.of();
        }
    }

    /** The controller's leader, if one is known. */
    public OptionalInt controller() {
        try {
            int leader = get(admin.describeMetadataQuorum().quorumInfo()).leaderId();
            return leader < 0 ? OptionalInt.empty() : OptionalInt.of(leader);
        } catch (KafkaException | TimeoutException e) {
            return OptionalInt.empty();
        }
    }

    /** Partitions, Kafka's internal ones too, with fewer replicas in sync than replicas; empty if nobody answers. */
    public OptionalInt underReplicated() {
        try {
            int count = 0;
            for (TopicDescription topic : topics()) {
                for (TopicPartitionInfo partition : topic.partitions()) {
                    count += partition.isr().size() < partition.replicas().size() ? 1 : 0;
                }
            }
            return OptionalInt.of(count);
        } catch (KafkaException | TimeoutException e) {
            return OptionalInt.empty();
        }
    }

    /** How many partitions of a topic each node leads; empty if nobody answers. */
    public Map<Integer, Long> leaders(String topic) {
        try {
            Map<Integer, Long> led = new TreeMap<>();
            for (TopicDescription description :
                    get(admin.describeTopics(List.of(topic)).allTopicNames()).values()) {
                for (TopicPartitionInfo partition : description.partitions()) {
                    if (partition.leader() != null) {
                        led.merge(partition.leader().id(), 1L, Long::sum);
                    }
                }
            }
            return led;
        } catch (KafkaException | TimeoutException e) {
            return Map.of();
        }
    }

    @Override
    public void close() {
        admin.close();
    }

    private Iterable<TopicDescription> topics() throws TimeoutException {
        Set<String> names =
                get(admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
        return get(admin.describeTopics(names).allTopicNames()).values();
    }

    private static <T> T get(KafkaFuture<T> future) throws TimeoutException {
        try {
            return future.get(ANSWER_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException known ? known : new KafkaException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new KafkaException("interrupted while asking the cluster", e);
        }
    }
}
