package io.hailstorm.node;

/**
 * What a node measured in a run.
 *
 * @param heldMax fixes its edge held at once because their range was sealed, at most
 */
record NodeFigures(
        RegionStats.Rounds rounds, RegionStats.Prices prices, PipelineLatency.Snapshot latency, long heldMax) {
    static NodeFigures of(HailstormNode node) {
        return new NodeFigures(
                node.stats().rounds(),
                node.stats().prices(),
                node.latency().snapshot(),
                node.core().ingest().heldForRangesMax());
    }

    /** Of two nodes of one run: one decides at a time, so its rounds are all; of latencies the worse counts. */
    NodeFigures and(NodeFigures other) {
        boolean isMain = rounds.count() >= other.rounds.count();
        PipelineLatency.Snapshot theirs = other.latency;
        return new NodeFigures(
                isMain ? rounds : other.rounds,
                isMain ? prices : other.prices,
                new PipelineLatency.Snapshot(
                        Math.max(latency.durableP50Ms(), theirs.durableP50Ms()),
                        Math.max(latency.durableP99Ms(), theirs.durableP99Ms()),
                        Math.max(latency.indexP50Ms(), theirs.indexP50Ms()),
                        Math.max(latency.indexP99Ms(), theirs.indexP99Ms())),
                Math.max(heldMax, other.heldMax));
    }
}
