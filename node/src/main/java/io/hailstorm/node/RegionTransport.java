package io.hailstorm.node;

import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.hailstorm.ingest.DevKeys;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.ingest.TokenVerifier;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What the logs of several regions, and their witness, say to each other, over gRPC: datagrams on long streams. Both sides
 * dial; either stream carries both ways, so one of a pair needs no address of the other. One event loop does everything but
 * {@link #send} and {@link #poll}, which are for the log's thread; between them stand bounded queues, beyond which frames are
 * dropped.
 *
 * <pre>
 *   log ── send ──► RegionLink ──► dialed stream, else accepted stream ──►  peer
 *   log ◄─ poll ── RegionInbox ◄── any stream ◄──────────────────────────── peer
 * </pre>
 */
final class RegionTransport implements RegionNetwork {
    /** Between two signs of life on a stream. */
    static final long LIFE_MS = 500;
    /** Names without an address that this side answers, such as a witness's members. */
    static final int STRANGERS_MAX = 64;

    /** Holds a batch of the largest records. */
    static final int FRAME_BYTES_MAX = (1 << 20) + (1 << 18);

    /** A message takes frames until it is full, so the last may stand out by its whole length; and the fields' headers. */
    static final int MESSAGE_BYTES_MAX = 2 * FRAME_BYTES_MAX;

    private static final long STOP_MS = 500;

    /**
     * Who and where.
     *
     * @param self what this side is called
     * @param port where it listens; 0 for any
     * @param peers addresses, {@code HOST:PORT}, of those it dials, by name
     * @param answersStrangers whether it lets in others than its peers
     */
    record Place(String self, String host, int port, Map<String, String> peers, boolean answersStrangers) {
        Place {
            peers = Map.copyOf(peers);
        }
    }

    private final Place place;
    private final TimeSource wall;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final RegionInbox inbox = new RegionInbox();
    private final Map<String, RegionLink> links = new ConcurrentHashMap<>();
    private final List<RegionDialer> dialers = new ArrayList<>();
    private final Server server;

    /**
     * Listens, and begins to dial.
     *
     * @param keys whose signature makes a peer a peer
     * @param wall real time, whatever the node's clock is
     * @throws HailstormException {@code FAILED_PRECONDITION} naming the port when it is taken
     */
    static RegionTransport open(Place place, DevKeys keys, TimeSource wall) {
        RegionTransport transport = new RegionTransport(place, keys, wall);
        transport.dialers.forEach(RegionDialer::start);
        return transport;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // goes on for as long as the loop lives
    private RegionTransport(Place place, DevKeys keys, TimeSource wall) {
        this.place = place;
        this.wall = wall;
        TokenIssuer issuer = new TokenIssuer(keys, wall);
        place.peers().forEach((name, address) -> {
            RegionLink link = new RegionLink(name, loop, wall);
            links.put(name, link);
            dialers.add(new RegionDialer(place.self(), address, link, inbox, group, loop, issuer));
        });
        server = listen(new TokenVerifier(keys, wall));
        loop.scheduleAtFixedRate(
                () -> links.values().forEach(RegionLink::signOfLife), LIFE_MS, LIFE_MS, TimeUnit.MILLISECONDS);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for a loop that never served
    private Server listen(TokenVerifier verifier) {
        try {
            return NettyServerBuilder.forAddress(new InetSocketAddress(place.host(), place.port()))
                    .channelType(NioServerSocketChannel.class)
                    .bossEventLoopGroup(group)
                    .workerEventLoopGroup(group)
                    .directExecutor()
                    .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                    .addService(ServerInterceptors.intercept(
                            new RegionPeerService(this::linkOf, inbox, loop), new AdminGate(verifier)))
                    .build()
                    .start();
        } catch (IOException e) {
            group.shutdownGracefully(0, STOP_MS, TimeUnit.MILLISECONDS);
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot listen for other regions on " + place.host() + ":" + place.port() + ": " + e.getMessage()
                            + "; stop the other process, or choose another port with --region-port",
                    e);
        }
    }

    /** The link to a sender; null for one that may not come in. The event loop's thread. */
    private @Nullable RegionLink linkOf(String sender) {
        RegionLink known = links.get(sender);
        if (known != null || !place.answersStrangers() || sender.isBlank() || links.size() >= STRANGERS_MAX) {
            return known;
        }
        return links.computeIfAbsent(sender, name -> new RegionLink(name, loop, wall));
    }

    /** The port listened on. */
    int port() {
        return server.getPort();
    }

    @Override
    public void onArrival(Runnable wake) {
        inbox.onArrival(wake);
    }

    @Override
    public boolean send(String toMember, DirectBuffer message, int index, int length) {
        RegionLink link = links.get(toMember);
        if (link == null) {
            return false;
        }
        byte[] frame = new byte[length];
        message.getBytes(index, frame);
        return link.send(frame);
    }

    @Override
    public int poll(Receiver receiver, int maxMessages) {
        return inbox.poll(receiver, maxMessages);
    }

    @Override
    public int maxMessageBytes() {
        return FRAME_BYTES_MAX;
    }

    @Override
    public boolean isUp(String peer) {
        RegionLink link = links.get(peer);
        return link != null && link.isUp();
    }

    @Override
    public long droppedCount() {
        return inbox.droppedCount()
                + links.values().stream().mapToLong(RegionLink::droppedCount).sum();
    }

    @Override
    public void close() {
        RegionLink.onLoop(loop, () -> {
            dialers.forEach(RegionDialer::stop);
            links.values().forEach(RegionLink::close);
        });
        server.shutdownNow();
        group.shutdownGracefully(0, STOP_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(2 * STOP_MS);
    }
}
