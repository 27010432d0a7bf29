package io.hailstorm.node;

import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.matching.Matcher;
import io.hailstorm.matching.MatcherOutput;
import io.hailstorm.matching.RoundCompleted;
import io.hailstorm.matching.TripEvent;
import io.hailstorm.pricing.PriceBook;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.pricing.PricingEngine;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.InputCut;
import java.util.ArrayList;
import java.util.List;

/**
 * The one thread of a region. A turn, in order: the edge appends what phones sent and answers what became durable; the
 * newly <em>durable</em> records of every partition are folded into matching, pricing and the trips' feed; ownership takes
 * its step; time is told to matching and pricing; what they decided is appended. Nothing acts on a record that a crash could
 * take back.
 *
 * <p>One fix, one trip: {@link IngestAgent#doWork} appends the fix; {@link #readFixes} hands it, durable, to the matcher and
 * the prices. A rider's request is appended by the edge; {@link #readTrips} hands it to the matcher; the round that
 * {@link #tick} holds emits an offer, which {@link #emit} appends; durable, it comes back through {@link #readTrips}, and
 * the feed pushes it to the driver's phone.
 */
final class RegionAgent implements MatcherOutput {
    private static final int RECORDS_PER_READ = 8192;

    private final Log log;
    private final TimeSource time;
    private final TimeSource wall;
    private final EventWriter writer;
    private final RangeOwnership ranges;
    private final PricingEngine pricing;
    private final PriceBook prices;
    private final RegionStats stats;
    private final LatencyProbe probe;
    private final long[] fixesOffsets;
    private final long[] tripsOffsets;
    private final FixView fix = new FixView();
    private final List<Runnable> nextTurn = new ArrayList<>();
    private final RecordHandler onFixRecord = this::onFixRecord;
    /** Rounds wait for the end of the tick that held them, which is when their solve time is known. */
    private final List<RoundCompleted> heldRounds = new ArrayList<>(1);

    private IngestAgent ingest;
    private Matcher matcher;
    private long pricesOffset;
    private long mapEpoch;
    private volatile long turns;
    private volatile long indexedFixes;

    @SuppressWarnings("NullAway.Init") // ingest and matcher refer to this agent's ports and are set by attach
    RegionAgent(
            Log log,
            TimeSource time,
            TimeSource wall,
            EventWriter writer,
            RangeOwnership ranges,
            PricingEngine pricing,
            PriceBook prices,
            RegionStats stats,
            LatencyProbe probe) {
        this.log = log;
        this.time = time;
        this.wall = wall;
        this.writer = writer;
        this.ranges = ranges;
        this.pricing = pricing;
        this.prices = prices;
        this.stats = stats;
        this.probe = probe;
        fixesOffsets = new long[log.partitionCount()];
        tripsOffsets = new long[log.partitionCount()];
    }

    void attach(IngestAgent edge, Matcher matching) {
        ingest = edge;
        matcher = matching;
        mapEpoch = ranges.map().epoch();
    }

    /** Where live reading begins, once recovery has folded everything before. */
    void startFrom(long[] fixes, long[] trips, long pricesFrom) {
        System.arraycopy(fixes, 0, fixesOffsets, 0, fixes.length);
        System.arraycopy(trips, 0, tripsOffsets, 0, trips.length);
        pricesOffset = pricesFrom;
    }

    /** One turn; the amount of work done. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, the others only read
    int doWork() {
        long nowMs = time.epochMs();
        int work = runSubmitted();
        work += ingest.doWork(nowMs);
        if (ingest.appendedFixes() > 0) {
            probe.appended(ingest.firstArrivalNs(), ingest.appendedFixes());
        }
        work += readFixes();
        probe.observe(fixesOffsets);
        work += readTrips();
        work += readPrices();
        work += ranges.doWork(nowMs);
        if (ranges.map().epoch() != mapEpoch) {
            mapEpoch = ranges.map().epoch();
            ingest.partitionMap(ranges.map());
        }
        work += tick(nowMs);
        writer.flush();
        turns = turns + 1;
        return work;
    }

    /** Turns taken so far; any thread. */
    long turns() {
        return turns;
    }

    /** Runs something on this thread at the next turn; any thread. */
    void submit(Runnable task) {
        synchronized (nextTurn) {
            nextTurn.add(task);
        }
    }

