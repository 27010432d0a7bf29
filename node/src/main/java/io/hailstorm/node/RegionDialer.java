package io.hailstorm.node;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoop;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.protocol.v1.ExchangeRequest;
import io.hailstorm.protocol.v1.ExchangeResponse;
import io.hailstorm.protocol.v1.RegionPeerServiceGrpc;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a stream to one peer open: dials, and after each failure dials again, with a full jitter below a bound that doubles
 * up to a limit. On the transport's event loop.
 */
final class RegionDialer {
    static final long BACKOFF_MS_MIN = 50;
    static final long BACKOFF_MS_MAX = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(RegionDialer.class);
    private static final Duration TOKEN_TTL = Duration.ofMinutes(5);
    private static final long ADMIN_ID = 1;

    private final String self;
    private final RegionLink link;
    private final RegionInbox inbox;
    private final EventLoop loop;
    private final TokenIssuer issuer;
    private final ManagedChannel channel;
    private long backoffMs = BACKOFF_MS_MIN;
    private boolean stopped;
    private String lastFailure = "";

    RegionDialer(
            String self,
            String address,
            RegionLink link,
            RegionInbox inbox,
            EventLoopGroup group,
            EventLoop loop,
            TokenIssuer issuer) {
        this.self = self;
        this.link = link;
        this.inbox = inbox;
        this.loop = loop;
        this.issuer = issuer;
        InetSocketAddress peer = SimulateCommand.address(address);
        channel = NettyChannelBuilder.forAddress(peer.getHostString(), peer.getPort())
                .usePlaintext()
                .directExecutor()
                .eventLoopGroup(group)
                .channelType(NioSocketChannel.class)
                .maxInboundMessageSize(RegionTransport.MESSAGE_BYTES_MAX)
                .build();
    }

    void start() {
        loop.execute(this::dial);
    }

    void stop() {
        stopped = true;
        channel.shutdownNow();
    }

    private void dial() {
        if (stopped || link.isDialed()) {
            return;
        }
        // The channel would wait for its own, longer, backoff.
        channel.resetConnectBackoff();
        Metadata headers = new Metadata();
        headers.put(AdminGate.AUTHORIZATION, AdminGate.SCHEME + issuer.issue(Role.ADMIN, ADMIN_ID, TOKEN_TTL));
        Dialed dialed = new Dialed();
        RegionPeerServiceGrpc.newStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .exchange(dialed);
        link.dialed(dialed);
        dialed.requests().onNext(ExchangeRequest.newBuilder().setSender(self).build());
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a dial that fails ends here again
    private void onEnded(Dialed dialed, Status status) {
        if (!link.ended(dialed) || stopped || loop.isShuttingDown()) {
            return;
        }
        String failure = status.getCode() + ": " + status.getDescription();
        if (!failure.equals(lastFailure)) {
            lastFailure = failure;
            LOG.info("no stream to {} at {}: {}", link.peer(), channel.authority(), failure);
        }
        loop.schedule(this::dial, ThreadLocalRandom.current().nextLong(backoffMs) + 1, TimeUnit.MILLISECONDS);
        backoffMs = Math.min(2 * backoffMs, BACKOFF_MS_MAX);
    }

    private final class Dialed implements ClientResponseObserver<ExchangeRequest, ExchangeResponse>, RegionLink.Wire {
        private @Nullable ClientCallStreamObserver<ExchangeRequest> requests;

        ClientCallStreamObserver<ExchangeRequest> requests() {
            ClientCallStreamObserver<ExchangeRequest> observer = requests;
            if (observer == null) {
                throw new IllegalStateException("gRPC did not start the stream to " + link.peer());
            }
            return observer;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ExchangeRequest> requestStream) {
            requests = requestStream;
            requestStream.setOnReadyHandler(link::drain);
        }

        @Override
        public void onNext(ExchangeResponse response) {
            backoffMs = BACKOFF_MS_MIN;
            if (!lastFailure.isEmpty()) {
                lastFailure = "";
                LOG.info("a stream to {} at {}", link.peer(), channel.authority());
            }
            link.heardOn(this);
            for (ByteString frame : response.getFramesList()) {
                inbox.add(link.peer(), frame.toByteArray());
            }
        }

        @Override
        public void onError(Throwable failure) {
            // May come on a thread of the channel's, such as the one that looks names up.
            RegionLink.onLoop(loop, () -> onEnded(this, Status.fromThrowable(failure)));
        }

        @Override
        public void onCompleted() {
            RegionLink.onLoop(loop, () -> onEnded(this, Status.OK));
        }

        @Override
        public CallStreamObserver<?> observer() {
            return requests();
        }

        @Override
        public void write(List<ByteString> frames) {
            requests().onNext(RegionLink.request(frames));
        }

        @Override
        public void cancel(String reason) {
            requests().cancel(reason, null);
        }
    }
}
