package io.hailstorm.node;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.TimeSource;

/**
 * A calendar that the simulator turns, as fast as the node keeps up, while durations stay real. For runs at
 * {@code --speed max} over real connections. One thread advances; any reads.
 */
final class PacedTime implements TurnedTime {
    private final TimeSource wall;
    private volatile long epochMs;

    PacedTime(TimeSource wall, long originEpochMs) {
        this.wall = wall;
        this.epochMs = originEpochMs;
    }

    @Override
    public long epochMs() {
        return epochMs;
    }

    @Override
    public long monotonicNs() {
        return wall.monotonicNs();
    }

    @Override
    public void advanceTo(long newEpochMs) {
        Invariants.require(newEpochMs >= epochMs, "the calendar never turns back");
        epochMs = newEpochMs;
    }
}
