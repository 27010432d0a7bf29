package io.hailstorm.ingest;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.protocol.v1.FixRejection;
import java.util.List;
import org.agrona.MutableDirectBuffer;

/**
 * Puts each fix in its place in its driver's sequence. Every fix ends in exactly one outcome:
 *
 * <table>
 * <caption>Outcomes, first match wins</caption>
 * <tr><th>the fix</th><th>outcome</th></tr>
 * <tr><td>number not positive, or beyond the window</td><td>rejected, not remembered: the phone may send it again</td></tr>
 * <tr><td>number seen before</td><td>duplicate</td></tr>
 * <tr><td>number smaller than the visible record's last</td><td>late: to the {@code late} stream</td></tr>
 * <tr><td>a smaller number is missing</td><td>held, until it comes, 64 are held, or 2 s passed</td></tr>
 * <tr><td>fails validation</td><td>rejected with a reason, remembered in the {@code late} stream</td></tr>
 * <tr><td>older than the lateness bound</td><td>late</td></tr>
 * <tr><td>its range is sealed, or authority is about to move</td><td>held until that is over</td></tr>
 * <tr><td>authority moves to another node</td><td>held, then let go: the phone sends it there</td></tr>
 * <tr><td>late or rejected, of a driver who is nobody's, where nothing is served</td><td>the same</td></tr>
 * <tr><td>otherwise</td><td>accepted: to the owner's partition of {@code fixes}</td></tr>
 * </table>
 *
 * <p>Owned by the agent's thread. Steady state: no allocation.
 */
final class FixDecider {
    static final double SPEED_MAX_METERS_PER_MS = 0.1;
    /** Up to this much time between fixes, noise may look like speed … */
    static final long NOISE_TIME_MS = 1_000;
    /** … and so much distance is forgiven. */
    static final double NOISE_METERS = 500;
    /** So many implausible fixes that agree with each other mean that the anchor was wrong. */
    static final int REANCHOR_COUNT = 3;
    /** Metres a 1e-7 degree of latitude spans; a little more than of longitude anywhere. */
    private static final double METERS_PER_E7 = 0.011132;

    private final IngestConfig config;
    private final DriverSessions sessions;
    private final FixAppender appender;
    private final IngestMetrics metrics;
    private final Cells cells;
    private final RangeAdmission admission;
    private final PartitionServers servers;
    private final HandOvers handOvers;
    private final boolean dedupes;
    private final FixView view = new FixView();
    private PartitionMap map;
    private boolean isRangeSealed;
    private volatile long heldForRangesMax;

    FixDecider(
            IngestConfig config,
            DriverSessions sessions,
            FixAppender appender,
            IngestMetrics metrics,
            Cells cells,
            RangeAdmission admission,
            PartitionServers servers,
            HandOvers handOvers,
            Safeguards safeguards,
            PartitionMap map) {
        this.config = config;
        this.sessions = sessions;
        this.appender = appender;
        this.metrics = metrics;
        this.cells = cells;
        this.admission = admission;
        this.servers = servers;
        this.handOvers = handOvers;
        dedupes = safeguards.has(Safeguard.DEDUPE);
        this.map = map;
    }

    PartitionMap map() {
        return map;
    }

    void map(PartitionMap newMap) {
        map = newMap;
    }

    /** A fix has come. The record is scratch space of the ring: it may be written to. */
    void arrive(DriverSession session, DriverStream stream, MutableDirectBuffer buffer, int index, long nowMs) {
        long seq = view.wrap(buffer, index).seq();
        if (seq <= 0 || seq > session.doneSeq() + SeqWindow.SIZE) {
            refuse(stream, seq, FixRejection.SEQ_OUT_OF_WINDOW_VALUE);
            return;
        }
        if (session.window.isSeen(seq)) {
            if (!dedupes && acceptAgain(session, stream, seq, buffer, index)) {
                return;
            }
            stream.tally.duplicate();
            metrics.duplicateFix();
            return;
        }
        session.window.mark(seq);
        boolean next = seq == session.orderSeq + 1 || seq <= session.orderSeq;
        if (session.hasHeld() || !next || !decide(session, stream, seq, buffer, index, nowMs)) {
            sessions.heldOf(session).insert(buffer, index, seq, nowMs, stream);
            release(session, nowMs);
        }
    }

    /** Rejects a fix that leaves no trace in the sequence. */
    void refuse(DriverStream stream, long seq, int reason) {
        stream.tally.rejected(seq, reason);
        metrics.rejectedFixes(reason, 1);
    }

