package io.hailstorm.node;

import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.matching.Matcher;
import io.hailstorm.pricing.PriceBook;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
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
    private final PriceBook prices;
    private final ServedPartitions served;
    private final PoisonGate gate;
    private final RangeOwnership ranges;
    private final FixView fix = new FixView();
    private long maxHlc;

    Recovery(
            Log log,
            HybridLogicalClock clock,
            IngestAgent ingest,
            PriceBook prices,
            ServedPartitions served,
            PoisonGate gate,
            RangeOwnership ranges) {
        this.log = log;
        this.clock = clock;
        this.ingest = ingest;
        this.prices = prices;
        this.served = served;
        this.gate = gate;
        this.ranges = ranges;
    }

    /**
     * Folds everything durable and hands the region its starting offsets. A node alone with its log serves all of it from
     * here on, and decides; one of several does so as the partitions come to it.
     */
    void run(SessionStore directory, RegionAgent region, long nowMs) {
        long lastHlc = lastHlc(log);
        gate.tick(nowMs);
        gate.letters().read();
        directory.forEach(ingest::restore);
        Map<String, List<Long>> offsets = directory.offsets();
        Dispatch dispatch = region.dispatch();
        boolean decides = !served.isShared();
        long[] fixes = recoverFixes(dispatch, offsets.getOrDefault(StreamName.FIXES.text(), List.of()), lastHlc);
        long[] late = recoverLate(offsets.getOrDefault(StreamName.LATE.text(), List.of()));
        long pricesEnd = recoverPrices(dispatch, decides);
        long[] trips = ends(StreamName.TRIPS);
        forEachTripEvent(trips, (partition, offset, event) -> {
            region.catchUp().onTrip(event);
            ingest.tripFeed().onEvent(partition, offset, event);
            if (decides) {
                onTripRecord(dispatch, event);
            }
        });
        clock.restore(Math.max(maxHlc, lastHlc));
        region.startFrom(fixes, late, trips, pricesEnd);
        if (decides) {
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                served.set(partition, true);
            }
            dispatch.matcher().finishRecovery(nowMs);
        }
        LOG.info(
                "recovered {} drivers, {} open trips, price version {}",
                ingest.sessionCount(),
                ingest.tripFeed().openTripCount(),
                dispatch.pricing().version());
    }

    /** Shows what begins anew the last minutes of fixes, below these offsets. */
    void recentFixes(Dispatch dispatch, long[] fixesEnds) {
        long windowStartMs = windowStartMs(lastHlc(log));
        for (int partition = 0; partition < fixesEnds.length; partition++) {
            PartitionLog source = log.partition(StreamName.FIXES, partition);
            long from = Math.min(source.offsetAtOrAfter(windowStartMs << HLC_COUNTER_BITS), fixesEnds[partition]);
            fold(source, from, fixesEnds[partition], (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX && isUsable(source, offset, hlc, type, buffer, index, length)) {
                    onFix(dispatch, fix.wrap(buffer, index));
                }
                return true;
            });
        }
    }

    /**
     * Folds trips and prices below these offsets into what is to decide from now on, and has seen the fixes all along;
     * commands without an outcome are decided.
     */
    void decide(Dispatch dispatch, long[] tripsEnds, long pricesEnd, long nowMs) {
        PartitionLog published = log.partition(StreamName.PRICES, 0);
        fold(published, published.startOffset(), pricesEnd, (offset, hlc, type, buffer, index, length) -> {
            Event event = type == RecordType.EVENT ? event(published, offset, hlc, buffer, index, length) : null;
            if (event != null && event.hasPricesPublished()) {
                dispatch.pricing().replay(EventCodec.priceUpdate(event.getPricesPublished()));
            }
            return true;
        });
        forEachTripEvent(tripsEnds, (partition, offset, event) -> onTripRecord(dispatch, event));
        clock.restore(maxHlc);
        dispatch.matcher().finishRecovery(nowMs);
    }

    /** The newest clock of any durable record. */
    static long lastHlc(Log log) {
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

    private static long windowStartMs(long lastHlc) {
        return Math.max(0, HybridLogicalClock.epochMs(lastHlc) - INDEX_WINDOW_MS);
    }

    private long[] ends(StreamName stream) {
        long[] ends = new long[log.partitionCount()];
        for (int partition = 0; partition < ends.length; partition++) {
            ends[partition] = log.partition(stream, partition).durableOffset();
        }
        return ends;
    }

    private static void onFix(Dispatch dispatch, FixView fix) {
        dispatch.matcher().onFix(fix);
        dispatch.pricing().onFix(fix);
    }

    private long[] recoverFixes(Dispatch dispatch, List<Long> checkpoint, long lastHlc) {
        long windowStartMs = windowStartMs(lastHlc);
        long[] ends = ends(StreamName.FIXES);
        for (int partition = 0; partition < ends.length; partition++) {
            PartitionLog source = log.partition(StreamName.FIXES, partition);
            long windowStart = source.offsetAtOrAfter(windowStartMs << HLC_COUNTER_BITS);
            long offset = Math.min(start(checkpoint, partition, source), windowStart);
            int at = partition;
            fold(source, offset, ends[partition], (from, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX) {
                    if (isUsable(source, from, hlc, type, buffer, index, length)) {
                        fix.wrap(buffer, index);
                        ingest.recover(at, fix, false);
                        if (from >= windowStart) {
                            onFix(dispatch, fix);
                        }
                    }
                } else if (type == RecordType.EVENT) {
                    Event event = EventReader.read(buffer, index, length);
                    ingest.recoverHandOver(at, event);
                    RangeCodec.range(event)
                            .ifPresent(record -> ranges.onRangeRecord(at, from, record, event.getTimeMs()));
                }
                return true;
            });
        }
        return ends;
    }

    private long[] recoverLate(List<Long> checkpoint) {
        long[] ends = ends(StreamName.LATE);
        for (int partition = 0; partition < ends.length; partition++) {
            PartitionLog source = log.partition(StreamName.LATE, partition);
            int at = partition;
            fold(
                    source,
                    start(checkpoint, partition, source),
                    ends[partition],
                    (offset, hlc, type, buffer, index, length) -> {
                        boolean isFix = type == RecordType.FIX || type == RecordType.REJECTED_FIX;
                        if (isFix && isUsable(source, offset, hlc, type, buffer, index, length)) {
                            ingest.recover(at, fix.wrap(buffer, index), true);
                        }
                        return true;
                    });
        }
        return ends;
    }

    private static long start(List<Long> checkpoint, int partition, PartitionLog source) {
        return partition < checkpoint.size()
                ? Math.clamp(checkpoint.get(partition), source.startOffset(), source.durableOffset())
                : source.startOffset();
    }

    private static long fold(PartitionLog source, long from, long end, io.hailstorm.log.RecordHandler handler) {
        long offset = from;
        while (offset < end) {
            offset = source.read(offset, (int) Math.min(RECORDS_PER_READ, end - offset), handler);
        }
        return offset;
    }

    private void forEachTripEvent(long[] ends, TripHandler handler) {
        List<PartitionLog> trips = new ArrayList<>();
        for (int partition = 0; partition < ends.length; partition++) {
            trips.add(log.partition(StreamName.TRIPS, partition));
        }
        MergedEvents.forEach(trips, ends, (source, offset, hlc, bytes) -> {
            Event event = event(source, offset, hlc, bytes, 0, bytes.capacity());
            if (event != null) {
                maxHlc = Math.max(maxHlc, event.getHlc());
                handler.onEvent(source.partition(), offset, event);
            }
        });
    }

    private @Nullable Event event(
            PartitionReader source, long offset, long hlc, DirectBuffer buffer, int index, int length) {
        Event event = gate.event(source.stream(), source.partition(), offset, hlc, buffer, index, length);
        refuseStall(source, offset);
        return event;
    }

    private boolean isUsable(
            PartitionReader source, long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        boolean usable = gate.fix(source.stream(), source.partition(), offset, hlc, type, buffer, index, length);
        refuseStall(source, offset);
        return usable;
    }

    /** A node that began without a record it could neither read nor park would forget it. */
    private void refuseStall(PartitionReader source, long offset) {
        if (gate.isStalled()) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED,
                    "too many open dead letters: open=" + gate.letters().openCount() + ", max=" + DeadLetters.OPEN_MAX
                            + ", at " + source.stream() + "/" + source.partition() + "@" + offset
                            + "; look at them with 'hailstorm dlq list' and end them with 'hailstorm dlq replay'");
        }
    }

    /** Receives the events of trips in order. */
    private interface TripHandler {
        void onEvent(int partition, long offset, Event event);
    }

    private static void onTripRecord(Dispatch dispatch, Event event) {
        Matcher matcher = dispatch.matcher();
        if (event.hasQuoteIssued()) {
            dispatch.pricing()
                    .onQuoteIntent(
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

    private long recoverPrices(Dispatch dispatch, boolean decides) {
        PartitionLog source = log.partition(StreamName.PRICES, 0);
        long end = source.durableOffset();
        return fold(source, source.startOffset(), end, (offset, hlc, type, buffer, index, length) -> {
            if (type != RecordType.EVENT) {
                return true;
            }
            Event event = event(source, offset, hlc, buffer, index, length);
            if (event != null && event.hasPricesPublished()) {
                PriceUpdate update = EventCodec.priceUpdate(event.getPricesPublished());
                if (decides) {
                    dispatch.pricing().replay(update);
                }
                prices.apply(update);
                ingest.priceFeed().onPrices(event.getPricesPublished());
            }
            return true;
        });
    }
}
