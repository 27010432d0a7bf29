package io.hailstorm.log;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;

/**
 * How the Kafka engine uses a cluster.
 *
 * @param bootstrap brokers to ask first, {@code HOST:PORT[,HOST:PORT…]}
 * @param topicPrefix stream {@code s} is kept in topic {@code <topicPrefix>.<s>}; also the name of the nodes' group
 * @param nodeId names this process in claims; two processes with one id would look the same to people, not to the log
 * @param endpoint what clients of this node connect to; put into claims, so that other nodes can send them here
 * @param replication copies of every topic; checked against topics that exist
 * @param minInSyncReplicas copies that must have a record before it counts as written
 * @param membership how partitions are shared
 */
public record KafkaLogConfig(
        String bootstrap,
        String topicPrefix,
        String nodeId,
        String endpoint,
        int replication,
        int minInSyncReplicas,
        Membership membership) {
    public static final String TOPIC_PREFIX_DEFAULT = "hailstorm";
    public static final int REPLICATION_DEFAULT = 3;
    public static final int MIN_IN_SYNC_REPLICAS_DEFAULT = 2;

    private static final String ASSIGNMENT_TOPIC = "assignment";

    /** How a process comes by its partitions. */
    public enum Membership {
        /** Partitions are shared among all processes of the group, by Kafka's consumer group protocol. */
        GROUP,
        /** This process claims every partition, and takes it from whoever has it: for a single node and benchmarks. */
        ALL,
        /** This process claims none: it only reads. */
        NONE
    }

    public KafkaLogConfig {
        Invariants.require(!bootstrap.isBlank() && !nodeId.isBlank(), "bootstrap and nodeId may not be empty");
        Invariants.require(
                topicPrefix.matches("[A-Za-z0-9._-]{1,200}"),
                "topicPrefix: expected letters, digits, '.', '_' and '-', got \"%s\"",
                topicPrefix);
        Invariants.require(
                replication >= 1 && minInSyncReplicas >= 1 && minInSyncReplicas <= replication,
                "expected 1 <= minInSyncReplicas <= replication, got %d and %d",
                minInSyncReplicas,
                replication);
    }

    /** Three copies, two of which must have a record; partitions shared with the other nodes. */
    public static KafkaLogConfig defaults(String bootstrap, String nodeId, String endpoint) {
        return new KafkaLogConfig(
                bootstrap,
                TOPIC_PREFIX_DEFAULT,
                nodeId,
                endpoint,
                REPLICATION_DEFAULT,
                MIN_IN_SYNC_REPLICAS_DEFAULT,
                Membership.GROUP);
    }

    public KafkaLogConfig withTopicPrefix(String prefix) {
        return new KafkaLogConfig(bootstrap, prefix, nodeId, endpoint, replication, minInSyncReplicas, membership);
    }

    public KafkaLogConfig withReplication(int copies, int inSync) {
        return new KafkaLogConfig(bootstrap, topicPrefix, nodeId, endpoint, copies, inSync, membership);
    }

    public KafkaLogConfig withMembership(Membership how) {
        return new KafkaLogConfig(bootstrap, topicPrefix, nodeId, endpoint, replication, minInSyncReplicas, how);
    }

    /** The topic a stream is kept in; partition for partition. */
    public String topic(StreamName stream) {
        return topicPrefix + "." + stream.text();
    }

    /** Holds no records: the nodes' group subscribes to it, so that its partitions are what is shared out. */
    String assignmentTopic() {
        return topicPrefix + "." + ASSIGNMENT_TOPIC;
    }
}
