package io.hailstorm.node;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.protocol.v1.ExchangeRequest;
import io.hailstorm.protocol.v1.ExchangeResponse;
import io.hailstorm.protocol.v1.RegionPeerServiceGrpc;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The side of an exchange that was dialed. Called on the transport's event loop. */
final class RegionPeerService extends RegionPeerServiceGrpc.RegionPeerServiceImplBase {
    /** Finds the link of a sender; null for one that may not come in. */
    interface Links {
        @Nullable
        RegionLink of(String sender);
    }

    private final Links links;
    private final RegionInbox inbox;
    private final Executor loop;

    RegionPeerService(Links links, RegionInbox inbox, Executor loop) {
        this.links = links;
        this.inbox = inbox;
        this.loop = loop;
    }

    @Override
    public StreamObserver<ExchangeRequest> exchange(StreamObserver<ExchangeResponse> responses) {
        Accepted accepted = new Accepted((ServerCallStreamObserver<ExchangeResponse>) responses);
        accepted.responses.setOnReadyHandler(accepted::onReady);
        accepted.responses.setOnCancelHandler(accepted::onEnded);
        return accepted;
    }

    private final class Accepted implements StreamObserver<ExchangeRequest>, RegionLink.Wire {
        private final ServerCallStreamObserver<ExchangeResponse> responses;
        private @Nullable RegionLink link;

        Accepted(ServerCallStreamObserver<ExchangeResponse> responses) {
            this.responses = responses;
        }

        @Override
        public void onNext(ExchangeRequest request) {
            RegionLink from = link;
            if (from == null) {
                from = links.of(request.getSender());
                if (from == null) {
                    responses.onError(Status.PERMISSION_DENIED
                            .withDescription("no region of this deployment is called \"" + request.getSender()
                                    + "\"; name it with --peers")
                            .asRuntimeException());
                    return;
                }
                link = from;
                from.accepted(this);
            }
            from.heardOn(this);
            for (ByteString frame : request.getFramesList()) {
                inbox.add(from.peer(), frame.toByteArray());
            }
        }

        private void onReady() {
            RegionLink to = link;
            if (to != null) {
                to.drain();
            }
        }

        @Override
        public void onError(Throwable failure) {
            onEnded();
        }

        @Override
        public void onCompleted() {
            onEnded();
            if (!responses.isCancelled()) {
                responses.onCompleted();
            }
        }

        private void onEnded() {
            RegionLink of = link;
            if (of != null) {
                RegionLink.onLoop(loop, () -> of.ended(this));
            }
        }

        @Override
        public CallStreamObserver<?> observer() {
            return responses;
        }

        @Override
        public void write(List<ByteString> frames) {
            responses.onNext(RegionLink.response(frames));
        }

        @Override
        public void cancel(String reason) {
            if (!responses.isCancelled()) {
                responses.onError(Status.UNAVAILABLE.withDescription(reason).asRuntimeException());
            }
            onEnded();
        }
    }
}
