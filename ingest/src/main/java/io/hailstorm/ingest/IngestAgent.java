package io.hailstorm.ingest;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.protocol.v1.Event;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;

/**
 * The core side of the edge: the only writer of fixes and commands. Every method belongs to the region agent's thread,
 * except that the edge's call-backs reach it through bounded queues.
 *
 * <p>Before serving: {@link #restore} every checkpoint, then {@link #recover} every durable record of {@code fixes} and
 * {@code late} from the checkpoint's offsets, and feed every durable event of {@code trips} to {@link #tripFeed}. Then
 * call {@link #doWork} at every turn.
 */
public final class IngestAgent {
    private static final int RIDER_COMMANDS_PER_TURN = 256;
    private static final int RING_MESSAGES_PER_TURN = 1024;
    private static final int STREAMS_PER_TURN = 4096;

    private final EdgeHub hub;
    private final IngestMetrics metrics;
    private final DriverSessions sessions = new DriverSessions();
    private final FixAppender appender;
    private final TripAppender trips;
    private final HandOverStats handOverStats;
    private final HandOvers handOvers;
    private final FixDecider decider;
    private final TripFeed tripFeed;
    private final PriceFeed priceFeed;
    private final RiderDesk riders;
    private final DriverDesk drivers;
    private final ControlledMessageHandler ringHandler = this::onRingMessage;
    private long nowMs;
    private long arrivalNs;
    private int takenFixes;

    /**
     * @param clock the region's clock, shared with whoever else appends on this thread
     * @param map who owns which cell now
     * @param wall real time, by which arrivals are stamped
     */
    public IngestAgent(
            IngestConfig config,
            Log log,
            Cells cells,
            HybridLogicalClock clock,
            PartitionMap map,
            IngestPorts ports,
            TimeSource wall,
            MeterRegistry registry) {
        metrics = new IngestMetrics(registry);
        hub = new EdgeHub(config, metrics, cells, wall);
        PartitionServers servers = ports.servers();
        appender = new FixAppender(log, clock, metrics, servers);
        trips = new TripAppender(log, clock, servers);
        tripFeed = new TripFeed(config, sessions);
        handOverStats = new HandOverStats(registry);
        handOvers = new HandOvers(
                sessions,
                servers,
                appender,
                tripFeed,
                new HandOverWriter(log, clock, servers, appender),
                handOverStats,
                this::map,
                ports.safeguards());
        decider = new FixDecider(
                config,
                sessions,
                appender,
                metrics,
                cells,
                ports.rangeAdmission(),
                servers,
                handOvers,
                ports.safeguards(),
                map);
        priceFeed = new PriceFeed(config.maxWatchers(), metrics);
        riders = new RiderDesk(config, metrics, cells, decider, trips, tripFeed, priceFeed, ports);
        Reception reception = new Reception(sessions, servers, handOvers, appender, log.partitionCount());
        drivers = new DriverDesk(
                config, hub, sessions, servers, decider, trips, tripFeed, metrics, reception, handOverStats);
        metrics.watch(hub.ring(), this);
    }

    /**
     * One turn: takes what the edge brought, appends it, settles what became durable, and answers.
     *
     * @return amount of work done; 0 lets the caller back off
     */
    public int doWork(long now) {
        nowMs = now;
        int work = riders.serve(hub, RIDER_COMMANDS_PER_TURN, now);
        work += decider.releaseAll(now);
        if (!appender.isBlocked()) {
            takenFixes = 0;
            work += hub.ring().drain(ringHandler, RING_MESSAGES_PER_TURN);
        }
        appender.flush();
        work += appender.settle(drivers);
        work += trips.settle();
        work += handOvers.doWork(drivers, now);
        work += drivers.receiveEarly(now);
        work += drivers.answer(STREAMS_PER_TURN);
        work += priceFeed.catchUp();
        work += retryStalled();
        return work;
    }

    /**
     * Fixes that the turn just ended took from the edge and appended; 0 while the log is under back-pressure, and the whole
     * of it once that is over. Fixes held for a missing number count with the turn that took them.
     */
    public int appendedFixes() {
        return appender.isBlocked() ? 0 : takenFixes;
    }

    /** When the first message of {@link #appendedFixes} came, by the wall's monotonic clock. */
    public long firstArrivalNs() {
        return arrivalNs;
    }

    /** The map after a change of ownership. What was routed by the one before is appended first. */
    public void partitionMap(PartitionMap map) {
        appender.flush();
        decider.map(map);
    }

    /**
     * Appends every staged fix now, so that a record the caller appends next comes after them.
     *
     * @return false when the log is under back-pressure; ask again at the next turn
     */
    public boolean flushFixes() {
        return appender.flush();
    }

    /** Takes a checkpoint of a driver in. Before serving. */
    public void restore(SessionSnapshot snapshot) {
        sessions.restore(snapshot);
        handOvers.restored(sessions.findOrCreate(snapshot.driver()));
    }

    /**
     * Folds one durable record in. Before serving; records from before the checkpoint's offsets do no harm.
     *
     * @param late whether it is of {@code late}, accepted or rejected, rather than of {@code fixes}
     */
    public void recover(int partition, FixView fix, boolean late) {
        handOvers.sendOn(sessions.recover(partition, fix, late, decider.map()), drivers);
    }

