package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;

/**
 * Wall time that starts at a chosen instant and runs a constant number of times faster. Durations
 * ({@link #monotonicNs}) stay real: a latency is measured in the seconds people wait.
 */
final class ScaledTime implements TimeSource {
    private final TimeSource wall;
    private final long originEpochMs;
    private final long originNs;
    private final double speed;

    ScaledTime(TimeSource wall, long originEpochMs, double speed) {
        this.wall = wall;
        this.originEpochMs = originEpochMs;
        this.originNs = wall.monotonicNs();
        this.speed = speed;
    }

    @Override
    public long epochMs() {
        return originEpochMs + (long) ((wall.monotonicNs() - originNs) * speed / 1e6);
    }

    @Override
    public long monotonicNs() {
        return wall.monotonicNs();
    }
}
