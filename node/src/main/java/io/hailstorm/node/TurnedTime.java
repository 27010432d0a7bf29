package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;

/** A calendar that somebody turns, and that never turns back. One thread advances; any reads. */
interface TurnedTime extends TimeSource {
    void advanceTo(long epochMs);
}
