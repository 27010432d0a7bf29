package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.node.HistoryFindings.Kind;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.simulator.ClientLedger;
import io.hailstorm.simulator.LedgerFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Judges a run by the log and by what the clients were promised, sharing no state with the node that wrote it.
 *
 * <p>Loss (I4): a number at or below what a client was acknowledged, and not rejected to its face, is in {@code fixes} or
 * {@code late}. Duplicates (I5): no number is visible twice, nor both visible and late; late in two partitions it may be, of a driver
 * whom nobody had yet. Drivers (I1, I3): {@link DriverHistory}. Ranges (I1, I2, I6):
 * {@link RangeHistory} and {@link MoveHistory}. Offers (I7): {@link OfferHistory}. Several copies of one log:
 * {@link HistoryCopies}. Linear in the records; memory is a bit a fix, and a few words for each driver in each cell that moved.
 */
final class HistoryChecker {
    /** What one client was told about one session. */
    record Promise(long driver, long session, long ackedSeq, List<Long> rejectedSeqs) {}

    /**
     * Violations by kind, with the first few spelled out.
     *
     * @param strays fixes that lie, legally, off the ground of the partition that has their driver
     * @param records fixes read, late and rejected ones too
     */
    record Verdict(
            long orderViolations,
            long lost,
            long duplicatesVisible,
            long doubleOffers,
            long acceptorViolations,
            long epochViolations,
            long lineageViolations,
            long copiesDiffer,
            long strays,
            long records,
            List<String> examples) {
        boolean ok() {
            return orderViolations == 0
                    && lost == 0
                    && duplicatesVisible == 0
                    && doubleOffers == 0
                    && acceptorViolations == 0
                    && epochViolations == 0
                    && lineageViolations == 0
                    && copiesDiffer == 0;
        }
    }

    private static final int READ_BATCH = 4096;

    private record SessionKey(long driver, long session) {}

    /** Numbers present, a bit each. */
    private static final class SeqSet {
        private long[] words = new long[4];

        boolean add(long seq) {
            int word = (int) (seq >>> 6);
            if (word >= words.length) {
                words = Arrays.copyOf(words, Math.max(word + 1, words.length * 2));
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

    private final HistoryFindings findings;
    private final MoveHistory moves;
    private final RangeHistory ranges;
    private final DriverHistory drivers;
    private final Cells cells = Cells.create();
    private final Map<SessionKey, SeqSet> visible = new HashMap<>();
    private final Map<SessionKey, SeqSet> late = new HashMap<>();
    private final FixView fix = new FixView();
    private long records;

    private HistoryChecker(HistoryStreams streams, HistoryFindings findings) {
        this.findings = findings;
        moves = new MoveHistory(findings, streams.gaps());
        ranges = new RangeHistory(findings, moves);
        drivers = new DriverHistory(findings);
    }

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

    /** Reads a log and holds it against the promises. */
    static Verdict check(HistoryStreams streams, List<Promise> promises) {
        return check(streams, promises, new HistoryFindings());
    }

    /** The same for several regions' copies of one log: as whoever writes each partition has it. */
    static Verdict check(List<LogReader> copies, List<Promise> promises) {
        HistoryFindings findings = new HistoryFindings();
        return check(HistoryCopies.compare(copies, findings), promises, findings);
    }

    private static Verdict check(HistoryStreams streams, List<Promise> promises, HistoryFindings findings) {
        HistoryChecker checker = new HistoryChecker(streams, findings);
        streams.control().forEach(checker.moves::read);
        streams.fixes().forEach(checker::readFixes);
        streams.late().forEach(checker::readLate);
        checker.drivers.finish();
        checker.moves.finish();
        checker.checkPromises(promises);
        new OfferHistory(findings).check(streams.trips());
        return new Verdict(
                findings.count(Kind.ORDER),
                findings.count(Kind.LOST),
                findings.count(Kind.DUPLICATE),
                findings.count(Kind.OFFER),
                findings.count(Kind.ACCEPTOR),
                findings.count(Kind.EPOCH),
                findings.count(Kind.LINEAGE),
                findings.count(Kind.COPY),
                checker.ranges.strays(),
                checker.records,
                findings.examples());
    }

    static long readAll(PartitionReader reader, RecordHandler handler) {
        long offset = reader.startOffset();
        while (true) {
            long next = reader.read(offset, READ_BATCH, handler);
            if (next == offset) {
                return offset;
            }
            offset = next;
        }
    }

    private void readFixes(PartitionReader reader) {
        moves.begin(reader);
        ranges.begin(reader);
        drivers.begin(reader, moves.partitionsWithGaps().contains(reader.partition()));
        readAll(reader, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.FIX) {
                fix.wrap(buffer, index);
                records++;
                if (!seqs(visible).add(fix.seq())) {
                    duplicate(reader, offset);
                }
                boolean begins = drivers.onFix(fix, offset);
                if (moves.isInitialized()) {
                    ranges.onFix(fix, cells.parent(fix.cell(), Cells.ROUTING_RESOLUTION), offset, hlc, begins);
                }
            } else if (type == RecordType.EVENT) {
                Event event = EventReader.read(buffer, index, length);
                drivers.onEvent(event, offset);
                RangeCodec.range(event).ifPresent(record -> ranges.onRange(offset, record));
            }
            return true;
        });
    }

    private void readLate(PartitionReader reader) {
        Map<SessionKey, SeqSet> lateHere = new HashMap<>();
        readAll(reader, (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.FIX || type == RecordType.REJECTED_FIX) {
                fix.wrap(buffer, index);
                records++;
                // Who has an owner has one place for what comes late.
                boolean isAgain = !seqs(late).add(fix.seq()) && fix.de() > 0;
                SeqSet here = seqs(lateHere);
                if (isAgain || !here.add(fix.seq()) || isIn(visible, fix.driver(), fix.session(), fix.seq())) {
                    duplicate(reader, offset);
                }
            }
            return true;
        });
    }

    private SeqSet seqs(Map<SessionKey, SeqSet> of) {
        return of.computeIfAbsent(new SessionKey(fix.driver(), fix.session()), _ -> new SeqSet());
    }

    private static boolean isIn(Map<SessionKey, SeqSet> of, long driver, long session, long seq) {
        SeqSet seqs = of.get(new SessionKey(driver, session));
        return seqs != null && seqs.contains(seq);
    }

    private void duplicate(PartitionReader reader, long offset) {
        findings.add(
                Kind.DUPLICATE,
                () -> "duplicate: driver " + fix.driver() + " de " + fix.de() + " session " + fix.session() + " seq "
                        + fix.seq() + " at " + reader.stream() + "/" + reader.partition() + " offset " + offset);
    }

    private void checkPromises(List<Promise> promises) {
        for (Promise promise : promises) {
            Set<Long> rejected = new HashSet<>(promise.rejectedSeqs());
            for (long seq = 1; seq <= promise.ackedSeq(); seq++) {
                if (!isIn(visible, promise.driver(), promise.session(), seq)
                        && !isIn(late, promise.driver(), promise.session(), seq)
                        && !rejected.contains(seq)) {
                    long missing = seq;
                    findings.add(
                            Kind.LOST,
                            () -> "acknowledged but not in the log: driver " + promise.driver() + " session "
                                    + promise.session() + " seq " + missing);
                }
            }
        }
    }
}
