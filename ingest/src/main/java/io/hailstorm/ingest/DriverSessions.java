package io.hailstorm.ingest;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.FixView;
import io.hailstorm.protocol.v1.FixRejection;
import io.hailstorm.protocol.v1.SessionState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Every driver the region knows, the list of those with held fixes, and what outlives a restart. Owned by the agent's
 * thread.
 */
final class DriverSessions {
    private static final long[] NO_MASK = new long[0];

    private final Long2ObjectHashMap<DriverSession> byDriver = new Long2ObjectHashMap<>();
    private final ArrayList<DriverSession> holding = new ArrayList<>();

    int count() {
        return byDriver.size();
    }

    @Nullable
    DriverSession find(long driver) {
        return byDriver.get(driver);
    }

    DriverSession findOrCreate(long driver) {
        DriverSession session = byDriver.get(driver);
        if (session == null) {
            session = new DriverSession(driver);
            byDriver.put(driver, session);
        }
        return session;
    }

    /** Sessions with held fixes; the decider may take the last of them out while walking backwards. */
    List<DriverSession> holding() {
        return holding;
    }

    HeldFixes heldOf(DriverSession session) {
        HeldFixes held = session.held;
        if (held == null) {
            held = new HeldFixes();
            session.held = held;
        }
        if (session.holdingIndex < 0) {
            session.holdingIndex = holding.size();
            holding.add(session);
        }
        return held;
    }

    void noLongerHolding(DriverSession session) {
        int index = session.holdingIndex;
        if (index < 0) {
            return;
        }
        DriverSession last = holding.removeLast();
        if (last != session) {
            holding.set(index, last);
            last.holdingIndex = index;
        }
        session.holdingIndex = -1;
    }

    /** Takes a checkpoint in. Before serving. */
    void restore(SessionSnapshot snapshot) {
        DriverSession session = findOrCreate(snapshot.driver());
        session.begin(snapshot.session());
        session.window.reset(snapshot.contiguousSeq());
        if (snapshot.seenMask().length == SeqWindow.WORDS) {
            for (int ahead = 1; ahead <= SeqWindow.SIZE; ahead++) {
                long seq = snapshot.contiguousSeq() + ahead;
                if (SeqWindow.bit(snapshot.seenMask(), seq) && !session.window.isSeen(seq)) {
                    session.window.mark(seq);
                }
            }
        }
        session.restored(snapshot.contiguousSeq(), snapshot.lastSeq());
        session.ownedBy(snapshot.ownerPartition(), snapshot.de());
        session.handedOverTo = snapshot.handedOverTo();
        session.refusedDe = snapshot.refusedDe();
        session.state = snapshot.state();
        session.latE7 = snapshot.latE7();
        session.lonE7 = snapshot.lonE7();
        session.deviceMs = snapshot.deviceMs();
        session.cell = snapshot.cell();
        session.anchored = snapshot.cell() != 0;
        session.dirty = false;
    }

    /** Folds one durable record in; folding a record twice changes nothing. */
    DriverSession recover(int partition, FixView fix, boolean late, PartitionMap map) {
        DriverSession session = findOrCreate(fix.driver());
        if (fix.session() < session.session) {
            // The late stream may be read ahead, and with it of a newer session; the visible record alone says whose
            // the driver is.
            if (!late) {
                owned(session, partition, fix.de());
            }
            return session;
        }
        if (fix.session() > session.session) {
            beginAnew(session, fix.session());
        }
        long seq = fix.seq();
        session.dirty = true;
        see(session, seq);
        decidedElsewhere(session, seq);
        boolean newest = !late && seq >= session.orderSeq;
        session.restored(session.doneSeq(), late ? 0 : seq);
        if (newest && fix.de() >= session.de) {
            owned(session, partition, fix.de());
            anchor(session, fix, map);
        }
        return session;
    }

    private static void owned(DriverSession session, int partition, int de) {
        if (de > session.de || (de == session.de && !session.isBetween())) {
            session.ownedBy(partition, de);
        }
    }

    /** A driver's place in its sequence, from a durable record of another partition. */
    void opened(long driver, int de, long sessionNumber, long lastSeq) {
        DriverSession session = findOrCreate(driver);
        if (sessionNumber < session.session) {
            return;
        }
        if (sessionNumber > session.session) {
            beginAnew(session, sessionNumber);
        }
        session.dirty = true;
        see(session, lastSeq);
        decidedElsewhere(session, lastSeq);
        session.restored(session.doneSeq(), lastSeq);
        if (!session.isBetween()) {
            // Of a driver on its way the hand-over's own records tell; a higher epoch would make the one that ends it
            // look old.
            session.de = Math.max(session.de, de);
        }
    }

