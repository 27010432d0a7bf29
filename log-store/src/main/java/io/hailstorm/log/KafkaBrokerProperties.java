package io.hailstorm.log;

import java.util.ArrayList;
import java.util.List;

/**
 * The configuration of a broker for development and tests: everything on 127.0.0.1, no more memory than it needs, and
 * timeouts that notice a dead broker in about two seconds rather than in the eleven of the defaults.
 */
final class KafkaBrokerProperties {
    private static final int REPLICAS_MAX = 3;

    private KafkaBrokerProperties() {}

    /** @param ports listener and controller port of each node, in the order of the nodes */
    static List<String> of(KafkaBroker broker, List<int[]> ports) {
        int nodes = ports.size();
        int replicas = Math.min(nodes, REPLICAS_MAX);
        int inSync = Math.max(1, replicas - 1);
        List<String> voters = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            voters.add((i + 1) + "@127.0.0.1:" + ports.get(i)[1]);
        }
        List<String> lines = new ArrayList<>();
        lines.addAll(List.of(
                "process.roles=broker,controller",
                "node.id=" + broker.node(),
                "controller.quorum.voters=" + String.join(",", voters),
                "listeners=BROKER://127.0.0.1:" + broker.port() + ",CONTROLLER://127.0.0.1:"
                        + ports.get(broker.node() - 1)[1],
                "advertised.listeners=BROKER://127.0.0.1:" + broker.port(),
                "listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name=BROKER",
                "controller.listener.names=CONTROLLER",
                "log.dirs=" + broker.data()));
        lines.addAll(List.of(
                "auto.create.topics.enable=false",
                "unclean.leader.election.enable=false",
                "default.replication.factor=" + replicas,
                "min.insync.replicas=" + inSync,
                "offsets.topic.replication.factor=" + replicas,
                "offsets.topic.num.partitions=4",
                "transaction.state.log.replication.factor=" + replicas,
                "transaction.state.log.min.isr=" + inSync,
                "transaction.state.log.num.partitions=4",
                "share.coordinator.state.topic.replication.factor=" + replicas,
                "share.coordinator.state.topic.min.isr=" + inSync,
                "share.coordinator.state.topic.num.partitions=4"));
        lines.addAll(FAILOVER);
        lines.addAll(SMALL);
        return lines;
    }

    private static final List<String> FAILOVER = List.of(
            "broker.session.timeout.ms=2000",
            "broker.heartbeat.interval.ms=500",
            "controller.quorum.fetch.timeout.ms=1000",
            "controller.quorum.election.timeout.ms=500",
            "controller.quorum.election.backoff.max.ms=500",
            "controller.quorum.request.timeout.ms=1000",
            "replica.lag.time.max.ms=2000",
            "group.initial.rebalance.delay.ms=0",
            "group.min.session.timeout.ms=1000",
            "group.consumer.min.session.timeout.ms=2000",
            "group.consumer.session.timeout.ms=2000",
            "group.consumer.min.heartbeat.interval.ms=500",
            "group.consumer.heartbeat.interval.ms=500");

    private static final List<String> SMALL = List.of(
            "num.network.threads=2",
            "num.io.threads=4",
            "background.threads=2",
            "log.cleaner.threads=1",
            "log.cleaner.dedupe.buffer.size=8388608",
            "log.segment.bytes=67108864",
            "log.index.size.max.bytes=1048576");
}