    /**
     * Another node serves the partition from now on ({@link PartitionServers} says so already). What is durable is settled;
     * what is not was never seen; the phones concerned are told where to go. From here on the node folds the partition's
     * durable records in by {@link #recover}, beginning at {@link #checkpointOffset}.
     */
    public void lose(int partition) {
        appender.settle(partition, drivers);
        handOvers.lose(partition, drivers, nowMs);
        Map<DriverSession, long[]> undurable = DriverSessions.undurable(appender);
        Set<DriverSession> concerned = appender.pendingIn(partition);
        concerned.addAll(sessions.ownedBy(partition));
        appender.forget(partition);
        trips.lose(partition);
        for (DriverSession session : concerned) {
            drivers.lost(session, undurable.get(session));
        }
    }

    /**
     * Folds in what a durable event of {@code fixes} says about a driver on the way between partitions; other events do
     * nothing, and folding one twice changes nothing. Before serving, of every partition; after that, of those that another
     * node serves.
     */
    public void recoverHandOver(int partition, Event event) {
        handOvers.fold(partition, event, drivers, nowMs);
    }

    /** How hand-overs went since the start; any thread. */
    public HandOverSummary handOverSummary() {
        return handOverStats.summary();
    }

    /**
     * Where authority over a driver lies, as far as was read: the partition, or -1 when it lies nowhere known: of a driver
     * without records, about to leave this node, or between two partitions. Nobody accepts such a driver's fixes here.
     */
    public int authorityOf(long driver) {
        DriverSession session = sessions.find(driver);
        return session == null || session.leaving || session.isBetween()
                ? DriverSession.NO_OWNER
                : session.durableOwner();
    }

    private PartitionMap map() {
        return decider.map();
    }

    /**
     * Folds in where a driver stood when a range that opens here was sealed: no number up to that one enters the visible record
     * again. Harmless when more is known already.
     */
    public void recoverOpened(long driver, int de, long session, long lastSeq) {
        sessions.opened(driver, de, session, lastSeq);
    }

    /** Fixes that wait in their drivers' buffers: for a missing number, a sealed range, a hand-over or the log. */
    public int heldCount() {
        return sessions.heldCount();
    }

    /** The records of a partition that another node serves were folded in up to here. */
    public void folded(StreamName stream, int partition, long nextOffset) {
        appender.folded(stream, partition, nextOffset);
    }

    /** Hands out every driver changed since the last call, as of {@link #checkpointOffset}. */
    public void forEachSession(Consumer<SessionSnapshot> consumer) {
        sessions.forEachDirty(appender, consumer);
    }

    /**
     * The offset a checkpoint written now stands for: what is durable below it is in the snapshots.
     *
     * @param stream {@code fixes} or {@code late}
     */
    public long checkpointOffset(StreamName stream, int partition) {
        return appender.settledOffset(stream, partition);
    }

    /** Where the node feeds durable events of {@code trips}. */
    public TripFeed tripFeed() {
        return tripFeed;
    }

    /** Where the node feeds durable prices. */
    public PriceFeed priceFeed() {
        return priceFeed;
    }

    /** Fixes held at once because their range was sealed, as of the beginning of a turn, at most; any thread. */
    public long heldForRangesMax() {
        return decider.heldForRangesMax();
    }

    /** Drivers known. */
    public int sessionCount() {
        return sessions.count();
    }

    EdgeHub hub() {
        return hub;
    }

    IngestMetrics metrics() {
        return metrics;
    }

    private ControlledMessageHandler.Action onRingMessage(int type, MutableDirectBuffer buffer, int index, int length) {
        DriverStream stream = hub.stream(buffer.getInt(index + EdgeRing.SLOT_OFFSET));
        if (stream == null) {
            return ControlledMessageHandler.Action.CONTINUE;
        }
        boolean taken =
                switch (type) {
                    case EdgeRing.HELLO ->
                        drivers.hello(
                                stream,
                                buffer.getLong(index + EdgeRing.BODY_OFFSET),
                                buffer.getLong(index + EdgeRing.LONG_2_OFFSET),
                                AuthorityClaim.read(buffer, index),
                                nowMs);
                    case EdgeRing.FIXES -> fixes(stream, buffer, index);
                    case EdgeRing.OFFER_REPLY -> drivers.offerReply(stream, buffer, index, nowMs);
                    case EdgeRing.PROGRESS -> drivers.progress(stream, buffer, index, nowMs);
                    case EdgeRing.HALF_CLOSED -> drivers.halfClosed(stream);
                    case EdgeRing.CANCELLED -> drivers.ended(stream);
                    default -> throw new IllegalStateException("unknown ring message type " + type);
                };
        return taken ? ControlledMessageHandler.Action.CONTINUE : ControlledMessageHandler.Action.ABORT;
    }

    private boolean fixes(DriverStream stream, MutableDirectBuffer buffer, int index) {
        if (appender.isBlocked()) {
            return false;
        }
        int count = buffer.getInt(index + EdgeRing.SMALL_OFFSET);
        if (takenFixes == 0) {
            arrivalNs = buffer.getLong(index + EdgeRing.BODY_OFFSET);
        }
        takenFixes += count;
        drivers.fixes(stream, count, buffer, index + EdgeRing.FIXES_OFFSET, nowMs);
        return true;
    }

    /** Lets streams that found the ring full try again; each at most once a turn. */
    private int retryStalled() {
        int retried = 0;
        int waiting = Math.min(hub.stalledCount(), STREAMS_PER_TURN);
        for (; retried < waiting; retried++) {
            DriverStream stream = hub.pollStalled();
            if (stream == null) {
                break;
            }
            stream.retry();
        }
        return retried;
    }
}
