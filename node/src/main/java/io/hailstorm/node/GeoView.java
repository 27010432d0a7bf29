package io.hailstorm.node;

import io.hailstorm.log.GeoStatus;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * What this node's log knows of the other regions, asked for twice a second on the thread that calls {@link #doWork}, so
 * that whoever looks waits for nobody. Empty for a node of one region. Any thread reads.
 */
final class GeoView {
    private static final long INTERVAL_NS = 500_000_000;
    private static final double NOT_UP = 0;

    private final RegionLog log;
    private final List<String> peers;
    private final MultiGauge terms;
    private final MultiGauge owned;
    private final MultiGauge lagRecords;
    private final MultiGauge lagBytes;
    private final MultiGauge up;
    private boolean asked;
    private long askedNs;
    private volatile Optional<GeoStatus> latest = Optional.empty();

    GeoView(RegionLog log, Optional<RegionsConfig> regions, MeterRegistry registry) {
        this.log = log;
        peers = regions.map(each -> each.geo().members().stream()
                        .map(member -> member.region())
                        .filter(name -> !name.equals(each.geo().self()))
                        .toList())
                .orElse(List.of());
        terms = gauge(
                registry, "hailstorm.region.term", "term of the region's partitions, which grows with every owner");
        owned = gauge(registry, "hailstorm.region.owned", "1 while this node writes the region's partitions");
        lagRecords = gauge(
                registry,
                "hailstorm.region.copy.lag.records",
                "records a copy has yet to confirm, the most of a partition");
        lagBytes =
                gauge(registry, "hailstorm.region.copy.lag.bytes", "bytes a copy has yet to confirm, all partitions");
        up = gauge(registry, "hailstorm.region.peer.up", "1 while another region, or the witness, is heard");
        if (regions.isPresent()) {
            counters(registry);
        }
    }

    private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    private void counters(MeterRegistry registry) {
        counter(registry, "takeovers", "regions taken over because their owner was silent", of -> of.takeoverCount());
        counter(registry, "handbacks", "regions given back", of -> of.handBackCount());
        counter(registry, "batches.sent", "batches sent to copies, repeats left out", of -> of.sentBatchCount());
        counter(
                registry,
                "batches.resent",
                "times sending went back to what was confirmed",
                of -> of.resentBatchCount());
        counter(registry, "batches.copied", "batches appended to copies here", of -> of.copiedBatchCount());
        counter(registry, "batches.refused", "batches that came and were not appended", of -> of.refusedBatchCount());
        counter(registry, "confirms.fenced", "confirmations of another term", of -> of.fencedConfirmCount());
        counter(registry, "copies.dropped", "copies no longer waited for", of -> of.droppedCopyCount());
        counter(registry, "copies.joined", "copies waited for again", of -> of.joinedCopyCount());
        FunctionCounter.builder(
                        "hailstorm.region.frames.dropped",
                        log,
                        of -> of.network().map(way -> way.droppedCount()).orElse(0L))
                .description("frames between regions dropped at a bound or for want of a way")
                .register(registry);
        gauge(registry, "gaps", "gaps known of", status -> status.gaps().size());
        gauge(registry, "gap.records", "records in gaps, as far as known", GeoView::gapRecords);
    }

    private void counter(
            MeterRegistry registry, String name, String description, ToLongFunction<GeoStatus.Counters> count) {
        FunctionCounter.builder(
                        "hailstorm.region." + name,
                        this,
                        of -> of.latest
                                .map(status -> count.applyAsLong(status.counters()))
                                .orElse(0L))
                .description(description)
                .register(registry);
    }

    private void gauge(MeterRegistry registry, String name, String description, ToDoubleFunction<GeoStatus> value) {
        Gauge.builder(
                        "hailstorm.region." + name,
                        this,
                        of -> of.latest.map(value::applyAsDouble).orElse(0.0))
                .description(description)
                .register(registry);
    }

    static double gapRecords(GeoStatus status) {
        return status.gaps().stream().mapToLong(gap -> gap.to() - gap.from()).sum();
    }

    /** Asks, when half a second has passed. */
    int doWork(long nowNs) {
        if (log.geo().isEmpty() || asked && nowNs - askedNs < INTERVAL_NS) {
            return 0;
        }
        asked = true;
        askedNs = nowNs;
        GeoStatus status = log.geo().get().status();
        latest = Optional.of(status);
        show(status);
        return 1;
    }

    private void show(GeoStatus status) {
        List<MultiGauge.Row<?>> termRows = new ArrayList<>();
        List<MultiGauge.Row<?>> ownedRows = new ArrayList<>();
        List<MultiGauge.Row<?>> recordRows = new ArrayList<>();
        List<MultiGauge.Row<?>> byteRows = new ArrayList<>();
        for (GeoStatus.Region region : status.regions()) {
            String name = region.tenure().region();
            Tags tags = Tags.of("region", name);
            termRows.add(MultiGauge.Row.of(tags, region.tenure().term()));
            ownedRows.add(MultiGauge.Row.of(tags, region.role() == GeoStatus.Role.OWNER ? 1 : 0));
            for (String peer : peers) {
                List<GeoStatus.CopyLag> of = region.lags().stream()
                        .filter(lag -> lag.member().equals(peer))
                        .toList();
                recordRows.add(MultiGauge.Row.of(
                        tags.and("copy", peer),
                        of.stream().mapToLong(GeoStatus.CopyLag::records).max().orElse(0)));
                byteRows.add(MultiGauge.Row.of(
                        tags.and("copy", peer),
                        of.stream().mapToLong(GeoStatus.CopyLag::bytes).sum()));
            }
        }
        terms.register(termRows, true);
        owned.register(ownedRows, true);
        lagRecords.register(recordRows, true);
        lagBytes.register(byteRows, true);
        List<MultiGauge.Row<?>> upRows = new ArrayList<>();
        log.network().ifPresent(way -> {
            for (String peer : peers) {
                upRows.add(MultiGauge.Row.of(Tags.of("peer", peer), way.isUp(peer) ? 1 : NOT_UP));
            }
            upRows.add(MultiGauge.Row.of(
                    Tags.of("peer", RegionsConfig.WITNESS), way.isUp(RegionsConfig.WITNESS) ? 1 : NOT_UP));
        });
        up.register(upRows, true);
    }

    /** As of the last time it was asked for; empty before, and for one region. */
    Optional<GeoStatus> latest() {
        return latest;
    }

    /** For {@code /api/summary}. */
    Map<String, Double> figures() {
        Map<String, Double> figures = new LinkedHashMap<>();
        latest.ifPresent(status -> {
            long lag = status.regions().stream()
                    .flatMap(region -> region.lags().stream())
                    .mapToLong(GeoStatus.CopyLag::records)
                    .max()
                    .orElse(0);
            figures.put("region_copy_lag_records_max", (double) lag);
            figures.put("region_gaps", (double) status.gaps().size());
            figures.put("region_takeovers", (double) status.counters().takeoverCount());
        });
        return figures;
    }
}
