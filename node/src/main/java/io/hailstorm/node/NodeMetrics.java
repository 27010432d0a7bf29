package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogFaults;
import io.hailstorm.matching.TripState;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import java.util.function.ToDoubleFunction;

/** Meters of what the modules without a registry of their own count. */
final class NodeMetrics {
    private static final double NS_PER_S = 1e9;

    private NodeMetrics() {}

    @SuppressWarnings("resource") // lives as long as the registry
    static void register(
            MeterRegistry registry,
            Log log,
            RegionAgent region,
            ServedPartitions served,
            RegionStats stats,
            EventWriter writer,
            RangeOwnership ranges) {
        migrations(registry, ranges);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmGcMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        for (StreamName stream : StreamName.values()) {
            log(registry, log, stream);
        }
        for (TripState.Kind kind : TripState.Kind.values()) {
            Gauge.builder("hailstorm.trips", region, of -> of.matcher().tripCount(kind))
                    .description("trips by state; ended ones since the start")
                    .tag("state", kind.name().toLowerCase(java.util.Locale.ROOT))
                    .register(registry);
        }
        Gauge.builder("hailstorm.matching.waiting", region, of -> of.matcher().waitingCount())
                .description("trips waiting for a round")
                .register(registry);
        Gauge.builder(
                        "hailstorm.matching.idle.drivers",
                        region,
                        of -> of.matcher().idleDriverCount())
                .description("drivers a round may choose")
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.matching.drivers.refused",
                        region,
                        of -> of.matcher().drivers().refusedCount())
                .description("fixes of drivers the full index refused")
                .register(registry);
        Gauge.builder("hailstorm.partitions.served", served, ServedPartitions::count)
                .description("partitions this node appends to and answers for")
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.matching.rounds", stats, of -> of.rounds().count())
                .description("rounds held")
                .register(registry);
        Gauge.builder("hailstorm.matching.solve.p99", stats, of -> of.rounds().solveP99Ms() / 1e3)
                .description("99th percentile of a round's time")
                .baseUnit("seconds")
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.prices.changes", stats, of -> of.prices().changes())
                .description("price changes published, a cell each")
                .register(registry);
        FunctionCounter.builder("hailstorm.log.records.skipped", stats, RegionStats::skippedRecords)
                .description("records of a type or payload that this version does not know, passed over")
                .register(registry);
        Gauge.builder("hailstorm.log.events.waiting", writer, EventWriter::waitingCount)
                .description("events decided that the log has not taken yet")
                .register(registry);
        DeadLetters letters = region.gate().letters();
        Gauge.builder("hailstorm.dead.letters.open", letters, DeadLetters::openCount)
                .description("dead letters neither resolved nor expired")
                .register(registry);
        Gauge.builder("hailstorm.dead.letters.keys", letters, DeadLetters::keyCount)
                .description("trips whose commands wait behind a dead letter")
                .register(registry);
        Gauge.builder("hailstorm.dead.letters.stalled", letters, of -> of.isStalled() ? 1 : 0)
                .description("1 while a reader waits because too many dead letters are open")
                .register(registry);
    }

    private static void migrations(MeterRegistry registry, RangeOwnership ranges) {
        migration(registry, ranges, "done", MigrationSummary::count);
        migration(registry, ranges, "aborted", MigrationSummary::aborted);
        Gauge.builder(
                        "hailstorm.migrations.active",
                        ranges,
                        of -> of.migrations().stream()
                                .filter(migration -> !migration.getDone())
                                .count())
                .description("moves of ranges under way")
                .register(registry);
        pause(registry, ranges, "p50", MigrationSummary::pauseMsP50);
        pause(registry, ranges, "p99", MigrationSummary::pauseMsP99);
        pause(registry, ranges, "max", MigrationSummary::pauseMsMax);
        Gauge.builder(
                        "hailstorm.migrations.buffered.max",
                        ranges,
                        of -> of.summary().bufferedMax())
                .description("fixes that waited at the edge at once while a range was sealed, at most")
                .register(registry);
        FunctionCounter.builder("hailstorm.migrations.void", ranges, RangeOwnership::voidedCount)
                .description("control records that changed nothing")
                .register(registry);
        FunctionCounter.builder("hailstorm.migrations.hash.mismatches", ranges, RangeOwnership::hashMismatchCount)
                .description("copies of ranges that differed from their source")
                .register(registry);
    }

    private static void migration(
            MeterRegistry registry, RangeOwnership ranges, String outcome, ToDoubleFunction<MigrationSummary> count) {
        FunctionCounter.builder("hailstorm.migrations", ranges, of -> count.applyAsDouble(of.summary()))
                .description("moves of ranges that ended, by outcome")
                .tag("outcome", outcome)
                .register(registry);
    }

    private static void pause(
            MeterRegistry registry, RangeOwnership ranges, String which, ToDoubleFunction<MigrationSummary> pauseMs) {
        Gauge.builder("hailstorm.migrations.pause." + which, ranges, of -> pauseMs.applyAsDouble(of.summary()) / 1e3)
                .description("time from a seal to when its range could be accepted again")
                .baseUnit("seconds")
                .register(registry);
    }

    private static void log(MeterRegistry registry, Log log, StreamName stream) {
        String name = stream.text();
        FunctionCounter.builder(
                        "hailstorm.log.records", log, of -> of.stats(stream).appendedRecordCount())
                .description("records appended")
                .tag("stream", name)
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.log.bytes", log, of -> of.stats(stream).appendedBytes())
                .description("bytes appended")
                .baseUnit("bytes")
                .tag("stream", name)
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.log.syncs", log, of -> of.stats(stream).syncCount())
                .description("group commits")
                .tag("stream", name)
                .register(registry);
        Gauge.builder("hailstorm.log.sync.max", log, of -> of.stats(stream).syncNsMax() / NS_PER_S)
                .description("longest sync since the start")
                .baseUnit("seconds")
                .tag("stream", name)
                .register(registry);
        Gauge.builder("hailstorm.log.backlog", log, of -> of.stats(stream).backlogBytes())
                .description("appended, not yet synced")
                .baseUnit("bytes")
                .tag("stream", name)
                .register(registry);
        FunctionCounter.builder(
                        "hailstorm.log.backpressure",
                        log,
                        of -> of.stats(stream).backPressuredCount())
                .description("appends answered with back-pressure")
                .tag("stream", name)
                .register(registry);
        faults(registry, log, stream);
    }

    private static void faults(MeterRegistry registry, Log log, StreamName stream) {
        fault(registry, log, stream, "disk.full", "appends refused for want of disk space", LogFaults::diskFullCount);
        fault(registry, log, stream, "syncs.slow", "syncs longer than 200 ms", LogFaults::slowSyncCount);
        fault(registry, log, stream, "stopped", "partitions stopped by a failure of the disk", LogFaults::stoppedCount);
        fault(registry, log, stream, "reads.corrupt", "reads refused for corruption", LogFaults::corruptReadCount);
        fault(registry, log, stream, "quarantined", "records lost to repairs", LogFaults::gapRecordCount);
        fault(registry, log, stream, "truncated", "bytes of torn tails cut off at start", LogFaults::truncatedBytes);
        fault(registry, log, stream, "producers.expired", "producers forgotten", LogFaults::expiredProducerCount);
    }

    private static void fault(
            MeterRegistry registry,
            Log log,
            StreamName stream,
            String name,
            String description,
            ToDoubleFunction<LogFaults> count) {
        Gauge.builder(
                        "hailstorm.log." + name,
                        log,
                        of -> count.applyAsDouble(of.stats(stream).faults()))
                .description(description)
                .tag("stream", stream.text())
                .register(registry);
    }
}
