package io.hailstorm.kernel.testing;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.TimeSource;

/** A clock that moves only when told to. Readable from any thread, advanced by one. */
public final class VirtualTime implements TimeSource {
    private static final long NANOS_PER_MS = 1_000_000;

    private final long originEpochMs;
    private volatile long elapsedNs;

    public VirtualTime(long originEpochMs) {
        this.originEpochMs = originEpochMs;
    }

    @Override
    public long epochMs() {
        return originEpochMs + elapsedNs / NANOS_PER_MS;
    }

    @Override
    public long monotonicNs() {
        return elapsedNs;
    }

    public void advanceMs(long deltaMs) {
        advanceNs(deltaMs * NANOS_PER_MS);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread advances; the others only read
    public void advanceNs(long deltaNs) {
        Invariants.require(deltaNs >= 0, "virtual time never goes back");
        elapsedNs += deltaNs;
    }

    /** Advances to an instant; one already passed changes nothing. */
    public void advanceToEpochMs(long epochMs) {
        advanceNs(Math.max(0, (epochMs - originEpochMs) * NANOS_PER_MS - elapsedNs));
    }
}
