package io.hailstorm.node;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Connections of simulated phones to a node, a bounded number of streams each, on one event loop. */
final class ClientChannels implements AutoCloseable {
    private static final int STREAMS_PER_CONNECTION = 500;
    private static final int CONNECTIONS_MAX = 64;

    private final EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final List<ManagedChannel> channels = new ArrayList<>();

    ClientChannels(String host, int port, int streams) {
        int count = Math.clamp((streams + STREAMS_PER_CONNECTION - 1) / STREAMS_PER_CONNECTION, 1, CONNECTIONS_MAX);
        for (int i = 0; i < count; i++) {
            channels.add(NettyChannelBuilder.forAddress(host, port)
                    .usePlaintext()
                    .directExecutor()
                    .eventLoopGroup(eventLoops)
                    .channelType(NioSocketChannel.class)
                    .build());
        }
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
