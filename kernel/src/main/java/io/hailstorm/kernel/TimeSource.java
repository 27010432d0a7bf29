package io.hailstorm.kernel;

/**
 * The only way any module learns the time. Handed in; tests and simulations hand in
 * {@code kernel.testing.VirtualTime}. Safe to call from any thread, allocates nothing.
 */
public interface TimeSource {
    /** Milliseconds since the Unix epoch, UTC. May step; never used to order a driver's records or to fence. */
    long epochMs();

    /** Nanoseconds from an arbitrary origin, never going back; for durations only. */
    long monotonicNs();
}
