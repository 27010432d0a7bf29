package io.hailstorm.node;

import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.simulator.ClientLedger;
import io.hailstorm.simulator.LedgerFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Judges a run by the log and by what the clients were promised, sharing no state with the node that wrote it.
 *
 * <p>Order: within a partition a driver's records rise strictly by {@code (de, session, seq)}, and a later driver
 * epoch starts after the earlier one ended, wherever it lies. Loss: a number at or below what a client was acknowledged,
 * and not rejected to its face, is in {@code fixes} or {@code late}. Duplicates: no number is there twice. Offers: a
 * driver has at most one live offer, and none during a trip. Linear in the records; memory is a bit a fix.
 */
final class HistoryChecker {
    /** What one client was told about one session. */
    record Promise(long driver, long session, long ackedSeq, List<Long> rejectedSeqs) {}

    /** Violations by kind, with the first few spelled out. */
    record Verdict(
            long orderViolations,
            long lost,
            long duplicatesVisible,
            long doubleOffers,
            long records,
            List<String> examples) {
        boolean ok() {
            return orderViolations == 0 && lost == 0 && duplicatesVisible == 0 && doubleOffers == 0;
        }
    }

    private static final int EXAMPLES_MAX = 20;
    private static final int READ_BATCH = 4096;

    private record SessionKey(long driver, long session) {}

    /** Numbers present, a bit each. */
    private static final class SeqSet {
        private long[] words = new long[4];

        boolean add(long seq) {
            int word = (int) (seq >>> 6);
            if (word >= words.length) {
                words = java.util.Arrays.copyOf(words, Math.max(word + 1, words.length * 2));
            }
            long bit = 1L << (seq & 63);
            boolean added = (words[word] & bit) == 0;
            words[word] |= bit;
            return added;
        }

        boolean contains(long seq) {
            int word = (int) (seq >>> 6);
            return word < words.length && (words[word] & 1L << (seq & 63)) != 0;
        }
    }

    /** First and last record of a driver under one driver epoch in one partition. */
    private static final class Reign {
        private final int partition;
        private final long firstSession;
        private final long firstSeq;
        private long lastSession;
        private long lastSeq;

        Reign(int partition, long session, long seq) {
            this.partition = partition;
            this.firstSession = session;
            this.firstSeq = seq;
            this.lastSession = session;
            this.lastSeq = seq;
        }
    }

    private record TripRecord(long hlc, Event event) {}

    private final Map<SessionKey, SeqSet> present = new HashMap<>();
    private final Map<Long, TreeMap<Integer, List<Reign>>> reigns = new HashMap<>();
    private final List<String> examples = new ArrayList<>();
    private long orderViolations;
    private long lost;
    private long duplicates;
    private long doubleOffers;
    private long records;

    private HistoryChecker() {}

    /** What a simulation's clients remember. */
    static List<Promise> promises(ClientLedger ledger) {
        List<Promise> promises = new ArrayList<>();
        for (ClientLedger.SessionRecord session : ledger.sessions()) {
            List<Long> rejected = new ArrayList<>(session.rejectedCount());
            for (int i = 0; i < session.rejectedCount(); i++) {
                rejected.add(session.rejectedSeq(i));
            }
            promises.add(new Promise(session.driver(), session.session(), session.ackedSeq(), rejected));
        }
        return promises;
    }

    /** What clients wrote down before the node, or they, were killed. */
    static List<Promise> promises(List<LedgerFile.Entry> entries) {
        return entries.stream()
                .map(entry -> new Promise(entry.driver(), entry.session(), entry.ackedSeq(), entry.rejectedSeqs()))
                .toList();
    }

    /** Reads all partitions of the three streams and holds them against the promises. */
    static Verdict check(
            List<? extends PartitionReader> fixes,
            List<? extends PartitionReader> late,
            List<? extends PartitionReader> trips,
            List<Promise> promises) {
        HistoryChecker checker = new HistoryChecker();
        fixes.forEach(reader -> checker.readFixes(reader, true));
        late.forEach(reader -> checker.readFixes(reader, false));
        checker.checkReigns();
        checker.checkPromises(promises);
        checker.checkOffers(trips);
        return new Verdict(
                checker.orderViolations,
                checker.lost,
                checker.duplicates,
                checker.doubleOffers,
                checker.records,
                List.copyOf(checker.examples));
    }

    static long readAll(PartitionReader reader, io.hailstorm.log.RecordHandler handler) {
        long offset = reader.startOffset();
        while (true) {
            long next = reader.read(offset, READ_BATCH, handler);
            if (next == offset) {
                return offset;
            }
            offset = next;
        }
    }

