package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.TermStart;
import io.hailstorm.node.HistoryFindings.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Several regions' copies of one log as one. Of each partition the copy counts that has the newest term, and of those the one that
 * reaches furthest: it is whose writer went on. The others must hold the same wherever both were written in the same term. What lies
 * behind a difference of terms was a replaced writer's, and is cut off when that comes back.
 */
final class HistoryCopies {
    private static final int READ_BATCH = 4096;
    /** Written before the oldest term that is remembered. */
    private static final long OLD_TERM = -1;

    /** One region's copy of a partition. */
    private record Copy(int log, PartitionReader reader, List<TermStart> terms) {
        long newestTerm() {
            return terms.isEmpty() ? OLD_TERM : terms.getLast().term();
        }

        long termAt(long offset) {
            long term = OLD_TERM;
            for (TermStart each : terms) {
                if (each.startOffset() <= offset) {
                    term = each.term();
                }
            }
            return term;
        }
    }

    private record Key(StreamName stream, int partition) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byStream = stream.compareTo(other.stream);
            return byStream != 0 ? byStream : Integer.compare(partition, other.partition);
        }
    }

    private HistoryCopies() {}

    /** What there is to read of them all; a copy that differs is a finding. */
    static HistoryStreams compare(List<LogReader> logs, HistoryFindings findings) {
        NavigableMap<Key, List<Copy>> copies = new TreeMap<>();
        List<GeoStatus.Gap> gaps = new ArrayList<>();
        for (int i = 0; i < logs.size(); i++) {
            LogReader log = logs.get(i);
            gaps.addAll(log.gaps());
            for (PartitionReader reader : log.partitions()) {
                copies.computeIfAbsent(new Key(reader.stream(), reader.partition()), _ -> new ArrayList<>())
                        .add(new Copy(i, reader, log.terms(reader.stream(), reader.partition())));
            }
        }
        NavigableMap<Key, PartitionReader> chosen = new TreeMap<>();
        for (Map.Entry<Key, List<Copy>> each : copies.entrySet()) {
            Copy first = each.getValue().stream().reduce(HistoryCopies::further).orElseThrow();
            each.getValue().stream()
                    .filter(copy -> copy.log() != first.log())
                    .forEach(copy -> compare(first, copy, findings));
            chosen.put(each.getKey(), first.reader());
        }
        return HistoryStreams.of(
                stream -> chosen.entrySet().stream()
                        .filter(entry -> entry.getKey().stream() == stream)
                        .map(Map.Entry::getValue)
                        .toList(),
                gaps);
    }

    private static Copy further(Copy a, Copy b) {
        if (a.newestTerm() != b.newestTerm()) {
            return a.newestTerm() > b.newestTerm() ? a : b;
        }
        return b.reader().durableOffset() > a.reader().durableOffset() ? b : a;
    }

    private static void compare(Copy first, Copy other, HistoryFindings findings) {
        long end = agreedEnd(first, other);
        long difference = firstDifference(first.reader(), other.reader(), end);
        if (difference < end) {
            PartitionReader reader = first.reader();
            findings.add(
                    Kind.COPY,
                    () -> reader.stream() + "/" + reader.partition() + " of directory " + (other.log() + 1)
                            + " differs from that of directory " + (first.log() + 1) + " at offset " + difference
                            + ", both written in term " + first.termAt(difference));
        }
    }

    /** Up to where both were written in the same terms. */
    private static long agreedEnd(Copy a, Copy b) {
        long end = Math.min(a.reader().durableOffset(), b.reader().durableOffset());
        return Stream.concat(a.terms().stream(), b.terms().stream())
                .mapToLong(TermStart::startOffset)
                .filter(at -> a.termAt(at) != b.termAt(at) && a.termAt(at) != OLD_TERM && b.termAt(at) != OLD_TERM)
                .reduce(end, Math::min);
    }

    /** Offset of the first record below {@code end} that is not the same; {@code end} when all are. */
    private static long firstDifference(PartitionReader a, PartitionReader b, long end) {
        long[] digests = new long[READ_BATCH];
        long[] difference = {end};
        long at = Math.max(a.startOffset(), b.startOffset());
        while (at < end && difference[0] == end) {
            long from = at;
            long to = Math.min(end, from + READ_BATCH);
            Arrays.fill(digests, 0);
            read(a, from, to, (offset, digest) -> digests[(int) (offset - from)] = digest);
            read(b, from, to, (offset, digest) -> {
                int index = (int) (offset - from);
                if (digests[index] != digest) {
                    difference[0] = Math.min(difference[0], offset);
                }
                digests[index] = 0;
            });
            for (int i = 0; i < to - from; i++) {
                if (digests[i] != 0) { // in one only
                    difference[0] = Math.min(difference[0], from + i);
                }
            }
            at = to;
        }
        return difference[0];
    }

    @FunctionalInterface
    private interface DigestConsumer {
        void accept(long offset, long digest);
    }

    private static void read(PartitionReader reader, long from, long to, DigestConsumer consumer) {
        long at = from;
        while (at < to) {
            long next = reader.read(at, (int) (to - at), (offset, hlc, type, buffer, index, length) -> {
                if (offset < to) {
                    consumer.accept(offset, RecordDigest.of(hlc, offset, type, buffer, index, length));
                }
                return offset + 1 < to;
            });
            if (next == at) {
                return;
            }
            at = next;
        }
    }
}
