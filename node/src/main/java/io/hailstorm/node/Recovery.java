package io.hailstorm.node;

import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.matching.Matcher;
import io.hailstorm.pricing.PriceBook;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.pricing.PricingEngine;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rebuilds a region's state from its log: sessions from the directory's checkpoint and the tail of {@code fixes} and
 * {@code late} after it; trips from all of {@code trips}, cause before effect; prices from {@code prices}; and where drivers
 * were lately from the fixes' last minutes. Commands without an outcome are decided at the end.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final long INDEX_WINDOW_MS = 600_000;
    private static final int RECORDS_PER_READ = 65_536;
    private static final int HLC_COUNTER_BITS = 16;

    private final Log log;
    private final HybridLogicalClock clock;
    private final IngestAgent ingest;
    private final Matcher matcher;
    private final PricingEngine pricing;
    private final PriceBook prices;
    private final FixView fix = new FixView();
    private long maxHlc;

    Recovery(
            Log log,
            HybridLogicalClock clock,
            IngestAgent ingest,
            Matcher matcher,
            PricingEngine pricing,
            PriceBook prices) {
        this.log = log;
        this.clock = clock;
        this.ingest = ingest;
        this.matcher = matcher;
        this.pricing = pricing;
        this.prices = prices;
    }

    /** Folds everything durable and hands the region its starting offsets. */
    void run(DriverDirectory directory, RegionAgent region, long nowMs) {
        long lastHlc = lastFixHlc();
        directory.forEach(ingest::restore);
        Map<String, List<Long>> offsets = directory.offsets();
        long[] fixes = recoverFixes(offsets.getOrDefault(StreamName.FIXES.text(), List.of()), lastHlc);
        recoverLate(offsets.getOrDefault(StreamName.LATE.text(), List.of()));
        long pricesEnd = recoverPrices();
        long[] trips = recoverTrips();
        clock.restore(Math.max(maxHlc, lastHlc));
        region.startFrom(fixes, trips, pricesEnd);
        matcher.finishRecovery(nowMs);
        LOG.info(
                "recovered {} drivers, {} open trips, price version {}",
                ingest.sessionCount(),
                matcher.openTripCount(),
                pricing.version());
    }

    private long lastFixHlc() {
        long[] last = {0};
        for (StreamName stream : StreamName.values()) {
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                PartitionLog source = log.partition(stream, partition);
                if (source.durableOffset() > source.startOffset()) {
                    source.read(source.durableOffset() - 1, 1, (offset, hlc, type, buffer, index, length) -> {
                        last[0] = Math.max(last[0], hlc);
                        return true;
                    });
                }
            }
        }
        return last[0];
    }

    private long[] recoverFixes(List<Long> checkpoint, long lastHlc) {
        long windowStartMs = Math.max(0, HybridLogicalClock.epochMs(lastHlc) - INDEX_WINDOW_MS);
        long[] ends = new long[log.partitionCount()];
        for (int partition = 0; partition < ends.length; partition++) {
            PartitionLog source = log.partition(StreamName.FIXES, partition);
            long windowStart = source.offsetAtOrAfter(windowStartMs << HLC_COUNTER_BITS);
            long offset = Math.min(start(checkpoint, partition, source), windowStart);
            int at = partition;
            ends[partition] = fold(source, offset, (from, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX) {
                    fix.wrap(buffer, index);
                    ingest.recover(at, fix, false);
                    if (from >= windowStart) {
                        matcher.onFix(fix);
                        pricing.onFix(fix);
                    }
                }
                return true;
            });
        }
        return ends;
    }

    private void recoverLate(List<Long> checkpoint) {
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            PartitionLog source = log.partition(StreamName.LATE, partition);
            int at = partition;
            fold(source, start(checkpoint, partition, source), (offset, hlc, type, buffer, index, length) -> {
                ingest.recover(at, fix.wrap(buffer, index), true);
                return true;
            });
        }
    }

    private static long start(List<Long> checkpoint, int partition, PartitionLog source) {
        return partition < checkpoint.size()
                ? Math.clamp(checkpoint.get(partition), source.startOffset(), source.durableOffset())
                : source.startOffset();
    }

    private static long fold(PartitionLog source, long from, io.hailstorm.log.RecordHandler handler) {
        long offset = from;
        while (offset < source.durableOffset()) {
            offset = source.read(offset, RECORDS_PER_READ, handler);
        }
        return offset;
    }

    private long[] recoverTrips() {
        long[] ends = new long[log.partitionCount()];
        List<PartitionLog> trips = new ArrayList<>();
        for (int partition = 0; partition < ends.length; partition++) {
            PartitionLog source = log.partition(StreamName.TRIPS, partition);
            trips.add(source);
            ends[partition] = source.durableOffset();
        }
        MergedEvents.forEach(trips, this::onTripRecord);
        return ends;
    }

    private void onTripRecord(int partition, long offset, Event event) {
        maxHlc = Math.max(maxHlc, event.getHlc());
        ingest.tripFeed().onEvent(partition, offset, event);
        if (event.hasQuoteIssued()) {
            pricing.onQuoteIntent(
                    new RiderId(event.getQuoteIssued().getRider()),
                    EventCodec.point(event.getQuoteIssued().getPickup()),
                    event.getTimeMs());
        } else if (event.hasRoundCompleted()) {
            matcher.replayRound(EventCodec.round(event.getRoundCompleted()), event.getTimeMs());
        } else {
            EventCodec.command(event)
                    .ifPresent(command -> matcher.recoverCommand(command, event.getEventId(), event.getTimeMs()));
            EventCodec.tripEvent(event)
                    .ifPresent(tripEvent -> matcher.replay(tripEvent, event.getCausationId(), event.getTimeMs()));
        }
    }

    private long recoverPrices() {
        PartitionLog source = log.partition(StreamName.PRICES, 0);
        return fold(source, source.startOffset(), (offset, hlc, type, buffer, index, length) -> {
            Event event = HistoryChecker.parse(buffer, index, length);
            if (event.hasPricesPublished()) {
                PriceUpdate update = EventCodec.priceUpdate(event.getPricesPublished());
                pricing.replay(update);
                prices.apply(update);
                ingest.priceFeed().onPrices(event.getPricesPublished());
            }
            return true;
        });
    }
}