    private int runSubmitted() {
        List<Runnable> tasks;
        synchronized (nextTurn) {
            if (nextTurn.isEmpty()) {
                return 0;
            }
            tasks = List.copyOf(nextTurn);
            nextTurn.clear();
        }
        tasks.forEach(Runnable::run);
        return tasks.size();
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, the others only read
    private int readFixes() {
        long read = 0;
        for (int partition = 0; partition < fixesOffsets.length; partition++) {
            PartitionLog fixes = log.partition(StreamName.FIXES, partition);
            long from = fixesOffsets[partition];
            if (from < fixes.durableOffset()) {
                fixesOffsets[partition] = fixes.read(from, RECORDS_PER_READ, onFixRecord);
                read += fixesOffsets[partition] - from;
            }
        }
        if (read > 0) {
            indexedFixes = indexedFixes + read;
        }
        return (int) read;
    }

    /** Records of {@code fixes} folded into the index so far; any thread. */
    long indexedFixes() {
        return indexedFixes;
    }

    private boolean onFixRecord(
            long offset, long hlc, int type, org.agrona.DirectBuffer buffer, int index, int length) {
        if (type == RecordType.FIX) {
            fix.wrap(buffer, index);
            matcher.onFix(fix);
            pricing.onFix(fix);
        }
        return true;
    }

    private int readTrips() {
        long read = 0;
        for (int partition = 0; partition < tripsOffsets.length; partition++) {
            PartitionLog trips = log.partition(StreamName.TRIPS, partition);
            long from = tripsOffsets[partition];
            if (from < trips.durableOffset()) {
                int at = partition;
                tripsOffsets[partition] =
                        trips.read(from, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
                            onTripRecord(at, offset, HistoryChecker.parse(buffer, index, length));
                            return true;
                        });
                read += tripsOffsets[partition] - from;
            }
        }
        return (int) read;
    }

    private void onTripRecord(int partition, long offset, Event event) {
        ingest.tripFeed().onEvent(partition, offset, event);
        if (event.hasQuoteIssued()) {
            onQuote(event);
        } else {
            EventCodec.command(event)
                    .ifPresent(command -> matcher.onCommand(command, event.getEventId(), event.getTimeMs()));
        }
    }

    /** Demand is what riders looked at, booked or not. */
    private void onQuote(Event event) {
        pricing.onQuoteIntent(
                new RiderId(event.getQuoteIssued().getRider()),
                EventCodec.point(event.getQuoteIssued().getPickup()),
                event.getTimeMs());
    }

    private int readPrices() {
        PartitionLog published = log.partition(StreamName.PRICES, 0);
        long from = pricesOffset;
        if (from >= published.durableOffset()) {
            return 0;
        }
        pricesOffset = published.read(from, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
            Event event = HistoryChecker.parse(buffer, index, length);
            if (event.hasPricesPublished()) {
                prices.apply(EventCodec.priceUpdate(event.getPricesPublished()));
                ingest.priceFeed().onPrices(event.getPricesPublished());
            }
            return true;
        });
        return (int) (pricesOffset - from);
    }

    private int tick(long nowMs) {
        long startNs = wall.monotonicNs();
        int work = matcher.onTick(nowMs);
        if (!heldRounds.isEmpty()) {
            long solveNs = wall.monotonicNs() - startNs;
            heldRounds.forEach(held -> stats.round(held, solveNs));
            heldRounds.clear();
        }
        PriceUpdate update = pricing.onTick(nowMs).orElse(null);
        if (update != null) {
            stats.prices(update);
            Event.Builder event = writer.begin(nowMs);
            EventCodec.encode(update, event);
            writer.write(StreamName.PRICES, 0, event.build());
            work++;
        }
        return work;
    }

    @Override
    public void emit(TripEvent event, long causationId, String correlationId, long timeMs) {
        Event.Builder out = writer.begin(timeMs).setCausationId(causationId).setCorrelationId(correlationId);
        EventCodec.encode(event, out);
        writer.write(StreamName.TRIPS, tripsPartition(event.trip().homeCell()), out.build());
    }

    /** The partition of a trip's home cell; a trip from outside, which only a malformed command names, goes to the first. */
    private int tripsPartition(long homeCell) {
        int partition = ranges.map().partitionOf(homeCell);
        return partition < 0 ? 0 : partition;
    }

    @Override
    public void roundCompleted(RoundCompleted completed, long timeMs) {
        heldRounds.add(completed);
        Event.Builder out = writer.begin(timeMs);
        EventCodec.encode(completed, cuts(), out);
        writer.write(StreamName.TRIPS, 0, out.build());
    }

    /** What this turn's round saw: every input's records below these offsets, and no other. */
    private List<InputCut> cuts() {
        List<InputCut> cuts = new ArrayList<>(2 * fixesOffsets.length);
        for (int partition = 0; partition < fixesOffsets.length; partition++) {
            cuts.add(cut(StreamName.FIXES, partition, fixesOffsets[partition]));
            cuts.add(cut(StreamName.TRIPS, partition, tripsOffsets[partition]));
        }
        return cuts;
    }

    private static InputCut cut(StreamName stream, int partition, long endOffset) {
        return InputCut.newBuilder()
                .setStream(stream.text())
                .setPartition(partition)
                .setEndOffsetExclusive(endOffset)
                .build();
    }
}
