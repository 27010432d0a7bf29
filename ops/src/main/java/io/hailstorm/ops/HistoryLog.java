package io.hailstorm.ops;

import java.util.ArrayDeque;
import java.util.List;

/** A sample of the headline figures every ten seconds of the node's clock, for two hours. One thread at a time. */
final class HistoryLog {
    static final long INTERVAL_MS = 10_000;
    static final int SAMPLE_MAX = 720;

    private final ArrayDeque<Sample> samples = new ArrayDeque<>();
    private long lastMs = Long.MIN_VALUE / 2;

    record Sample(
            long timeMs,
            double fixesPerS,
            double requestsPerS,
            double completionsPerS,
            int multiplierMilliMean,
            int multiplierMilliMax,
            long waitP50Ms,
            long waitP95Ms,
            int idleCount,
            int openTripCount) {}

    boolean isDue(long nowMs) {
        return nowMs - lastMs >= INTERVAL_MS;
    }

    void add(Sample sample) {
        if (samples.size() == SAMPLE_MAX) {
            samples.removeFirst();
        }
        samples.addLast(sample);
        lastMs = sample.timeMs();
    }

    /** Oldest first. */
    List<Sample> samples() {
        return List.copyOf(samples);
    }
}
