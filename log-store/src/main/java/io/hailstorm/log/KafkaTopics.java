package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Timer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topics: one a stream, co-partitioned, and one that only serves the sharing out of partitions. Made when missing;
 * those that exist must be as configured.
 */
final class KafkaTopics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaTopics.class);
    private static final long LEADER_PATIENCE_MS = 30_000;

    private final KafkaLogConfig config;
    private final int partitionCount;
    private final Admin admin;
    private final Map<String, Uuid> topicIds = new HashMap<>();

    KafkaTopics(KafkaLogConfig config, int partitionCount) {
        this.config = config;
        this.partitionCount = partitionCount;
        admin = Admin.create(KafkaClients.common(config));
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        for (StreamName stream : StreamName.values()) {
            names.add(config.topic(stream));
        }
        names.add(config.assignmentTopic());
        return names;
    }

    /**
     * @throws HailstormException {@code FAILED_PRECONDITION} naming a topic that is not as configured, {@code UNAVAILABLE}
     *     when the cluster does not answer
     */
    void ensure() {
        for (String name : names()) {
            if (describe(name) == null) {
                create(name);
            }
        }
        Timer timer = Time.SYSTEM.timer(LEADER_PATIENCE_MS);
        for (String name : names()) {
            TopicDescription found = describe(name);
            while (found == null || !isServed(found)) {
                if (timer.isExpired()) {
                    throw new HailstormException(
                            ErrorCode.UNAVAILABLE, "topic " + name + " has partitions without a leader: " + found);
                }
                timer.sleep(50);
                timer.update();
                found = describe(name);
            }
            check(found);
            topicIds.put(name, found.topicId());
        }
        checkMinInSync();
    }

    /** Differs from that of any other topic, even one of the same name. */
    String topicId(StreamName stream) {
        return String.valueOf(topicIds.get(config.topic(stream)));
    }

    private @Nullable TopicDescription describe(String name) {
        try {
            return admin.describeTopics(List.of(name)).allTopicNames().get().get(name);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return null;
            }
            throw failed("describe topic " + name, e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private static boolean isServed(TopicDescription topic) {
        return topic.partitions().stream()
                .allMatch(partition ->
                        partition.leader() != null && !partition.leader().isEmpty());
    }

    /**
     * Kafka itself deletes nothing: {@link #removeBefore} does, so that nothing a group has yet to read goes, and so that a
     * topic's head always lies before a snapshot.
     */
    private void create(String name) {
        NewTopic topic = new NewTopic(name, Optional.of(partitionCount), Optional.of((short) config.replication()))
                .configs(Map.of(
                        TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, Integer.toString(config.minInSyncReplicas()),
                        TopicConfig.COMPRESSION_TYPE_CONFIG, "lz4",
                        TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE,
                        TopicConfig.RETENTION_MS_CONFIG, "-1",
                        TopicConfig.RETENTION_BYTES_CONFIG, "-1",
                        TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false",
                        TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(KafkaClients.MESSAGE_BYTES_MAX)));
        try {
            admin.createTopics(List.of(topic)).all().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) { // another node was faster
                throw failed("create topic " + name + " with " + config.replication() + " replicas", e);
            }
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private void check(TopicDescription topic) {
        int partitions = topic.partitions().size();
        int replicas = topic.partitions().get(0).replicas().size();
        if (partitions != partitionCount || replicas != config.replication()) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "topic " + topic.name() + " has partitions=" + partitions + ", replication=" + replicas
                            + "; configured are partitions=" + partitionCount + ", replication="
                            + config.replication() + ": change the configuration, or the prefix \""
                            + config.topicPrefix() + "\" for a new log");
        }
    }

    private void checkMinInSync() {
        Map<ConfigResource, String> names = new HashMap<>();
        for (StreamName stream : StreamName.values()) {
            names.put(new ConfigResource(ConfigResource.Type.TOPIC, config.topic(stream)), config.topic(stream));
        }
        settings(names.keySet()).forEach((resource, settings) -> {
            String found = settings.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value();
            if (Integer.parseInt(found) < config.minInSyncReplicas()) {
                throw new HailstormException(
                        ErrorCode.FAILED_PRECONDITION,
                        "topic " + resource.name() + " has min.insync.replicas=" + found + "; configured is "
                                + config.minInSyncReplicas() + ": a record could be lost with one broker");
            }
        });
    }

    /** A broker that was asked may not have heard yet of a topic that another node has just made. */
    private Map<ConfigResource, Config> settings(Collection<ConfigResource> topics) {
        Timer timer = Time.SYSTEM.timer(LEADER_PATIENCE_MS);
        while (true) {
            try {
                return admin.describeConfigs(topics).all().get();
            } catch (ExecutionException e) {
                timer.update();
                if (!(e.getCause() instanceof UnknownTopicOrPartitionException) || timer.isExpired()) {
                    throw failed("describe the topics' settings", e);
                }
                timer.sleep(50);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }

    /** Lets the cluster drop a partition's head. Does not wait; a failure is tried again with the next snapshot. */
    void removeBefore(TopicPartition partition, long kafkaOffset) {
        var _ = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(kafkaOffset)))
                .all()
                .whenComplete((done, e) -> {
                    if (e != null) {
                        LOG.warn("cannot cut {} before {}: {}", partition, kafkaOffset, e.toString());
                    }
                });
    }

    private static HailstormException failed(String what, ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new HailstormException(ErrorCode.UNAVAILABLE, "Kafka: cannot " + what + ": " + cause, cause);
    }

    private static HailstormException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new HailstormException(ErrorCode.ABORTED, "interrupted while talking to Kafka", e);
    }

    @Override
    public void close() {
        admin.close(Duration.ofMillis(500));
    }
}
