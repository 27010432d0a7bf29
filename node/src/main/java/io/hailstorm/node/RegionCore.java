package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.ingest.IngestPorts;
import io.hailstorm.ingest.PickupPolicy;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.matching.Matcher;
import io.hailstorm.matching.MatchingConfig;
import io.hailstorm.matching.MatchingPolicy;
import io.hailstorm.pricing.HmacSha256Signer;
import io.hailstorm.pricing.PriceBook;
import io.hailstorm.pricing.PricingConfig;
import io.hailstorm.pricing.PricingEngine;
import io.hailstorm.pricing.QuoteIssuer;
import io.hailstorm.pricing.Tariff;
import io.hailstorm.pricing.TripEstimator;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;

/**
 * A region without its surroundings: everything between the edge's ring and the log, wired. It opens no file, starts no
 * thread, listens nowhere and verifies no token; {@link HailstormNode} adds these, and the simulated world runs several of
 * them in one thread. All methods belong to one thread, but where another is named.
 *
 * <pre>
 *   new ──► tryFindMap, until true; the log works in between ──► recover ──► turn, turn, …
 * </pre>
 */
final class RegionCore {
    private static final double DETOUR = 1.3;
    private static final double CITY_METERS_PER_S = 7.0;

    private final CoreConfig config;
    private final Safeguards safeguards;
    private final TimeSource time;
    private final ServedPartitions served;
    private final Cells cells;
    private final RegionStats stats = new RegionStats();
    private final PipelineLatency latency = new PipelineLatency();
    private final EventWriter writer;
    private final RangeOwnership ranges;
    private final RegionAgent region;
    private final IngestAgent ingest;
    private final Recovery recovery;
    private final LogHolds holds;
    private Optional<Checkpointer> checkpointer = Optional.empty();

    /**
     * @param time the region's clock, which a simulation may own
     * @param wall real time, for durations that people look at
     * @param safeguards all of them, but in a test of a test
     */
    RegionCore(
            CoreConfig config,
            Log log,
            ServedPartitions served,
            TimeSource time,
            TimeSource wall,
            HmacSha256Signer quoteKey,
            MeterRegistry metrics,
            Safeguards safeguards) {
        this.config = config;
        cells = config.cells();
        this.safeguards = safeguards;
        this.time = time;
        this.served = served;
        holds = new LogHolds(log);
        HybridLogicalClock clock = new HybridLogicalClock(time);
        writer = new EventWriter(log, clock, served);
        ranges = new RangeOwnership(log, writer, served, cells, config.copyPortionRecords(), safeguards);
        PriceBook prices = new PriceBook();
        MatchingConfig matching = MatchingConfig.defaults();
        region = new RegionAgent(
                log,
                time,
                wall,
                writer,
                clock,
                ranges,
                served,
                () -> dispatch(matching),
                prices,
                stats,
                new LatencyProbe(log, wall, latency));
        QuoteIssuer quotes = new QuoteIssuer(
                config.region(),
                cells,
                prices,
                Tariff.usDefault(),
                TripEstimator.straightLine(DETOUR, CITY_METERS_PER_S),
                quoteKey);
        ingest = new IngestAgent(
                config.ingest(),
                log,
                cells,
                clock,
                ranges.map(),
                new IngestPorts(
                        new QuotePort(quotes, clock),
                        this::pickupVerdict,
                        new NearbyPort(region::matcher, matching.saga().idleStaleAfterMs()),
                        ranges,
                        served,
                        safeguards),
                wall,
                metrics);
        recovery = new Recovery(log, clock, ingest, prices, served, region.gate(), ranges);
        ranges.beforeRangeRecord(ingest::flushFixes);
        ranges.heldCount(ingest::heldCount);
        ranges.regions(config::homeOf);
        ranges.balance(config.balance());
        ranges.onOpened(open ->
                open.drivers().forEach(at -> ingest.recoverOpened(at.driver(), at.de(), at.session(), at.lastSeq())));
    }

    /**
     * Looks for the partition map in {@code control}, and proposes the first one where there is none and this region may.
     *
     * @return false while there is none: let the log do some work, and ask again
     */
    boolean tryFindMap() {
        return ranges.tryRecover(config.region(), config::firstMap, config.partitionCount(), time.epochMs());
    }

    /** Folds everything durable in. Once, after the map was found. */
    void recover(SessionStore sessions) {
        long nowMs = time.epochMs();
        ingest.partitionMap(ranges.map());
        region.attach(ingest, recovery);
        recovery.run(sessions, region, nowMs);
        checkpointer = Optional.of(
                new Checkpointer(ingest, sessions, holds, config.partitionCount(), config.checkpointMs(), nowMs));
    }

    /** One turn; the amount of work done. */
    int turn() {
        int work = region.doWork();
        checkpointer().collect(time.epochMs());
        return work;
    }

    /** What writes down the sessions that {@link #turn} collected, on a thread of its own choice. */
    Checkpointer checkpointer() {
        return checkpointer.orElseThrow(() -> new IllegalStateException("a region has to recover first"));
    }

    private Dispatch dispatch(MatchingConfig matching) {
        City city = config.city();
        return new Dispatch(
                new Matcher(
                        matching,
                        MatchingPolicy.of(config.policy(), matching),
                        cells,
                        city.geofences()::pickupAllowed,
                        region),
                new PricingEngine(PricingConfig.defaults(), cells, city.region().routingCells()));
    }

    /** Whether riders may be picked up there; any thread. */
    PickupPolicy.Verdict pickupVerdict(GeoPoint point) {
        City city = config.city();
        if (!city.geofences().insideServiceArea(point)
                || ranges.map().partitionOf(cells.cellOf(point.latE7(), point.lonE7(), Cells.ROUTING_RESOLUTION))
                        == PartitionMap.NO_PARTITION) {
            return PickupPolicy.Verdict.OUTSIDE_SERVICE_AREA;
        }
        return city.geofences().pickupAllowed(point)
                ? PickupPolicy.Verdict.ALLOWED
                : PickupPolicy.Verdict.NO_PICKUP_ZONE;
    }

    Safeguards safeguards() {
        return safeguards;
    }

    Cells cells() {
        return cells;
    }

    RegionAgent region() {
        return region;
    }

    IngestAgent ingest() {
        return ingest;
    }

    RangeOwnership ranges() {
        return ranges;
    }

    ServedPartitions served() {
        return served;
    }

    EventWriter writer() {
        return writer;
    }

    RegionStats stats() {
        return stats;
    }

    PipelineLatency latency() {
        return latency;
    }
}