    /** Looks at every driver with held fixes again. */
    int releaseAll(long nowMs) {
        List<DriverSession> holding = sessions.holding();
        int released = 0;
        long heldForRanges = 0;
        for (int i = holding.size() - 1; i >= 0; i--) {
            DriverSession session = holding.get(i);
            isRangeSealed = false;
            released += release(session, nowMs);
            if (isRangeSealed && session.held != null) {
                heldForRanges += session.held.count();
            }
        }
        if (heldForRanges > heldForRangesMax) {
            heldForRangesMax = heldForRanges;
        }
        return released;
    }

    /** Fixes held at once because their range was sealed, at most; any thread. */
    long heldForRangesMax() {
        return heldForRangesMax;
    }

    private int release(DriverSession session, long nowMs) {
        HeldFixes held = session.held;
        if (held == null) {
            return 0;
        }
        int released = 0;
        while (!held.isEmpty()) {
            long seq = held.firstSeq();
            boolean due = seq <= session.orderSeq + 1
                    || held.count() >= config.reorderCapacity()
                    || nowMs - held.firstArrivalMs() >= config.reorderMs();
            if (!due || !decide(session, held.firstStream(), seq, held.buffer(), held.firstIndex(), nowMs)) {
                break;
            }
            held.removeFirst();
            released++;
        }
        if (held.isEmpty()) {
            sessions.noLongerHolding(session);
        }
        return released;
    }

    /**
     * Sends what an older session still holds to the late stream, before a newer one begins.
     *
     * @return false when the log is under back-pressure; ask again
     */
    boolean abandonHeld(DriverSession session) {
        HeldFixes held = session.held;
        if (held == null) {
            return true;
        }
        // Where nobody may write them down they are dropped: nobody was told that they are kept, and their app is gone.
        boolean isKept = mayWriteLate(session);
        while (!held.isEmpty()) {
            if (!isKept) {
                held.removeFirst();
                continue;
            }
            if (appender.isBlocked()) {
                return false;
            }
            appender.late(
                    PendingAcks.LATE,
                    map,
                    session,
                    held.firstStream(),
                    held.firstSeq(),
                    held.buffer(),
                    held.firstIndex());
            held.removeFirst();
        }
        sessions.noLongerHolding(session);
        return true;
    }

    /** Whether there is a late stream that this node writes; a batch for another one would block the edge for ever. */
    private boolean mayWriteLate(DriverSession session) {
        return servers.serves(appender.latePartition(session));
    }

    /** A driver who is nobody's, at a node that serves nothing: whoever serves something can write this fix down. */
    private void sendOn(DriverSession session, int cellPartition, long nowMs) {
        if (session.owner != DriverSession.NO_OWNER) {
            return; // a record that was read says whose, or the partition is about to be let go
        }
        for (int i = 0; i < map.partitionCount(); i++) {
            int partition = (Math.max(0, cellPartition) + i) % map.partitionCount();
            if (!servers.endpoint(partition).isEmpty()) {
                session.awayPartition = partition;
                handOvers.begin(session, nowMs);
                return;
            }
        }
    }

    /** @return false when the fix must wait; nothing has changed then */
    private boolean decide(
            DriverSession session, DriverStream stream, long seq, MutableDirectBuffer buffer, int index, long nowMs) {
        if (appender.isBlocked() || session.leaving || session.isBetween()) {
            return false;
        }
        view.wrap(buffer, index);
        if (view.state() == FixWriter.STATE_UNKNOWN) {
            view.state(session.state);
        }
        if ((view.flags() & FixDescriptor.FLAG_STATE_ONLY) != 0 && session.anchored) {
            view.position(session.latE7, session.lonE7).cell(session.cell);
        }
        view.de(session.de);
        int cellPartition = DriverAuthority.partitionOf(session, map, view.cell());
        int reason = rejection(session, cellPartition);
        boolean isLate = seq <= session.orderSeq || view.deviceMs() < nowMs - config.latenessMs();
        if ((reason != 0 || isLate) && !mayWriteLate(session)) {
            sendOn(session, cellPartition, nowMs);
            return false;
        }
        if (reason != 0) {
            view.flags(view.flags() | reason << FixDescriptor.FLAG_REJECTION_SHIFT);
            appender.late(PendingAcks.REJECTED + reason, map, session, stream, seq, buffer, index);
            session.orderSeq = Math.max(session.orderSeq, seq);
            return true;
        }
        if (isLate) {
            appender.late(PendingAcks.LATE, map, session, stream, seq, buffer, index);
            session.orderSeq = Math.max(session.orderSeq, seq);
            return true;
        }
        return accept(session, stream, seq, cellPartition, buffer, index, nowMs);
    }