    private void readFixes(PartitionReader reader, boolean visible) {
        FixView fix = new FixView();
        readAll(reader, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.FIX || type == RecordType.REJECTED_FIX) {
                records++;
                fix.wrap(buffer, index);
                take(fix, reader, offset, visible);
            }
            return true;
        });
    }

    private void take(FixView fix, PartitionReader reader, long offset, boolean visible) {
        SeqSet seqs = present.computeIfAbsent(new SessionKey(fix.driver(), fix.session()), key -> new SeqSet());
        if (!seqs.add(fix.seq())) {
            duplicates++;
            example("duplicate", fix, reader, offset);
        }
        if (!visible) {
            return;
        }
        List<Reign> ofEpoch = reigns.computeIfAbsent(fix.driver(), key -> new TreeMap<>())
                .computeIfAbsent(fix.de(), key -> new ArrayList<>(1));
        Reign last = ofEpoch.isEmpty() ? null : ofEpoch.get(ofEpoch.size() - 1);
        if (last == null || last.partition != reader.partition()) {
            ofEpoch.add(new Reign(reader.partition(), fix.session(), fix.seq()));
            return;
        }
        if (!isBefore(last.lastSession, last.lastSeq, fix.session(), fix.seq())) {
            orderViolations++;
            example("out of order", fix, reader, offset);
        }
        last.lastSession = fix.session();
        last.lastSeq = fix.seq();
    }

    private void checkReigns() {
        for (Map.Entry<Long, TreeMap<Integer, List<Reign>>> driver : reigns.entrySet()) {
            Reign previous = null;
            for (Map.Entry<Integer, List<Reign>> epoch : driver.getValue().entrySet()) {
                List<Reign> ofEpoch = new ArrayList<>(epoch.getValue());
                ofEpoch.sort(Comparator.<Reign>comparingLong(reign -> reign.firstSession)
                        .thenComparingLong(reign -> reign.firstSeq));
                for (Reign reign : ofEpoch) {
                    if (previous != null
                            && !isBefore(previous.lastSession, previous.lastSeq, reign.firstSession, reign.firstSeq)) {
                        orderViolations++;
                        example("driver " + driver.getKey() + " de " + epoch.getKey() + " in partition "
                                + reign.partition + " starts at (" + reign.firstSession + ", " + reign.firstSeq
                                + "), before the previous reign ended at (" + previous.lastSession + ", "
                                + previous.lastSeq + ")");
                    }
                    previous = reign;
                }
            }
        }
    }

    private static boolean isBefore(long sessionA, long seqA, long sessionB, long seqB) {
        return sessionA < sessionB || (sessionA == sessionB && seqA < seqB);
    }

    private void checkPromises(List<Promise> promises) {
        for (Promise promise : promises) {
            SeqSet seqs = present.get(new SessionKey(promise.driver(), promise.session()));
            Set<Long> rejected = new HashSet<>(promise.rejectedSeqs());
            for (long seq = 1; seq <= promise.ackedSeq(); seq++) {
                if ((seqs == null || !seqs.contains(seq)) && !rejected.contains(seq)) {
                    lost++;
                    example("acknowledged but not in the log: driver " + promise.driver() + " session "
                            + promise.session() + " seq " + seq);
                }
            }
        }
    }

    private void checkOffers(List<? extends PartitionReader> trips) {
        List<TripRecord> events = new ArrayList<>();
        for (PartitionReader reader : trips) {
            readAll(reader, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT) {
                    Event event = EventReader.read(buffer, index, length);
                    if (concernsDriver(event)) {
                        events.add(new TripRecord(hlc, event));
                    }
                }
                return true;
            });
        }
        events.sort(Comparator.comparingLong(TripRecord::hlc));
        Map<Long, Long> offerOf = new HashMap<>();
        Map<Long, String> tripOf = new HashMap<>();
        Map<String, Long> driverOf = new HashMap<>();
        events.forEach(event -> follow(event.event(), offerOf, tripOf, driverOf));
    }

    private static boolean concernsDriver(Event event) {
        return switch (event.getPayloadCase()) {
            case OFFER_MADE, OFFER_ENDED, TRIP_ACCEPTED, TRIP_COMPLETED, TRIP_CANCELLED, MATCHING_STARTED -> true;
            default -> false;
        };
    }

    private static void free(String trip, Map<Long, String> tripOf, Map<String, Long> driverOf) {
        Long driver = driverOf.remove(trip);
        if (driver != null) {
            tripOf.remove(driver, trip);
        }
    }

    private void follow(Event event, Map<Long, Long> offerOf, Map<Long, String> tripOf, Map<String, Long> driverOf) {
        switch (event.getPayloadCase()) {
            case OFFER_MADE -> {
                var made = event.getOfferMade();
                Long live = offerOf.put(made.getDriver(), made.getOffer());
                if (live != null || tripOf.containsKey(made.getDriver())) {
                    doubleOffers++;
                    example("driver " + made.getDriver() + " got offer " + made.getOffer() + " of trip "
                            + made.getTrip() + " while holding offer " + live + ", trip "
                            + tripOf.get(made.getDriver()));
                }
            }
            case OFFER_ENDED ->
                offerOf.remove(
                        event.getOfferEnded().getDriver(), event.getOfferEnded().getOffer());
            case TRIP_ACCEPTED -> {
                var accepted = event.getTripAccepted();
                offerOf.remove(accepted.getDriver(), accepted.getOffer());
                driverOf.put(accepted.getTrip(), accepted.getDriver());
                if (tripOf.put(accepted.getDriver(), accepted.getTrip()) != null) {
                    doubleOffers++;
                    example("driver " + accepted.getDriver() + " accepted " + accepted.getTrip()
                            + " during another trip");
                }
            }
            case TRIP_COMPLETED -> free(event.getTripCompleted().getTrip(), tripOf, driverOf);
            case MATCHING_STARTED -> free(event.getMatchingStarted().getTrip(), tripOf, driverOf);
            case TRIP_CANCELLED -> free(event.getTripCancelled().getTrip(), tripOf, driverOf);
            default -> {}
        }
    }

    private void example(String kind, FixView fix, PartitionReader reader, long offset) {
        example(kind + ": driver " + fix.driver() + " de " + fix.de() + " session " + fix.session() + " seq "
                + fix.seq() + " at " + reader.stream() + "/" + reader.partition() + " offset " + offset);
    }

    private void example(String text) {
        if (examples.size() < EXAMPLES_MAX) {
            examples.add(text);
        }
    }
}
