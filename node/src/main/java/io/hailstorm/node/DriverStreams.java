package io.hailstorm.node;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Every driver's visible stream, as a fingerprint. The visible order of a driver's fixes <em>is</em> {@code (de, session,
 * seq)}, wherever they lie, so the set of them determines the sequence, and a sum over the fixes fingerprints it in any
 * order of reading. Two logs with the same fingerprints show the same streams, whatever engine wrote them and however the
 * records lie in partitions and batches.
 */
final class DriverStreams {
    /** What of a fix's place in the order counts. */
    enum By {
        /** Driver epoch, session and sequence number as they are: for runs in virtual time, where all of them repeat. */
        NUMBERS,
        /**
         * The session's place among the driver's, and the sequence number: a session's number is the phone's clock, and
         * driver epochs grow with each hand-over between nodes.
         */
        PLACES
    }

    /** One driver's visible fixes. */
    record Digest(long driver, long fixCount, long hash) {
        String hex() {
            return String.format("%016x", hash);
        }
    }

    /** One visible fix: its place in the order, and what it says. */
    record Visible(int de, long session, long seq, int latE7, int lonE7) {
        static final Comparator<Visible> IN_VISIBLE_ORDER = Comparator.comparingInt(Visible::de)
                .thenComparingLong(Visible::session)
                .thenComparingLong(Visible::seq);

        @Override
        public String toString() {
            return "de " + de + ", session " + session + ", seq " + seq + " at " + latE7 / 1e7 + "," + lonE7 / 1e7;
        }
    }

    /**
     * The first fix in which two streams of a driver differ.
     *
     * @param position in the visible order, from 0
     * @param a the fix there; empty when this stream has ended
     */
    record Difference(long driver, long position, Optional<Visible> a, Optional<Visible> b) {}

    private static final class Sum {
        private long count;
        private long hash;
    }

    private DriverStreams() {}

    /** Every driver's, by id. */
    static List<Digest> digests(LogReader log, By by) {
        TreeMap<Long, TreeMap<Long, Sum>> sums = new TreeMap<>();
        forEachFix(log, fix -> {
            Sum sum = sums.computeIfAbsent(fix.driver(), driver -> new TreeMap<>())
                    .computeIfAbsent(by == By.NUMBERS ? 0 : fix.session(), session -> new Sum());
            sum.count++;
            sum.hash += hash(fix, by);
        });
        List<Digest> digests = new ArrayList<>();
        sums.forEach((driver, sessions) -> {
            long count = 0;
            long hash = 0;
            for (Sum sum : sessions.values()) {
                count += sum.count;
                hash = CounterRandom.mix(hash ^ sum.hash ^ sum.count);
            }
            digests.add(new Digest(driver, count, hash));
        });
        return digests;
    }

    /** One fingerprint of all. */
    static long total(List<Digest> digests) {
        long total = 0;
        for (Digest digest : digests) {
            total = CounterRandom.mix(total ^ CounterRandom.mix(digest.driver()) ^ digest.hash());
        }
        return total;
    }

    /** The first difference, by driver, then in visible order; empty when there is none. */
    static Optional<Difference> difference(LogReader a, LogReader b, By by) {
        List<Digest> ofA = digests(a, by);
        List<Digest> ofB = digests(b, by);
        int at = 0;
        while (at < ofA.size() && at < ofB.size() && ofA.get(at).equals(ofB.get(at))) {
            at++;
        }
        long inA = at < ofA.size() ? ofA.get(at).driver() : Long.MAX_VALUE;
        long inB = at < ofB.size() ? ofB.get(at).driver() : Long.MAX_VALUE;
        return inA == Long.MAX_VALUE && inB == Long.MAX_VALUE
                ? Optional.empty()
                : Optional.of(firstDifference(Math.min(inA, inB), a, b, by));
    }

    private static Difference firstDifference(long driver, LogReader a, LogReader b, By by) {
        List<Visible> ofA = visible(driver, a, by);
        List<Visible> ofB = visible(driver, b, by);
        int at = 0;
        while (at < ofA.size() && at < ofB.size() && ofA.get(at).equals(ofB.get(at))) {
            at++;
        }
        return new Difference(driver, at, at(ofA, at), at(ofB, at));
    }

    private static Optional<Visible> at(List<Visible> stream, int position) {
        return position < stream.size() ? Optional.of(stream.get(position)) : Optional.empty();
    }

    private static List<Visible> visible(long driver, LogReader log, By by) {
        List<Visible> stream = new ArrayList<>();
        forEachFix(log, fix -> {
            if (fix.driver() == driver) {
                stream.add(new Visible(fix.de(), fix.session(), fix.seq(), fix.latE7(), fix.lonE7()));
            }
        });
        stream.sort(Visible.IN_VISIBLE_ORDER);
        return by == By.NUMBERS ? stream : byPlace(stream);
    }

    private static List<Visible> byPlace(List<Visible> stream) {
        List<Long> sessions =
                stream.stream().map(Visible::session).distinct().sorted().toList();
        return stream.stream()
                .map(fix -> new Visible(0, sessions.indexOf(fix.session()), fix.seq(), fix.latE7(), fix.lonE7()))
                .toList();
    }

    private interface FixHandler {
        void onFix(FixView fix);
    }

    private static void forEachFix(LogReader log, FixHandler handler) {
        FixView fix = new FixView();
        for (PartitionReader partition : LogPlace.of(log, StreamName.FIXES)) {
            HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.FIX && length == FixDescriptor.LENGTH) {
                    handler.onFix(fix.wrap(buffer, index));
                }
                return true;
            });
        }
    }

    private static long hash(FixView fix, By by) {
        long hash = 0;
        if (by == By.NUMBERS) {
            hash = CounterRandom.mix(fix.de());
            hash = CounterRandom.mix(hash ^ fix.session());
        }
        hash = CounterRandom.mix(hash ^ fix.seq());
        return CounterRandom.mix(hash ^ ((long) fix.latE7() << 32 | fix.lonE7() & 0xFFFF_FFFFL));
    }
}
