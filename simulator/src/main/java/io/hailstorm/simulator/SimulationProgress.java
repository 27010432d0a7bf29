package io.hailstorm.simulator;

/**
 * Numbers of a progress line.
 *
 * @param online phones with an open stream
 * @param fixesPerSecond answered since the previous progress, a second of the monotonic clock
 * @param openTrips requested and not ended
 */
public record SimulationProgress(
        int online,
        double fixesPerSecond,
        long fixesAnswered,
        long openTrips,
        long tripsRequested,
        long tripsCompleted) {}
