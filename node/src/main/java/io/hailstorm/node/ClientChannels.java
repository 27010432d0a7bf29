package io.hailstorm.node;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Connections of simulated phones to nodes, a bounded number of streams each, on one event loop. */
final class ClientChannels implements AutoCloseable {
    private static final int STREAMS_PER_CONNECTION = 500;
    private static final int CONNECTIONS_MAX = 64;

    private final EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<ManagedChannel> channels = new ArrayList<>();

    private final int countEach;

    /** To nodes that are yet to be named, any of which may have to carry so many streams. */
    ClientChannels(int streams) {
        countEach = Math.clamp((streams + STREAMS_PER_CONNECTION - 1) / STREAMS_PER_CONNECTION, 1, CONNECTIONS_MAX);
    }

    /** To one node. */
    ClientChannels(String host, int port, int streams) {
        this(streams);
        to(InetSocketAddress.createUnresolved(host, port));
    }

    /** New channels to a node; closed with all others. */
    @CanIgnoreReturnValue
    List<ManagedChannel> to(InetSocketAddress node) {
        List<ManagedChannel> made = new ArrayList<>(countEach);
        for (int i = 0; i < countEach; i++) {
            made.add(NettyChannelBuilder.forAddress(node.getHostString(), node.getPort())
                    .usePlaintext()
                    .directExecutor()
                    .eventLoopGroup(eventLoops)
                    .channelType(NioSocketChannel.class)
                    .build());
        }
        channels.addAll(made);
        return made;
    }

    List<ManagedChannel> all() {
        return channels;
    }

    @Override
    public void close() {
        channels.forEach(ManagedChannel::shutdownNow);
        eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2_000);
    }
}
