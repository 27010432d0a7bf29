package io.hailstorm.ingest;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;

/**
 * What goes down one stream: sent at once while the client keeps up, queued up to a bound while it does not; one message
 * more ends the stream with RESOURCE_EXHAUSTED. Any thread; the lock is held only to hand a message to gRPC.
 */
final class Outbox<T> {
    private final ServerCallStreamObserver<T> responses;
    private final int capacity;
    private final IngestMetrics metrics;
    private final ArrayDeque<T> queue = new ArrayDeque<>();
    private boolean closing;
    private volatile boolean closed;

    Outbox(ServerCallStreamObserver<T> responses, int capacity, IngestMetrics metrics) {
        this.responses = responses;
        this.capacity = capacity;
        this.metrics = metrics;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether a message would leave at once. */
    boolean isReady() {
        synchronized (this) {
            return !closed && queue.isEmpty() && responses.isReady();
        }
    }

    void send(T message) {
        synchronized (this) {
            if (closed || closing) {
                return;
            }
            if (queue.isEmpty() && responses.isReady()) {
                responses.onNext(message);
            } else if (queue.size() < capacity) {
                queue.add(message);
            } else {
                metrics.slowClientClosed();
                fail(RpcErrors.overloaded("client reads too slowly: " + capacity + " messages wait; reconnect", 1_000));
            }
        }
    }

    /** The transport takes more; sends what waits. */
    void onReady() {
        synchronized (this) {
            while (!closed && !queue.isEmpty() && responses.isReady()) {
                responses.onNext(queue.remove());
            }
            if (closing && queue.isEmpty()) {
                finish();
            }
        }
    }

    /** Ends the stream well, after what waits. */
    void complete() {
        synchronized (this) {
            closing = true;
            if (queue.isEmpty()) {
                finish();
            }
        }
    }

    private void finish() {
        if (!closed) {
            closed = true;
            responses.onCompleted();
        }
    }

    /** Ends the stream with an error, at once. */
    void fail(StatusRuntimeException error) {
        synchronized (this) {
            if (!closed) {
                closed = true;
                queue.clear();
                responses.onError(error);
            }
        }
    }

    void fail(Status status) {
        fail(status.asRuntimeException());
    }

    /** The client has gone. */
    void cancelled() {
        synchronized (this) {
            closed = true;
            queue.clear();
        }
    }
}
