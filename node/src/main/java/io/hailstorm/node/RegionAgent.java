package io.hailstorm.node;

import io.hailstorm.ingest.IngestAgent;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.matching.Matcher;
import io.hailstorm.matching.MatcherOutput;
import io.hailstorm.matching.RoundCompleted;
import io.hailstorm.matching.TripEvent;
import io.hailstorm.pricing.PriceBook;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.InputCut;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.DirectBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOG = LoggerFactory.getLogger(RegionAgent.class);
    private static final int RECORDS_PER_READ = 8192;

    private final Log log;
    private final TimeSource time;
    private final TimeSource wall;
    private final EventWriter writer;
    private final RangeOwnership ranges;
    private final ServedPartitions served;
    private final Supplier<Dispatch> dispatches;
    private final PriceBook prices;
    private final RegionStats stats;
    private final LatencyProbe probe;
    private final HybridLogicalClock clock;
    private final DeadLetters letters;
    private final PoisonGate gate;
    private final CatchUp catchUp;
    private final long[] fixesOffsets;
    /** Of partitions that another node serves; what this one serves it wrote itself. */
    private final long[] lateOffsets;

    private final long[] tripsOffsets;
    private final FixView fix = new FixView();
    private final List<Runnable> nextTurn = new ArrayList<>();
    private final RecordHandler onFixRecord = this::onFixRecord;
    private final RecordHandler onForeignFixRecord = this::onForeignFixRecord;
    /** Rounds wait for the end of the tick that held them, which is when their solve time is known. */
    private final List<RoundCompleted> heldRounds = new ArrayList<>(1);

    private IngestAgent ingest;
    private Recovery recovery;
    private volatile Dispatch dispatch;
    private int readPartition;
    private long pricesOffset;
    private long mapEpoch;
    private volatile long turns;
    private volatile long indexedFixes;

    @SuppressWarnings("NullAway.Init") // ingest refers to this agent's ports and is set by attach
    RegionAgent(
            Log log,
            TimeSource time,
            TimeSource wall,
            EventWriter writer,
            HybridLogicalClock clock,
            RangeOwnership ranges,
            ServedPartitions served,
            Supplier<Dispatch> dispatches,
            PriceBook prices,
            RegionStats stats,
            LatencyProbe probe) {
        this.log = log;
        this.time = time;
        this.wall = wall;
        this.writer = writer;
        this.clock = clock;
        this.ranges = ranges;
        this.served = served;
        this.dispatches = dispatches;
        this.prices = prices;
        this.stats = stats;
        this.probe = probe;
        letters = new DeadLetters(log);
        gate = new PoisonGate(letters);
        fixesOffsets = new long[log.partitionCount()];
        lateOffsets = new long[log.partitionCount()];
        tripsOffsets = new long[log.partitionCount()];
        catchUp = new CatchUp(log, served, ranges, fixesOffsets, lateOffsets, tripsOffsets);
    }

    void attach(IngestAgent edge, Recovery folds) {
        ingest = edge;
        recovery = folds;
        dispatch = dispatches.get();
        mapEpoch = ranges.map().epoch();
    }

    /** Where live reading begins, once recovery has folded everything before. */
    void startFrom(long[] fixes, long[] late, long[] trips, long pricesFrom) {
        System.arraycopy(fixes, 0, fixesOffsets, 0, fixes.length);
        System.arraycopy(late, 0, lateOffsets, 0, late.length);
        System.arraycopy(trips, 0, tripsOffsets, 0, trips.length);
        pricesOffset = pricesFrom;
    }

    /** One turn; the amount of work done. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, the others only read
    int doWork() {
        long nowMs = time.epochMs();
        int work = runSubmitted();
        gate.tick(nowMs);
        work += letters.read();
        if (served.isShared()) {
            work += followOwnership(nowMs);
        }
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
        if (served.dispatches()) {
            work += tick(nowMs);
            writer.flush();
        }
        work += letters.write(writer, served);
        turns = turns + 1;
        return work;
    }

    /** Turns taken so far; any thread. */
    long turns() {
        return turns;
    }

    CatchUp catchUp() {
        return catchUp;
    }

    /** What stands between the log and the folds; this thread. */
    PoisonGate gate() {
        return gate;
    }

    /** The next record of a stream's partition that this region reads, as of its last turn; any thread. */
    long position(StreamName stream, int partition) {
        long asOfTurn = turns;
        return switch (stream) {
            case FIXES -> fixesOffsets[partition];
            case TRIPS -> tripsOffsets[partition];
            case PRICES -> partition == 0 && asOfTurn >= 0 ? pricesOffset : PartitionReader.NULL_OFFSET;
            case CONTROL, LATE, DEAD_LETTERS -> PartitionReader.NULL_OFFSET;
        };
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

    /** What decides here, or would; this thread. */
    Dispatch dispatch() {
        return dispatch;
    }

    /** For metrics, which may see the former one for a while; any thread. */
    Matcher matcher() {
        return dispatch.matcher();
    }

    /**
     * Takes up the partitions that came to this node, once everything in them is read, and lets go of those that went. Also
     * reads what other nodes put into {@code late}.
     */
    private int followOwnership(long nowMs) {
        int work = 0;
        // Downwards, so that to begin deciding, which takes longest, comes last.
        for (int partition = fixesOffsets.length - 1; partition >= 0; partition--) {
            boolean owns = log.owns(partition);
            if (served.serves(partition) && !owns) {
                lose(partition);
                work++;
            } else if (!served.serves(partition)) {
                work += readLate(partition);
                if (owns
                        && catchUp.isDone(pricesOffset)
                        && (partition != ServedPartitions.DISPATCH_PARTITION || catchUp.knowsRequests(nowMs))) {
                    take(partition, nowMs);
                    work++;
                }
            }
        }
        return work;
    }

    private void take(int partition, long nowMs) {
        served.set(partition, true);
        LOG.info("serving partition {}, {} in all", partition, served.count());
        if (partition == ServedPartitions.DISPATCH_PARTITION) {
            writer.clear();
            recovery.decide(dispatch, tripsOffsets, pricesOffset, nowMs);
            LOG.info(
                    "deciding for the region, {} open trips", dispatch.matcher().openTripCount());
        }
    }

    private void lose(int partition) {
        served.set(partition, false);
        ingest.lose(partition);
        ranges.lose(partition);
        lateOffsets[partition] = ingest.checkpointOffset(StreamName.LATE, partition);
        LOG.info("partition {} is another node's, {} left", partition, served.count());
        if (partition == ServedPartitions.DISPATCH_PARTITION) {
            writer.clear();
            heldRounds.clear();
            dispatch = dispatches.get();
            recovery.recentFixes(dispatch, fixesOffsets);
        }
    }

    private int readLate(int partition) {
        PartitionLog late = log.partition(StreamName.LATE, partition);
        long from = lateOffsets[partition];
        if (from >= late.durableOffset()) {
            return 0;
        }
        lateOffsets[partition] = late.read(from, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
            boolean isFix = type == RecordType.FIX || type == RecordType.REJECTED_FIX;
            if (isFix && gate.fix(StreamName.LATE, partition, offset, hlc, type, buffer, index, length)) {
                ingest.recover(partition, fix.wrap(buffer, index), true);
            }
            return !isFix || gate.goOn(offset);
        });
        lateOffsets[partition] = gate.resume(lateOffsets[partition]);
        ingest.folded(StreamName.LATE, partition, lateOffsets[partition]);
        return (int) (lateOffsets[partition] - from);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes, the others only read
    private int readFixes() {
        long read = 0;
        for (int partition = 0; partition < fixesOffsets.length; partition++) {
            PartitionLog fixes = log.partition(StreamName.FIXES, partition);
            long from = fixesOffsets[partition];
            if (from < fixes.durableOffset()) {
                boolean foreign = !served.serves(partition);
                readPartition = partition;
                fixesOffsets[partition] =
                        gate.resume(fixes.read(from, RECORDS_PER_READ, foreign ? onForeignFixRecord : onFixRecord));
                if (foreign) {
                    ingest.folded(StreamName.FIXES, partition, fixesOffsets[partition]);
                }
                read += fixesOffsets[partition] - from;
            }
        }
        if (read > 0) {
            indexedFixes = indexedFixes + read;
        }
        return (int) read;
    }

    /** A driver that another node serves: its session is folded too, so that this node could go on with it. */
    private boolean onForeignFixRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        clock.restore(hlc);
        if (type == RecordType.FIX) {
            if (!gate.fix(StreamName.FIXES, readPartition, offset, hlc, type, buffer, index, length)) {
                return gate.goOn(offset);
            }
            ingest.recover(readPartition, fix.wrap(buffer, index), false);
            dispatchFix();
        } else if (type == RecordType.EVENT) {
            Event event = EventReader.read(buffer, index, length);
            ingest.recoverHandOver(readPartition, event);
            onRangeRecord(offset, event);
        }
        return true;
    }

    private void onRangeRecord(long offset, Event event) {
        RangeCodec.range(event)
                .ifPresent(record -> ranges.onRangeRecord(readPartition, offset, record, event.getTimeMs()));
    }

    /** Records of {@code fixes} folded into the index so far; any thread. */
    long indexedFixes() {
        return indexedFixes;
    }

    private boolean onFixRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        if (type == RecordType.FIX) {
            if (!gate.fix(StreamName.FIXES, readPartition, offset, hlc, type, buffer, index, length)) {
                return gate.goOn(offset);
            }
            fix.wrap(buffer, index);
            dispatchFix();
        } else if (type == RecordType.EVENT) {
            onRangeRecord(offset, EventReader.read(buffer, index, length));
        }
        return true;
    }

    private void dispatchFix() {
        dispatch.matcher().onFix(fix);
        dispatch.pricing().onFix(fix);
        ranges.onFix(fix.cell());
    }

    private int readTrips() {
        long read = 0;
        for (int partition = 0; partition < tripsOffsets.length; partition++) {
            PartitionLog trips = log.partition(StreamName.TRIPS, partition);
            long from = tripsOffsets[partition];
            if (from < trips.durableOffset()) {
                int at = partition;
                tripsOffsets[partition] =
                        gate.resume(trips.read(from, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
                            clock.restore(hlc);
                            if (type != RecordType.EVENT) {
                                stats.skipped();
                                return true;
                            }
                            Event event = gate.event(StreamName.TRIPS, at, offset, hlc, buffer, index, length);
                            if (event != null) {
                                onTripRecord(at, offset, event);
                            }
                            return gate.goOn(offset);
                        }));
                read += tripsOffsets[partition] - from;
            }
        }
        return (int) read;
    }

    private void onTripRecord(int partition, long offset, Event event) {
        if (EventReader.isUnknown(event)) {
            stats.skipped();
            return;
        }
        catchUp.onTrip(event);
        ingest.tripFeed().onEvent(partition, offset, event);
        if (!served.dispatches()) {
            return;
        }
        if (event.hasQuoteIssued()) {
            onQuote(event);
        } else {
            EventCodec.command(event)
                    .ifPresent(command -> dispatch.matcher().onCommand(command, event.getEventId(), event.getTimeMs()));
        }
    }

    /** Demand is what riders looked at, booked or not. */
    private void onQuote(Event event) {
        dispatch.pricing()
                .onQuoteIntent(
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
        pricesOffset =
                gate.resume(published.read(from, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
                    if (type != RecordType.EVENT) {
                        stats.skipped();
                        return true;
                    }
                    Event event = gate.event(StreamName.PRICES, 0, offset, hlc, buffer, index, length);
                    if (event != null && event.hasPricesPublished()) {
                        prices.apply(EventCodec.priceUpdate(event.getPricesPublished()));
                        ingest.priceFeed().onPrices(event.getPricesPublished());
                    }
                    return gate.goOn(offset);
                }));
        return (int) (pricesOffset - from);
    }

    private int tick(long nowMs) {
        long startNs = wall.monotonicNs();
        int work = dispatch.matcher().onTick(nowMs);
        if (!heldRounds.isEmpty()) {
            long solveNs = wall.monotonicNs() - startNs;
            heldRounds.forEach(held -> stats.round(held, solveNs));
            heldRounds.clear();
        }
        PriceUpdate update = dispatch.pricing().onTick(nowMs).orElse(null);
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

    /**
     * The partition of a trip's home cell; a trip from outside, which only a malformed command names, goes to the first. Where
     * nodes share the log all decisions go to the partition that comes with deciding.
     */
    private int tripsPartition(long homeCell) {
        if (served.isShared()) {
            return ServedPartitions.DISPATCH_PARTITION;
        }
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