    private boolean accept(
            DriverSession session,
            DriverStream stream,
            long seq,
            int cellPartition,
            MutableDirectBuffer buffer,
            int index,
            long nowMs) {
        long routingCell = cells.parent(view.cell(), Cells.ROUTING_RESOLUTION);
        if (admission.admit(cellPartition, routingCell) == RangeAdmission.HOLD) {
            isRangeSealed = true;
            return false;
        }
        int partition = DriverAuthority.route(session, map, servers, cellPartition, view.latE7(), view.lonE7());
        if (partition == DriverAuthority.WAIT) {
            return false;
        }
        if (partition == DriverAuthority.PASS) {
            handOvers.begin(session, nowMs);
            return false;
        }
        if (partition == DriverAuthority.AWAY) {
            if (handOvers.mayLeave(session, map, nowMs)) {
                handOvers.begin(session, nowMs);
                return false;
            }
            if (DriverAuthority.isMovedByMap(session, map)) {
                return false; // the range is sealed in the owner's log, so nothing of it is appended there any more
            }
            partition = session.owner;
        }
        view.de(session.de);
        appender.accept(partition, map, session, stream, seq, buffer, index);
        session.orderSeq = seq;
        DriverSessions.anchor(session, view, map);
        return true;
    }

    /** What a node does that does not know numbers again. */
    private boolean acceptAgain(
            DriverSession session, DriverStream stream, long seq, MutableDirectBuffer buffer, int index) {
        if (appender.isBlocked() || session.leaving || session.owner < 0 || !servers.serves(session.owner)) {
            return false;
        }
        view.wrap(buffer, index).de(session.de);
        appender.accept(session.owner, map, session, stream, seq, buffer, index);
        return true;
    }

    private int rejection(DriverSession session, int cellPartition) {
        int latE7 = view.latE7();
        int lonE7 = view.lonE7();
        if (view.cell() == Cells.NULL_CELL || !GeoPoint.isValid(latE7, lonE7)) {
            return FixRejection.COORDINATES_OUT_OF_RANGE_VALUE;
        }
        if (cellPartition == PartitionMap.NO_PARTITION) {
            return FixRejection.OUTSIDE_REGION_VALUE;
        }
        // By the edge's clock when the fix arrived: this turn's may be older than the fix.
        if (view.ingestDelayMs() < -config.maxClockAheadMs()) {
            return FixRejection.CLOCK_SKEW_VALUE;
        }
        boolean ordered = view.seq() > session.orderSeq;
        if (ordered && session.anchored && isImplausible(session, latE7, lonE7, view.deviceMs())) {
            return FixRejection.IMPLAUSIBLE_SPEED_VALUE;
        }
        return 0;
    }

    /** Also counts runs of implausible fixes that agree with each other, and believes the third. */
    private static boolean isImplausible(DriverSession session, int latE7, int lonE7, long deviceMs) {
        if (reachable(session.latE7, session.lonE7, session.deviceMs, latE7, lonE7, deviceMs)) {
            return false;
        }
        boolean agrees = session.oddCount > 0
                && reachable(session.oddLatE7, session.oddLonE7, session.oddDeviceMs, latE7, lonE7, deviceMs);
        session.oddCount = agrees ? session.oddCount + 1 : 1;
        session.oddLatE7 = latE7;
        session.oddLonE7 = lonE7;
        session.oddDeviceMs = deviceMs;
        return session.oddCount < REANCHOR_COUNT;
    }

    private static boolean reachable(int latE7A, int lonE7A, long timeMsA, int latE7B, int lonE7B, long timeMsB) {
        long elapsedMs = timeMsB - timeMsA;
        double reachMeters = elapsedMs <= NOISE_TIME_MS ? NOISE_METERS : elapsedMs * SPEED_MAX_METERS_PER_MS;
        // The way along the axes is never shorter than the straight one, and needs no trigonometry.
        double boundMeters = (Math.abs((double) latE7A - latE7B) + Math.abs((double) lonE7A - lonE7B)) * METERS_PER_E7;
        return boundMeters <= reachMeters || GeoPoint.distanceMeters(latE7A, lonE7A, latE7B, lonE7B) <= reachMeters;
    }
}
