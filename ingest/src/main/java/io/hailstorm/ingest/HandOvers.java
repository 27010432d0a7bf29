package io.hailstorm.ingest;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.HandOverRecalled;
import io.hailstorm.protocol.v1.HandOverRefused;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Drivers on their way between partitions that different nodes serve. Owned by the agent's thread. Everything travels in
 * {@code fixes}, and every node folds every partition's durable records; what is to be done next follows from the fold and
 * from which partitions this node serves, so a successor goes on where its predecessor stopped, and a step done twice does
 * nothing. A driver leaves partition P, under driver epoch e, for Q:
 *
 * <table>
 * <caption>One hand-over</caption>
 * <tr><th>the driver is</th><th>who acts</th><th>what is appended</th><th>durable, the driver is</th></tr>
 * <tr><td>leaving: nothing of it is undurable, its next fixes are held</td><td>P's node</td>
 *     <td>{@link DriverHandedOver} e+1, to P</td><td>between; the phone is told where</td></tr>
 * <tr><td>between</td><td>Q's node</td><td>{@link DriverTakenIn} e+1, to Q</td><td>Q's under e+1; its phone is greeted</td></tr>
 * <tr><td>between for {@value #RECALL_AFTER_MS} ms, or its phone came back</td><td>P's node</td>
 *     <td>{@link HandOverRecalled} e+1, to P</td><td>between, recalled</td></tr>
 * <tr><td>between, recalled</td><td>Q's node</td><td>{@link HandOverRefused} e+1, to Q</td><td>between, refused</td></tr>
 * <tr><td>between, refused</td><td>P's node</td><td>{@link DriverTakenIn} e+2, to P</td><td>P's under e+2</td></tr>
 * </table>
 *
 * <p>A driver who passes between two partitions of one node leaves the same records, and stays connected.
 *
 * <p>Q's log alone says whether Q took the driver in or refused it, whichever record stands first in it under e+1; so at no time do two
 * nodes have authority over one driver. A driver epoch not higher than what was seen of the driver has no effect.
 */
final class HandOvers {
    /** So long without an answer, and the driver is asked back. */
    static final long RECALL_AFTER_MS = 5_000;
    /** The same when its phone has come back to ask. */
    static final long RECALL_ON_RETURN_MS = 2_000;
    /** Shortest time between taking a driver in and handing it over. */
    static final long SETTLE_MS = 10_000;

    private static final long UNKNOWN_MS = -1;

    /** Told what concerns phones. */
    interface Phones {
        /** The driver has left this node: its phone is sent on, what was not decided is let go. */
        void left(DriverSession session, int partition, AuthorityClaim authority);
    }

    /** One driver on its way; what is folded stands in its session. */
    private static final class Passage {
        private final long driver;
        /** When it was decided, or first seen here. */
        private long sinceMs;

        private boolean recalled;
        private boolean askedBack;
        /** What this node has appended for it, until that is durable. */
        private @Nullable Event written;

        private int writtenTo;
        private long writtenOffset;

        Passage(long driver, long sinceMs) {
            this.driver = driver;
            this.sinceMs = sinceMs;
        }
    }

    private final DriverSessions sessions;
    private final PartitionServers servers;
    private final FixAppender appender;
    private final TripFeed tripFeed;
    private final HandOverWriter writer;
    private final HandOverStats stats;
    private final Supplier<PartitionMap> map;
    private final boolean checksEpoch;
    private final boolean waitsForDurable;
    private final boolean waitsForTombstone;
    private final Map<Long, Passage> passages = new LinkedHashMap<>();

    HandOvers(
            DriverSessions sessions,
            PartitionServers servers,
            FixAppender appender,
            TripFeed tripFeed,
            HandOverWriter writer,
            HandOverStats stats,
            Supplier<PartitionMap> map,
            Safeguards safeguards) {
        this.sessions = sessions;
        this.servers = servers;
        this.appender = appender;
        this.tripFeed = tripFeed;
        this.writer = writer;
        this.stats = stats;
        this.map = map;
        checksEpoch = safeguards.has(Safeguard.HANDOVER_EPOCH);
        waitsForDurable = safeguards.has(Safeguard.HANDOVER_DURABLE);
        waitsForTombstone = safeguards.has(Safeguard.TOMBSTONE_BEFORE_TAKE_BACK);
    }

    /**
     * Not while an offer is put to the driver, which its deadline bounds; and not right after the driver came, unless the ground
     * under it went.
     */
    boolean mayLeave(DriverSession session, PartitionMap now, long nowMs) {
        if (session.owner == DriverSession.NO_OWNER) {
            return true;
        }
        boolean settled = nowMs >= session.settledUntilMs || DriverAuthority.isMovedByMap(session, now);
        return settled && !tripFeed.hasLiveOffer(session.driver, nowMs);
    }

    /** The driver is to leave for {@link DriverSession#awayPartition}. */
    void begin(DriverSession session, long nowMs) {
        if (!session.leaving) {
            session.leaving = true;
            passages.put(session.driver, new Passage(session.driver, nowMs));
        }
    }

    /** A checkpoint says that the driver is on its way. */
    void restored(DriverSession session) {
        if (session.isBetween()) {
            passages.put(session.driver, new Passage(session.driver, UNKNOWN_MS));
        }
    }

    /** Its phone has come back to the partition it left, which this node serves. */
    boolean askBack(DriverSession session, long nowMs) {
        Passage passage = passages.get(session.driver);
        if (passage == null || !(passage.recalled || passage.askedBack || age(passage, nowMs) >= RECALL_ON_RETURN_MS)) {
            return false;
        }
        passage.askedBack = true;
        return true;
    }

    /** Without {@link Safeguard#HANDOVER_DURABLE}, takes the phone's word for it that its driver was handed over. */
    void believe(long driver, AuthorityClaim claim, long nowMs) {
        if (waitsForDurable) {
            return;
        }
        DriverSession session = sessions.findOrCreate(driver);
        session.ownedBy(session.owner, claim.de() - 1);
        session.handedOverTo = claim.partition();
        passages.putIfAbsent(driver, new Passage(driver, nowMs));
    }

    /** A step of each hand-over that this node has a part in. */
    int doWork(Phones phones, long nowMs) {
        int done = 0;
        for (Iterator<Passage> each = passages.values().iterator(); each.hasNext(); ) {
            Passage passage = each.next();
            done += settle(passage, phones, nowMs);
            DriverSession session = sessions.find(passage.driver);
            if (passage.written != null) {
                continue;
            }
            if (session != null && session.leaving) {
                done += leave(session, passage, phones, nowMs);
            } else if (session != null && session.isBetween()) {
                done += between(session, passage, phones, nowMs);
            } else {
                each.remove();
            }
        }
        return done;
    }

    /** This node no longer serves the partition: what is durable is settled, and its successor does the rest. */
    void lose(int partition, Phones phones, long nowMs) {
        for (Passage passage : passages.values()) {
            if (passage.written != null && passage.writtenTo == partition) {
                settle(passage, phones, nowMs);
                passage.written = null;
            }
        }
    }

    /** Drivers on their way, as far as this node knows. */
    int count() {
        return passages.size();
    }

    private int settle(Passage passage, Phones phones, long nowMs) {
        Event written = passage.written;
        if (written == null || appender.settledOffset(StreamName.FIXES, passage.writtenTo) <= passage.writtenOffset) {
            return 0;
        }
        passage.written = null;
        noteDurable(written, passage, nowMs);
        fold(passage.writtenTo, written, phones, nowMs);
        return 1;
    }

    private void noteDurable(Event written, Passage passage, long nowMs) {
        if (written.hasDriverHandedOver()) {
            if (!servers.serves(written.getDriverHandedOver().getToPartition())) {
                stats.handedOver(age(passage, nowMs));
            }
            passage.sinceMs = nowMs;
        } else if (written.hasDriverTakenIn()) {
            int from = written.getDriverTakenIn().getFromPartition();
            if (from != passage.writtenTo && servers.serves(from)) {
                return; // passed within this node, which nobody waits for but the driver's next fixes
            }
            if (written.getDriverTakenIn().getFromPartition() == passage.writtenTo) {
                stats.takenBack();
            } else {
                stats.takenIn(age(passage, nowMs));
            }
        } else if (written.hasHandOverRecalled()) {
            stats.recalled();
        } else {
            stats.refused();
        }
    }

    private static long age(Passage passage, long nowMs) {
        if (passage.sinceMs == UNKNOWN_MS) {
            passage.sinceMs = nowMs;
        }
        return nowMs - passage.sinceMs;
    }

    private int leave(DriverSession session, Passage passage, Phones phones, long nowMs) {
        int to = session.awayPartition;
        if (session.pendingCount > 0) {
            return 0;
        }
        if (session.owner == DriverSession.NO_OWNER && !DriverSessions.hasHistory(session)) {
            phones.left(session, to, new AuthorityClaim(to, 0, false));
            return 1;
        }
        if (session.owner == DriverSession.NO_OWNER) {
            // Only late and rejected numbers: the other side must know those too.
            session.moveTo(appender.latePartition(session), session.de);
        }
        if (!servers.serves(session.owner)) {
            // A record of another node was read that says so.
            phones.left(session, session.owner, new AuthorityClaim(session.owner, session.de, false));
            return 1;
        }
        boolean isImpossible = servers.endpoint(to).isEmpty() || tripFeed.hasLiveOffer(session.driver, nowMs);
        if (servers.serves(to) ? servers.isAlone() || to == session.owner : isImpossible) {
            session.leaving = false;
            if (session.isChangeUndurable()) {
                session.ownedBy(session.durableOwner(), session.durableDe());
            }
            return 1;
        }
        DriverHandedOver.Builder record = DriverHandedOver.newBuilder()
                .setDriver(session.driver)
                .setSession(session.session)
                .setDe(session.de + 1)
                .setToPartition(to)
                .setState(DriverSessions.stateOf(session))
                .setTrip(tripFeed.tripOf(session.driver));
        write(passage, session.owner, Event.newBuilder().setDriverHandedOver(record), nowMs);
        Event written = passage.written;
        if (!waitsForDurable && written != null) {
            handedOver(session.owner, written.getDriverHandedOver(), phones, nowMs);
        }
        return 0;
    }

    private int between(DriverSession session, Passage passage, Phones phones, long nowMs) {
        int from = session.owner;
        int to = session.handedOverTo;
        boolean servesFrom = from != DriverSession.NO_OWNER && servers.serves(from);
        if (session.stream != null && !servers.serves(to)) {
            // It was to pass within this node, which has lost that partition meanwhile.
            phones.left(session, to, new AuthorityClaim(to, session.de + 1, true));
            return 1;
        }
        if (session.isRefused()) {
            if (servesFrom) {
                takeIn(session, passage, from, session.de + 2, nowMs);
            }
        } else if (servers.serves(to)) {
            if (passage.recalled && !servesFrom) {
                HandOverRefused.Builder record = HandOverRefused.newBuilder()
                        .setDriver(session.driver)
                        .setDe(session.de + 1)
                        .setFromPartition(from);
                write(passage, to, Event.newBuilder().setHandOverRefused(record), nowMs);
            } else {
                takeIn(session, passage, to, session.de + 1, nowMs);
            }
        } else if (servesFrom && passage.recalled) {
            if (!waitsForTombstone) {
                takeIn(session, passage, from, session.de + 2, nowMs);
            }
        } else if (servesFrom && (passage.askedBack || age(passage, nowMs) >= RECALL_AFTER_MS)) {
            HandOverRecalled.Builder record = HandOverRecalled.newBuilder()
                    .setDriver(session.driver)
                    .setDe(session.de + 1)
                    .setToPartition(to);
            write(passage, from, Event.newBuilder().setHandOverRecalled(record), nowMs);
        }
        return 0;
    }

    private void takeIn(DriverSession session, Passage passage, int partition, int de, long nowMs) {
        age(passage, nowMs);
        DriverTakenIn.Builder record = DriverTakenIn.newBuilder()
                .setDriver(session.driver)
                .setDe(de)
                .setFromPartition(session.owner)
                .setState(DriverSessions.stateOf(session));
        write(passage, partition, Event.newBuilder().setDriverTakenIn(record), nowMs);
    }

    private void write(Passage passage, int partition, Event.Builder payload, long nowMs) {
        payload.setAggregateId(Long.toString(passage.driver));
        Event event = writer.stamped(payload, nowMs);
        long offset = writer.append(partition, event);
        if (offset >= 0) {
            passage.written = event;
            passage.writtenTo = partition;
            passage.writtenOffset = offset;
        }
    }

    /** Folds a durable record of {@code fixes} in, read in a partition; other events do nothing. */
    void fold(int partition, Event event, Phones phones, long nowMs) {
        switch (event.getPayloadCase()) {
            case DRIVER_HANDED_OVER -> handedOver(partition, event.getDriverHandedOver(), phones, nowMs);
            case DRIVER_TAKEN_IN -> takenIn(partition, event.getDriverTakenIn(), phones, nowMs);
            case HAND_OVER_RECALLED -> recalled(event.getHandOverRecalled());
            case HAND_OVER_REFUSED -> refused(event.getHandOverRefused());
            default -> {}
        }
    }

    private void handedOver(int partition, DriverHandedOver record, Phones phones, long nowMs) {
        DriverSession session = sessions.findOrCreate(record.getDriver());
        int de = record.getDe();
        if (checksEpoch ? de <= session.deHeard() : de == session.deHeard() && session.isBetween()) {
            return;
        }
        boolean wasHere = session.leaving;
        if (wasHere) {
            // The record tells what this session is; held fixes are let go.
        } else if (record.hasState()) {
            DriverSessions.merge(session, record.getState(), map.get());
        } else if (record.getSession() > session.session) {
            session.begin(record.getSession());
        }
        session.ownedBy(partition, de - 1);
        session.handedOverTo = record.getToPartition();
        if (!checksEpoch) {
            session.refusedDe = 0;
        }
        if (wasHere && servers.serves(record.getToPartition())) {
            session.leaving = false; // between, and connected: taken in at this node's next step
        } else if (wasHere) {
            phones.left(session, record.getToPartition(), new AuthorityClaim(record.getToPartition(), de, true));
        } else {
            passages.put(record.getDriver(), new Passage(record.getDriver(), nowMs));
        }
    }

    private void takenIn(int partition, DriverTakenIn record, Phones phones, long nowMs) {
        DriverSession session = sessions.findOrCreate(record.getDriver());
        if (checksEpoch && record.getDe() < session.deHeard()) {
            return;
        }
        DriverSessions.merge(session, record.getState(), map.get());
        session.ownedBy(partition, record.getDe());
        if (!servers.serves(record.getFromPartition()) || record.getFromPartition() == partition) {
            session.settledUntilMs = nowMs + SETTLE_MS;
        }
        sendOn(session, phones);
    }

    /** A record says that somebody else has a driver who is connected here, or was, and has left fixes that wait. */
    void sendOn(DriverSession session, Phones phones) {
        // Late fixes are there before the first visible one, and so before anybody has the driver.
        boolean isOthers = session.owner != DriverSession.NO_OWNER && !servers.serves(session.owner);
        boolean isHere = session.stream != null || session.hasHeld();
        if (isHere && !session.leaving && isOthers) {
            session.leaving = true;
            session.awayPartition = session.owner;
            passages.put(session.driver, new Passage(session.driver, UNKNOWN_MS));
        }
    }

    private void recalled(HandOverRecalled record) {
        DriverSession session = sessions.find(record.getDriver());
        Passage passage = passages.get(record.getDriver());
        if (session != null && passage != null && session.isBetween() && record.getDe() == session.de + 1) {
            passage.recalled = true;
        }
    }

    private void refused(HandOverRefused record) {
        DriverSession session = sessions.findOrCreate(record.getDriver());
        session.refusedDe = Math.max(session.refusedDe, record.getDe());
        session.dirty = true;
    }
}
