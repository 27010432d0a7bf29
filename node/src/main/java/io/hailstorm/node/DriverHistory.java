package io.hailstorm.node;

import io.hailstorm.kernel.FixView;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.node.HistoryFindings.Kind;
import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.HandOverRefused;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Each driver's visible records, partition by partition: they rise strictly, and a later driver epoch starts after the
 * earlier one ended, wherever it lies (I3); under one driver epoch one partition accepts, and none after it handed the driver
 * over (I1); a driver is taken in only where it was handed over to, or where the other side refused it (I6). One thread.
 */
final class DriverHistory {
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

    /** What the partition being read said of a driver so far. */
    private static final class Here {
        private int lastDe;
        /** Driver epoch of the newest hand-over from here that counts; records below it are at an end. */
        private int handedOverDe;
    }

    private record Passage(long driver, int de, int partition, int other, long offset) {}

    private record HandOver(long driver, int de, int from, int to) {}

    private record DriverEpoch(long driver, int de) {}

    private final HistoryFindings findings;
    private final Map<Long, NavigableMap<Integer, List<Reign>>> reigns = new HashMap<>();
    private final Map<DriverEpoch, Integer> takenInBy = new HashMap<>();
    private final Set<HandOver> handOvers = new HashSet<>();
    private final Set<DriverEpoch> refusals = new HashSet<>();
    private final List<Passage> takenIn = new ArrayList<>();
    private final Long2ObjectHashMap<Here> hereByDriver = new Long2ObjectHashMap<>();
    private int partition;
    private boolean isWhole;
    private boolean areAllWhole = true;

    DriverHistory(HistoryFindings findings) {
        this.findings = findings;
    }

    /**
     * The records of another partition follow.
     *
     * @param hasGaps whether a take-over cut off what others may have acted on
     */
    void begin(PartitionReader reader, boolean hasGaps) {
        partition = reader.partition();
        isWhole = reader.startOffset() == 0;
        areAllWhole &= isWhole && !hasGaps;
        hereByDriver.clear();
    }

    /**
     * A visible fix.
     *
     * @return whether a new driver epoch begins with it, by nothing but where the driver is
     */
    boolean onFix(FixView fix, long offset) {
        Here here = hereByDriver.get(fix.driver());
        boolean isKnownHere = here != null || isWhole;
        if (here == null) {
            here = new Here();
            hereByDriver.put(fix.driver(), here);
        }
        int handedOverDe = here.handedOverDe;
        if (fix.de() < handedOverDe) {
            findings.add(
                    Kind.ACCEPTOR,
                    () -> "accepted after it was handed over under de " + handedOverDe + ": "
                            + describe(fix, partition, offset));
        }
        here.lastDe = Math.max(here.lastDe, fix.de());
        List<Reign> ofEpoch = reigns.computeIfAbsent(fix.driver(), _ -> new TreeMap<>())
                .computeIfAbsent(fix.de(), _ -> new ArrayList<>(1));
        Reign last = ofEpoch.isEmpty() ? null : ofEpoch.get(ofEpoch.size() - 1);
        if (last != null && last.partition == partition) {
            goOn(last, fix, offset);
            return false;
        }
        if (last != null) {
            findings.add(
                    Kind.ACCEPTOR,
                    () -> "accepted in partition " + last.partition + " too: " + describe(fix, partition, offset));
        }
        ofEpoch.add(new Reign(partition, fix.session(), fix.seq()));
        return isKnownHere && !isTakenInHere(fix.driver(), fix.de());
    }

    private void goOn(Reign last, FixView fix, long offset) {
        if (!isBefore(last.lastSession, last.lastSeq, fix.session(), fix.seq())) {
            findings.add(Kind.ORDER, () -> "out of order: " + describe(fix, partition, offset));
        }
        last.lastSession = fix.session();
        last.lastSeq = fix.seq();
    }

    private boolean isTakenInHere(long driver, int de) {
        Integer by = takenInBy.get(new DriverEpoch(driver, de));
        return by != null && by == partition;
    }