    /** A record tells of a newer session: what waits here is of an app that is gone. */
    private static void beginAnew(DriverSession session, long newSession) {
        HeldFixes held = session.held;
        while (held != null && !held.isEmpty()) {
            held.firstStream().tally.rejected(held.firstSeq(), FixRejection.STALE_SESSION_VALUE);
            held.removeFirst();
        }
        session.begin(newSession);
    }

    /** A number that waits here was decided elsewhere. */
    private static void decidedElsewhere(DriverSession session, long seq) {
        HeldFixes held = session.held;
        DriverStream stream = held == null ? null : held.remove(seq);
        if (stream != null) {
            stream.tally.duplicate();
        }
    }

    private static void see(DriverSession session, long seq) {
        if (!session.window.isSeen(seq)) {
            // A number is only ever logged within the window, so anything further back is decided already.
            session.window.slideTo(Math.max(session.window.contiguous(), seq - SeqWindow.SIZE));
            if (!session.window.isSeen(seq)) {
                session.window.mark(seq);
            }
        }
    }

    /** Fixes that wait, of all drivers. */
    int heldCount() {
        int count = 0;
        for (DriverSession session : holding) {
            HeldFixes held = session.held;
            count += held == null ? 0 : held.count();
        }
        return count;
    }

    static void anchor(DriverSession session, FixView fix, PartitionMap map) {
        long cell = fix.cell();
        session.cellPartition = DriverAuthority.partitionOf(session, map, cell);
        session.mapEpoch = map.epoch();
        session.cell = cell;
        session.state = fix.state();
        session.latE7 = fix.latE7();
        session.lonE7 = fix.lonE7();
        session.deviceMs = fix.deviceMs();
        session.anchored = true;
        session.oddCount = 0;
        session.dirty = true;
    }

    /** Takes in where a session stood, by a durable record; taking the same in twice changes nothing. */
    static void merge(DriverSession session, SessionState state, PartitionMap map) {
        if (state.getSession() < session.session) {
            return;
        }
        if (state.getSession() > session.session) {
            beginAnew(session, state.getSession());
        }
        boolean newest = state.getLastSeq() >= session.orderSeq;
        long contiguous = state.getContiguousSeq();
        session.window.slideTo(contiguous);
        if (state.getSeenMaskCount() == SeqWindow.WORDS) {
            for (int ahead = 1; ahead <= SeqWindow.SIZE; ahead++) {
                long seq = contiguous + ahead;
                boolean seen = (state.getSeenMask(SeqWindow.word(seq)) & 1L << seq) != 0;
                if (seen && !session.window.isSeen(seq)) {
                    session.window.mark(seq);
                }
            }
        }
        HeldFixes held = session.held;
        for (int i = held == null ? -1 : held.count() - 1; i >= 0 && held != null; i--) {
            long seq = held.seq(i);
            boolean isIn = state.getSeenMaskCount() == SeqWindow.WORDS
                    && seq <= contiguous + SeqWindow.SIZE
                    && (state.getSeenMask(SeqWindow.word(seq)) & 1L << seq) != 0;
            if (seq <= contiguous || isIn) {
                decidedElsewhere(session, seq);
            }
        }
        session.restored(contiguous, state.getLastSeq());
        session.dirty = true;
        if (newest && state.getCell() != 0) {
            session.cellPartition = DriverAuthority.partitionOf(session, map, state.getCell());
            session.mapEpoch = map.epoch();
            session.cell = state.getCell();
            session.state = (byte) state.getDriverState();
            session.latE7 = state.getLatE7();
            session.lonE7 = state.getLonE7();
            session.deviceMs = state.getDeviceTimeMs();
            session.anchored = true;
            session.oddCount = state.getOddCount();
            session.oddLatE7 = state.getOddLatE7();
            session.oddLonE7 = state.getOddLonE7();
            session.oddDeviceMs = state.getOddDeviceTimeMs();
        }
    }

