package io.hailstorm.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

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

    /** For {@link #read}, in another process. */
    void write(Path file) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("rounds", rounds.count()).put("solve_p50_ms", rounds.solveP50Ms());
        root.put("solve_p99_ms", rounds.solveP99Ms()).put("riders_max", rounds.ridersMax());
        root.put("drivers_max", rounds.driversMax());
        root.put("cells", prices.cells()).put("multiplier_milli_max", prices.multiplierMilliMax());
        root.put("price_changes", prices.changes());
        root.put("durable_p50_ms", latency.durableP50Ms()).put("durable_p99_ms", latency.durableP99Ms());
        root.put("index_p50_ms", latency.indexP50Ms()).put("index_p99_ms", latency.indexP99Ms());
        root.put("held_max", heldMax);
        try {
            Files.writeString(file, root.toString());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }

    static NodeFigures read(Path file) {
        try {
            JsonNode root = new ObjectMapper().readTree(file.toFile());
            return new NodeFigures(
                    new RegionStats.Rounds(
                            root.required("rounds").asLong(),
                            root.required("solve_p50_ms").asDouble(),
                            root.required("solve_p99_ms").asDouble(),
                            root.required("riders_max").asInt(),
                            root.required("drivers_max").asInt()),
                    new RegionStats.Prices(
                            root.required("cells").asInt(),
                            root.required("multiplier_milli_max").asInt(),
                            root.required("price_changes").asLong()),
                    new PipelineLatency.Snapshot(
                            root.required("durable_p50_ms").asDouble(),
                            root.required("durable_p99_ms").asDouble(),
                            root.required("index_p50_ms").asDouble(),
                            root.required("index_p99_ms").asDouble()),
                    root.required("held_max").asLong());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
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
