package io.hailstorm.kernel;

/** The machine's clocks. Built only by composition roots ({@code node}, {@code simulator}, benchmarks). */
public final class SystemTimeSource implements TimeSource {
    @Override
    public long epochMs() {
        return System.currentTimeMillis();
    }

    @Override
    public long monotonicNs() {
        return System.nanoTime();
    }
}
