package io.hailstorm.ingest;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/** Counts connections; calls on those beyond the bound are refused, so the client goes elsewhere or waits. */
final class ConnectionLimit extends ServerTransportFilter implements ServerInterceptor {
    private static final long RETRY_DELAY_MS = 5_000;
    private static final Attributes.Key<Boolean> BEYOND = Attributes.Key.create("hailstorm-connection-beyond-limit");

    private final int maxConnections;
    private final IngestMetrics metrics;

    ConnectionLimit(int maxConnections, IngestMetrics metrics) {
        this.maxConnections = maxConnections;
        this.metrics = metrics;
    }

    @Override
    public Attributes transportReady(Attributes transport) {
        boolean beyond = metrics.connections().incrementAndGet() > maxConnections;
        return transport.toBuilder().set(BEYOND, beyond).build();
    }

    /** @param transport null for a connection that ended before it was one, such as a probe's */
    @Override
    public void transportTerminated(@Nullable Attributes transport) {
        if (transport != null && transport.get(BEYOND) != null) {
            metrics.connections().decrementAndGet();
        }
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (!Boolean.TRUE.equals(call.getAttributes().get(BEYOND))) {
            return next.startCall(call, headers);
        }
        metrics.shed("connections").increment();
        StatusRuntimeException refusal =
                RpcErrors.overloaded("too many connections: at most " + maxConnections, RETRY_DELAY_MS);
        Metadata trailers = refusal.getTrailers();
        call.close(Status.fromThrowable(refusal), trailers == null ? new Metadata() : trailers);
        return new ServerCall.Listener<>() {};
    }
}
