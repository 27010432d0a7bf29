package io.hailstorm.node;

import org.HdrHistogram.Histogram;

/**
 * How long fixes take from their arrival at the edge to being durable, and to being in the driver index: sampled a turn
 * of the region agent at a time by {@link LatencyProbe}, in real microseconds. Written by the region agent, read by others
 * through {@link #snapshot}.
 */
final class PipelineLatency {
    private static final long MICROS_MAX = 60_000_000;

    /** Percentiles in milliseconds; zeros when nothing was measured. */
    record Snapshot(double durableP50Ms, double durableP99Ms, double indexP50Ms, double indexP99Ms) {}

    private final Histogram toDurable = new Histogram(3);
    private final Histogram toIndex = new Histogram(3);

    synchronized void durable(long ns, long fixCount) {
        toDurable.recordValueWithCount(micros(ns), fixCount);
    }

    synchronized void indexed(long ns, long fixCount) {
        toIndex.recordValueWithCount(micros(ns), fixCount);
    }

    /** Forgets what was measured so far. */
    synchronized void reset() {
        toDurable.reset();
        toIndex.reset();
    }

    private static long micros(long ns) {
        return Math.clamp(ns / 1_000, 0, MICROS_MAX);
    }

    synchronized Snapshot snapshot() {
        return new Snapshot(
                toDurable.getValueAtPercentile(50) / 1e3,
                toDurable.getValueAtPercentile(99) / 1e3,
                toIndex.getValueAtPercentile(50) / 1e3,
                toIndex.getValueAtPercentile(99) / 1e3);
    }
}
