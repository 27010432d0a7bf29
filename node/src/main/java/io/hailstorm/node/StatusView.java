package io.hailstorm.node;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Region;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogStats;
import io.hailstorm.ops.NodeStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the console asks of this node. Any thread. */
final class StatusView implements NodeStatus {
    /** What changes as the node lives. */
    enum Phase {
        STARTING,
        SERVING,
        STOPPING
    }

    private final NodeConfig config;
    private final TimeSource time;
    private final TimeSource wall;
    private final long startedNs;
    private final Log log;
    private final RangeOwnership ranges;
    private final ServedPartitions served;
    private final RegionStats stats;
    private final Supplier<Optional<Throwable>> failure;
    private volatile Phase phase = Phase.STARTING;
    private volatile @Nullable LagMetrics lag;
    private volatile @Nullable DeadLetters letters;
    private volatile @Nullable GeoView geo;

    StatusView(
            NodeConfig config,
            TimeSource time,
            TimeSource wall,
            Log log,
            RangeOwnership ranges,
            ServedPartitions served,
            RegionStats stats,
            Supplier<Optional<Throwable>> failure) {
        this.config = config;
        this.time = time;
        this.wall = wall;
        this.startedNs = wall.monotonicNs();
        this.log = log;
        this.ranges = ranges;
        this.served = served;
        this.stats = stats;
        this.failure = failure;
    }

    /** What is known of readers once there are any. */
    void readers(LagMetrics measured, DeadLetters parked, GeoView regions) {
        lag = measured;
        letters = parked;
        geo = regions;
    }

    void phase(Phase now) {
        phase = now;
    }

    @Override
    public String version() {
        return Hailstorm.Version.text();
    }

    @Override
    public String build() {
        return "";
    }

    @Override
    public RegionId region() {
        return new RegionId(config.city().name());
    }

    @Override
    public long nowMs() {
        return time.epochMs();
    }

    @Override
    public long uptimeMs() {
        return (wall.monotonicNs() - startedNs) / 1_000_000;
    }

    @Override
    public Map<String, String> config() {
        Map<String, String> shown = new LinkedHashMap<>();
        shown.put("city", config.city().name());
        shown.put("partitions", Integer.toString(config.partitionCount()));
        shown.put(
                "log",
                config.kafka()
                        .map(kafka -> "kafka " + kafka.bootstrap())
                        .orElse(config.regions().isPresent() ? "embedded, copied by regions" : "embedded"));
        shown.put("policy", config.policy());
        shown.put("fixes-ack", config.fixesAckLevel().name());
        config.regions().ifPresent(regions -> shown.putAll(regions.shown()));
        shown.put("drivers-max", Integer.toString(config.driversMax()));
        shown.put("checkpoint-ms", Long.toString(config.checkpointMs()));
        return shown;
    }

    @Override
    public PartitionMap partitionMap() {
        return ranges.map();
    }

    @Override
    public List<RegionOutline> outlines() {
        List<Region> areas = config.regions()
                .map(RegionsConfig::areas)
                .orElse(List.of(config.city().region()));
        return areas.stream()
                .map(area -> new RegionOutline(new RegionId(area.name()), area.outlines()))
                .toList();
    }

    @Override
    public double solveMs(long round) {
        return stats.solveMs(round);
    }

    @Override
    public Map<String, Double> figures() {
        Map<String, Double> figures = new LinkedHashMap<>();
        for (StreamName stream : StreamName.values()) {
            LogStats of = log.stats(stream);
            figures.put(stream.text() + "_appended_bytes", (double) of.appendedBytes());
            figures.put(stream.text() + "_backlog_bytes", (double) of.backlogBytes());
        }
        figures.put("partitions_served", (double) served.count());
        RegionStats.Rounds rounds = stats.rounds();
        figures.put("round_solve_p50_ms", rounds.solveP50Ms());
        figures.put("round_solve_p99_ms", rounds.solveP99Ms());
        LagMetrics behind = lag;
        if (behind != null) {
            figures.put("reader_lag_records_max", (double) behind.recordsMax());
            figures.put("reader_lag_ms_max", (double) behind.msMax());
        }
        DeadLetters parked = letters;
        if (parked != null) {
            figures.put("dead_letters_open", (double) parked.openCount());
        }
        GeoView regions = geo;
        if (regions != null) {
            figures.putAll(regions.figures());
        }
        return figures;
    }

    @Override
    public Health live() {
        return failure.get()
                .map(thrown -> Health.failing(String.valueOf(thrown.getMessage())))
                .orElse(Health.OK);
    }

    @Override
    public Health ready() {
        return switch (phase) {
            case STARTING -> Health.failing("recovering");
            case SERVING -> served.count() == 0 ? Health.failing("serves no partition yet") : live();
            case STOPPING -> Health.failing("stopping");
        };
    }

    @Override
    public Health started() {
        return phase == Phase.STARTING ? Health.failing("recovering") : Health.OK;
    }
}