    /** An event among the fixes; most do not matter here. */
    void onEvent(Event event, long offset) {
        switch (event.getPayloadCase()) {
            case DRIVER_HANDED_OVER -> onHandedOver(event.getDriverHandedOver());
            case DRIVER_TAKEN_IN -> onTakenIn(event.getDriverTakenIn(), offset);
            case HAND_OVER_REFUSED -> {
                HandOverRefused refused = event.getHandOverRefused();
                refusals.add(new DriverEpoch(refused.getDriver(), refused.getDe()));
            }
            default -> {}
        }
    }

    private void onHandedOver(DriverHandedOver record) {
        Here here = hereByDriver.computeIfAbsent(record.getDriver(), _ -> new Here());
        if (record.getDe() > Math.max(here.lastDe, here.handedOverDe)) {
            here.handedOverDe = record.getDe();
            handOvers.add(new HandOver(record.getDriver(), record.getDe(), partition, record.getToPartition()));
        }
    }

    private void onTakenIn(DriverTakenIn record, long offset) {
        Here here = hereByDriver.computeIfAbsent(record.getDriver(), _ -> new Here());
        here.lastDe = Math.max(here.lastDe, record.getDe());
        Integer before = takenInBy.putIfAbsent(new DriverEpoch(record.getDriver(), record.getDe()), partition);
        if (before != null && before != partition) {
            findings.add(
                    Kind.ACCEPTOR,
                    () -> "driver " + record.getDriver() + " de " + record.getDe() + " is taken in at fixes/"
                            + partition + " offset " + offset + ", and in partition " + before);
        }
        if (before == null) {
            takenIn.add(new Passage(record.getDriver(), record.getDe(), partition, record.getFromPartition(), offset));
        }
    }

    /** After every partition: what must fit across them. */
    void finish() {
        reigns.forEach(this::checkReigns);
        if (areAllWhole) {
            takenIn.forEach(this::checkPassage);
        }
    }

    private void checkPassage(Passage passage) {
        boolean isTakenBack = passage.other == passage.partition;
        boolean isNamed = isTakenBack
                ? refusals.contains(new DriverEpoch(passage.driver, passage.de - 1))
                : handOvers.contains(new HandOver(passage.driver, passage.de, passage.other, passage.partition));
        if (!isNamed) {
            findings.add(
                    Kind.LINEAGE,
                    () -> "driver " + passage.driver + " de " + passage.de + " is taken in at fixes/"
                            + passage.partition + " offset " + passage.offset
                            + (isTakenBack
                                    ? ", and nobody refused it"
                                    : ", and partition " + passage.other + " did not hand it over"));
        }
    }

    private void checkReigns(long driver, NavigableMap<Integer, List<Reign>> ofDriver) {
        Reign previous = null;
        for (Map.Entry<Integer, List<Reign>> epoch : ofDriver.entrySet()) {
            List<Reign> ofEpoch = new ArrayList<>(epoch.getValue());
            ofEpoch.sort(Comparator.<Reign>comparingLong(reign -> reign.firstSession)
                    .thenComparingLong(reign -> reign.firstSeq));
            for (Reign reign : ofEpoch) {
                if (previous != null
                        && !isBefore(previous.lastSession, previous.lastSeq, reign.firstSession, reign.firstSeq)) {
                    Reign before = previous;
                    findings.add(
                            Kind.ORDER,
                            () -> "driver " + driver + " de " + epoch.getKey() + " in partition " + reign.partition
                                    + " starts at (" + reign.firstSession + ", " + reign.firstSeq
                                    + "), before the previous reign ended at (" + before.lastSession + ", "
                                    + before.lastSeq + ")");
                }
                previous = reign;
            }
        }
    }

    private static boolean isBefore(long sessionA, long seqA, long sessionB, long seqB) {
        return sessionA < sessionB || (sessionA == sessionB && seqA < seqB);
    }

    static String describe(FixView fix, int partition, long offset) {
        return "driver " + fix.driver() + " de " + fix.de() + " session " + fix.session() + " seq " + fix.seq()
                + " at fixes/" + partition + " offset " + offset;
    }
}
