package io.hailstorm.node;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Where every driver's durable fixes are, as the world's witness reads them: one partition a driver epoch (I1), numbers strictly
 * growing along the epochs (I3, I5), and everything that was acknowledged somewhere (I4).
 */
final class WorldDrivers {
    /** The fixes of one driver epoch. */
    private static final class Reign {
        private final int partition;
        private final long firstSession;
        private final long firstSeq;
        private long lastSession;
        private long lastSeq;

        Reign(int partition, long session, long seq) {
            this.partition = partition;
            firstSession = session;
            firstSeq = seq;
            lastSession = session;
            lastSeq = seq;
        }
    }

    private static final class Session {
        private final BitSet visible = new BitSet();
        private final BitSet kept = new BitSet();
        private int acknowledged;
    }

    private record Visible(int partition, long offset, int de, long session, long seq) {
        @Override
        public String toString() {
            return partition + "@" + offset + " de=" + de + " " + session + "/" + seq;
        }
    }

    private static final class Driver {
        /** In the order in which they became durable. */
        private final List<Visible> visible = new ArrayList<>();

        private final NavigableMap<Integer, Reign> reigns = new TreeMap<>();
        private final Map<Long, Session> sessions = new HashMap<>();

        Session session(long number) {
            return sessions.computeIfAbsent(number, _ -> new Session());
        }
    }

    private final WorldVerdict verdict;
    private final Map<Long, Driver> byId = new HashMap<>();

    WorldDrivers(WorldVerdict verdict) {
        this.verdict = verdict;
    }

    private Driver driver(long id) {
        return byId.computeIfAbsent(id, _ -> new Driver());
    }

    /** A durable record of {@code fixes}. */
    void onVisible(int partition, long offset, long id, int de, long session, long seq) {
        Driver driver = driver(id);
        Visible fix = new Visible(partition, offset, de, session, seq);
        driver.visible.add(fix);
        String wrong = take(driver, fix);
        if (!wrong.isEmpty()) {
            verdict.violated(
                    wrong.substring(0, 2),
                    wrong.substring(4) + ": driver " + id + " " + fix + "; all of it: " + driver.visible);
        }
    }

    /** @return what is wrong with it, beginning with the invariant's name; empty when nothing is */
    private static String take(Driver driver, Visible fix) {
        Session numbers = driver.session(fix.session());
        if (numbers.visible.get((int) fix.seq())) {
            return "I5: twice in the visible record";
        }
        numbers.visible.set((int) fix.seq());
        numbers.kept.set((int) fix.seq());
        Reign reign = driver.reigns.get(fix.de());
        if (reign == null) {
            reign = new Reign(fix.partition(), fix.session(), fix.seq());
            driver.reigns.put(fix.de(), reign);
        } else if (reign.partition != fix.partition()) {
            return "I1: its driver epoch is also in fixes/" + reign.partition;
        } else if (compare(reign.lastSession, reign.lastSeq, fix.session(), fix.seq()) >= 0) {
            return "I3: comes after " + reign.lastSession + "/" + reign.lastSeq;
        }
        reign.lastSession = fix.session();
        reign.lastSeq = fix.seq();
        Map.Entry<Integer, Reign> before = driver.reigns.lowerEntry(fix.de());
        if (before != null
                && compare(before.getValue().lastSession, before.getValue().lastSeq, fix.session(), fix.seq()) >= 0) {
            return "I3: an earlier driver epoch went on beyond it";
        }
        Map.Entry<Integer, Reign> after = driver.reigns.higherEntry(fix.de());
        if (after != null
                && compare(fix.session(), fix.seq(), after.getValue().firstSession, after.getValue().firstSeq) >= 0) {
            return "I3: a later driver epoch began before it";
        }
        return "";
    }

    /** A durable record of {@code late}: late or rejected, and so not lost. */
    void onLate(long id, long session, long seq) {
        driver(id).session(session).kept.set((int) seq);
    }

    /** A node says that it has every number up to this one. */
    void onAcknowledged(String by, long id, long session, long ackedSeq) {
        Session numbers = driver(id).session(session);
        while (numbers.acknowledged < ackedSeq) {
            if (!numbers.kept.get(numbers.acknowledged + 1)) {
                verdict.violated(
                        "I4",
                        by + " acknowledged driver " + id + " session=" + session + " up to " + ackedSeq + ", but "
                                + (numbers.acknowledged + 1) + " is nowhere");
                return;
            }
            numbers.acknowledged++;
        }
    }

    /** A driver's fixes in the visible record, for people. */
    String visible(long id) {
        return driver(id).visible.toString();
    }

    /** What was acknowledged, for the checker of real runs. */
    List<HistoryChecker.Promise> promises() {
        List<HistoryChecker.Promise> promises = new ArrayList<>();
        byId.forEach((id, driver) -> driver.sessions.forEach((session, numbers) ->
                promises.add(new HistoryChecker.Promise(id, session, numbers.acknowledged, List.of()))));
        return promises;
    }

    private static int compare(long sessionA, long seqA, long sessionB, long seqB) {
        int bySession = Long.compare(sessionA, sessionB);
        return bySession != 0 ? bySession : Long.compare(seqA, seqB);
    }
}
