package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;

/** A calendar in a {@link ClockFile}, shared by processes, while durations stay real. */
record MappedTime(ClockFile file, TimeSource wall) implements TurnedTime {
    @Override
    public long epochMs() {
        return file.epochMs();
    }

    @Override
    public long monotonicNs() {
        return wall.monotonicNs();
    }

    @Override
    public void advanceTo(long epochMs) {
        file.advanceTo(epochMs);
    }
}