    /** Whether any number of the session was decided; nothing of it being undurable. */
    static boolean hasHistory(DriverSession session) {
        SessionSnapshot now = snapshot(session, null);
        return now.contiguousSeq() > 0 || now.lastSeq() > 0 || now.seenMask().length > 0;
    }

    /** Where a session stands, nothing of it being undurable; held fixes were never seen. */
    static SessionState stateOf(DriverSession session) {
        SessionSnapshot now = snapshot(session, null);
        SessionState.Builder state = SessionState.newBuilder()
                .setSession(now.session())
                .setLastSeq(now.lastSeq())
                .setContiguousSeq(now.contiguousSeq())
                .setDriverState(now.state())
                .setLatE7(now.latE7())
                .setLonE7(now.lonE7())
                .setDeviceTimeMs(now.deviceMs())
                .setCell(now.cell());
        for (long word : now.seenMask()) {
            state.addSeenMask(word);
        }
        if (session.oddCount > 0) {
            state.setOddCount(session.oddCount)
                    .setOddLatE7(session.oddLatE7)
                    .setOddLonE7(session.oddLonE7)
                    .setOddDeviceTimeMs(session.oddDeviceMs);
        }
        return state.build();
    }

    /** Sessions a partition has authority over. */
    List<DriverSession> ownedBy(int partition) {
        List<DriverSession> owned = new ArrayList<>();
        for (DriverSession session : byDriver.values()) {
            if (session.owner == partition) {
                owned.add(session);
            }
        }
        return owned;
    }

    /** Which numbers of each session a crash could still take back. */
    static Map<DriverSession, long[]> undurable(FixAppender appender) {
        Map<DriverSession, long[]> undurable = new HashMap<>();
        appender.forEachUndurable((session, first, last) -> {
            long[] mask = undurable.computeIfAbsent(session, key -> new long[SeqWindow.WORDS]);
            for (long seq = first; seq <= last; seq++) {
                mask[SeqWindow.word(seq)] |= 1L << seq;
            }
        });
        return undurable;
    }

    /** Puts a session back to what is durable of it: held fixes and the numbers of {@code undurable} were never seen. */
    void rollBack(DriverSession session, long @Nullable [] undurable) {
        SessionSnapshot durable = snapshot(session, undurable);
        noLongerHolding(session);
        byDriver.remove(session.driver);
        boolean known = durable.ownerPartition() != DriverSession.NO_OWNER
                || durable.contiguousSeq() > 0
                || durable.refusedDe() > 0
                || durable.seenMask().length > 0;
        if (known) {
            restore(durable);
            findOrCreate(session.driver).dirty = true;
        }
    }

    /** Hands out every session changed since the last time. */
    void forEachDirty(FixAppender appender, Consumer<SessionSnapshot> consumer) {
        Map<DriverSession, long[]> undurable = undurable(appender);
        for (DriverSession session : byDriver.values()) {
            if (session.dirty) {
                consumer.accept(snapshot(session, undurable.get(session)));
                // What is pending now makes it dirty again when it is durable.
                session.dirty = false;
            }
        }
    }

    private static SessionSnapshot snapshot(DriverSession session, long @Nullable [] undurable) {
        long contiguous = session.doneSeq();
        long[] mask = NO_MASK;
        HeldFixes held = session.held;
        long seenMax = session.window.contiguous() + (session.window.hasHoles() ? SeqWindow.SIZE : 0);
        for (long seq = contiguous + 1; seq <= Math.min(seenMax, contiguous + SeqWindow.SIZE); seq++) {
            boolean durable = session.window.isSeen(seq)
                    && (undurable == null || !SeqWindow.bit(undurable, seq))
                    && !isHeld(held, seq);
            if (durable) {
                if (mask.length == 0) {
                    mask = new long[SeqWindow.WORDS];
                }
                mask[SeqWindow.word(seq)] |= 1L << seq;
            }
        }
        return new SessionSnapshot(
                session.driver,
                session.session,
                session.durableOrderSeq(),
                contiguous,
                mask,
                session.durableDe(),
                session.state,
                session.latE7,
                session.lonE7,
                session.deviceMs,
                session.cell,
                session.durableOwner(),
                session.handedOverTo,
                session.refusedDe);
    }

    private static boolean isHeld(@Nullable HeldFixes held, long seq) {
        if (held != null) {
            for (int i = 0; i < held.count(); i++) {
                if (held.seq(i) == seq) {
                    return true;
                }
            }
        }
        return false;
    }
}
