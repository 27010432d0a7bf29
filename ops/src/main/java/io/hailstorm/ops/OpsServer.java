package io.hailstorm.ops;

import io.hailstorm.kernel.TimeSource;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** The HTTP admin surface of a node. {@link #start} and {@link #stop} from one thread. */
public final class OpsServer implements AutoCloseable {
    /**
     * @param metrics what {@code /metrics} prints
     * @param wall real time, which paces live frames even where the node's own clock is a virtual one
     */
    public OpsServer(
            OpsConfig config,
            NodeStatus status,
            LiveProjection projection,
            PrometheusMeterRegistry metrics,
            TimeSource wall) {}

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @return the port listened on
     * @throws io.hailstorm.kernel.HailstormException {@code FAILED_PRECONDITION} naming a port that is taken
     */
    public int start(int port) {
        return port;
    }

    /** Ends live streams and closes the listener; may be called twice. */
    public void stop() {}

    @Override
    public void close() {
        stop();
    }
}
