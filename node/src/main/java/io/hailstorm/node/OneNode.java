package io.hailstorm.node;

import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.ServiceArea;
import io.hailstorm.simulator.TokenSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A run's only node: on its own threads behind real connections, or turned in the caller's thread. */
final class OneNode implements DemoNodes {
    private final HailstormNode node;
    private final boolean isInProcess;
    private final int port;
    private final List<AutoCloseable> connections = new ArrayList<>();

    private OneNode(HailstormNode node, boolean isInProcess, Consumer<String> say) {
        this.node = node;
        this.isInProcess = isInProcess;
        NodeConfig config = node.config();
        if (config.httpPort() != 0) {
            say.accept("console    http://" + config.httpHost() + ":" + node.startHttp() + "/");
        }
        port = isInProcess ? 0 : node.startGrpc();
        if (!isInProcess) {
            node.startThreads();
            say.accept("phones     grpc://localhost:" + port);
        }
    }

    /** @param isInProcess for a node that takes its turns from the caller */
    static OneNode open(NodeConfig config, TimeSource time, boolean isInProcess, Consumer<String> say) {
        HailstormNode node = HailstormNode.open(config, time);
        boolean started = false;
        try {
            OneNode one = new OneNode(node, isInProcess, say);
            started = true;
            return one;
        } finally {
            if (!started) {
                node.close();
            }
        }
    }

    @Override
    public List<? extends PacedNode> paced() {
        return List.of(node);
    }

    @Override
    public Endpoints endpoints(int phones) {
        if (isInProcess) {
            ManagedChannel channel = InProcessChannelBuilder.forName(node.startInProcess())
                    .directExecutor()
                    .build();
            connections.add(channel::shutdownNow);
            return Endpoints.single(List.of(channel));
        }
        ClientChannels channels = new ClientChannels("localhost", port, phones);
        connections.add(channels);
        return Endpoints.single(channels.all());
    }

    @Override
    public ServiceArea serviceArea() {
        return node.serviceArea();
    }

    @Override
    public TokenSource tokens() {
        return node.tokens();
    }

    @Override
    public MoveDesk moves() {
        return MoveDesk.of(node);
    }

    @Override
    public boolean isHealthy() {
        return node.isHealthy();
    }

    @Override
    public void requireHealthy() {
        node.requireHealthy();
    }

    @Override
    public void settle() {
        node.settle(isInProcess);
    }

    @Override
    public NodeFigures figures() {
        return NodeFigures.of(node);
    }

    @Override
    public List<PartitionReader> partitions(StreamName stream) {
        return List.copyOf(node.partitions(stream));
    }

    @Override
    public boolean areSeveral() {
        return false;
    }

    @Override
    public void close() {
        connections.forEach(OneNode::close);
        node.close();
    }

    static void close(AutoCloseable connection) {
        try {
            connection.close();
        } catch (Exception e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot close a connection: " + e.getMessage(), e);
        }
    }
}
