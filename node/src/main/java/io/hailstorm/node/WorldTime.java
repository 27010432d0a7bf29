package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;

/** A node's clocks in a simulated world: the monotonic one is everybody's, the wall's may be wrong and may jump. */
final class WorldTime implements TimeSource {
    private static final long NANOS_PER_MS = 1_000_000;

    private final TimeSource truth;
    private long skewMs;

    WorldTime(TimeSource truth) {
        this.truth = truth;
    }

    void skewMs(long newSkewMs) {
        skewMs = newSkewMs;
    }

    @Override
    public long epochMs() {
        return truth.epochMs() + skewMs;
    }

    @Override
    public long monotonicNs() {
        return truth.monotonicNs();
    }

    static long ns(long ms) {
        return ms * NANOS_PER_MS;
    }
}
