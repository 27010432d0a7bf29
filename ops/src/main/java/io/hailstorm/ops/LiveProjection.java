package io.hailstorm.ops;

import io.hailstorm.geo.Cells;
import io.hailstorm.log.Log;

/**
 * The operator's picture of a region: a fold over the durable records of {@code fixes}, {@code trips}, {@code
 * prices} and {@code control} of every partition.
 *
 * <p>Threads: one thread calls {@link #doWork}; any number read through {@link OpsServer}.
 */
public final class LiveProjection {
    private final Log log;
    private final Cells cells;
    private final NodeStatus status;
    private final OpsConfig config;

    public LiveProjection(Log log, Cells cells, NodeStatus status, OpsConfig config) {
        this.log = log;
        this.cells = cells;
        this.status = status;
        this.config = config;
    }

    /**
     * Reads a bounded batch of every partition.
     *
     * @param nowMs the node's clock, epoch milliseconds
     * @return records folded; 0 lets the caller back off
     */
    public int doWork(long nowMs) {
        return 0;
    }
}
