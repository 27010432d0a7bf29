package io.hailstorm.ingest;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fixes appended to one partition and not yet durable, in order of offset. Neighbouring accepted fixes of one stream
 * share an entry. Bounded by the log's unsynced backlog; grown by doubling, then kept. One owner thread.
 */
final class PendingAcks {
    /** Outcome of an accepted fix. */
    static final int ACCEPTED = 0;
    /** Outcome of a late fix. */
    static final int LATE = 1;
    /** A rejected fix: this plus the number of its {@link io.hailstorm.protocol.v1.FixRejection}. */
    static final int REJECTED = 16;

    private static final int INITIAL_CAPACITY = 64;

    private @Nullable DriverSession[] sessions = new DriverSession[INITIAL_CAPACITY];
    private @Nullable DriverStream[] streams = new DriverStream[INITIAL_CAPACITY];
    private long[] sessionNumbers = new long[INITIAL_CAPACITY];
    private long[] lastSeqs = new long[INITIAL_CAPACITY];
    private long[] lastOffsets = new long[INITIAL_CAPACITY];
    private int[] counts = new int[INITIAL_CAPACITY];
    private int[] outcomes = new int[INITIAL_CAPACITY];
    private int[] generations = new int[INITIAL_CAPACITY];
    private long head;
    private long tail;
    /** Entries from here on belong to the batch being staged; their offsets count from its start. */
    private long staged;

    boolean isEmpty() {
        return head == tail;
    }

    /** Notes that record {@code batchIndex} of the batch being staged is an accepted fix. */
    void accepted(DriverSession session, DriverStream stream, long seq, int batchIndex) {
        session.acceptedAppended();
        if (tail > staged) {
            int last = slot(tail - 1);
            if (sessions[last] == session
                    && streams[last] == stream
                    && sessionNumbers[last] == session.session
                    && outcomes[last] == ACCEPTED
                    && lastSeqs[last] + 1 == seq) {
                counts[last]++;
                lastSeqs[last] = seq;
                lastOffsets[last] = batchIndex;
                return;
            }
        }
        add(session, stream, seq, batchIndex, ACCEPTED, 0);
    }

    /** Notes that record {@code batchIndex} of the batch being staged is a late or rejected fix. */
    void late(DriverSession session, DriverStream stream, long seq, int batchIndex, int outcome) {
        add(session, stream, seq, batchIndex, outcome, session.lateAppended(seq));
    }

    /** The staged batch was appended at {@code baseOffset}. */
    void appended(long baseOffset) {
        for (long entry = staged; entry < tail; entry++) {
            lastOffsets[slot(entry)] += baseOffset;
        }
        staged = tail;
    }

    /** Settles every entry whose records are all below {@code durableOffset}. */
    int settle(long durableOffset, Tally tally) {
        int settled = 0;
        while (head < staged) {
            int at = slot(head);
            if (lastOffsets[at] >= durableOffset) {
                break;
            }
            settleEntry(at, tally);
            sessions[at] = null;
            streams[at] = null;
            head++;
            settled++;
        }
        return settled;
    }

    private void settleEntry(int at, Tally tally) {
        DriverSession session = sessions[at];
        DriverStream stream = streams[at];
        if (session == null || stream == null) {
            throw new IllegalStateException("an entry between head and tail is always filled");
        }
        int outcome = outcomes[at];
        if (outcome == ACCEPTED) {
            session.acceptedDurable(sessionNumbers[at], lastSeqs[at], counts[at]);
        } else {
            session.lateDurable(sessionNumbers[at], generations[at], counts[at]);
        }
        tally.settled(session, stream, outcome, lastSeqs[at], counts[at]);
    }

    /** Forgets everything: it will never be durable, or somebody else will know. */
    void clear() {
        Arrays.fill(sessions, null);
        Arrays.fill(streams, null);
        head = tail;
        staged = tail;
    }

    /** Names the numbers of the drivers' current sessions that a crash could still take back. */
    void forEachUndurable(UndurableConsumer consumer) {
        for (long entry = head; entry < tail; entry++) {
            int at = slot(entry);
            DriverSession session = sessions[at];
            if (session != null && session.session == sessionNumbers[at]) {
                consumer.accept(session, lastSeqs[at] - counts[at] + 1, lastSeqs[at]);
            }
        }
    }

    /** Names the drivers with something that a crash could still take back, of whatever session. */
    void forEachDriver(Consumer<DriverSession> consumer) {
        for (long entry = head; entry < tail; entry++) {
            DriverSession session = sessions[slot(entry)];
            if (session != null) {
                consumer.accept(session);
            }
        }
    }

    /** Told the ranges of numbers, both ends included, that are appended and not durable. */
    @FunctionalInterface
    interface UndurableConsumer {
        void accept(DriverSession session, long firstSeq, long lastSeq);
    }

    private void add(DriverSession session, DriverStream stream, long seq, int batchIndex, int outcome, int gen) {
        if (tail - head == counts.length) {
            grow();
        }
        int at = slot(tail++);
        sessions[at] = session;
        streams[at] = stream;
        sessionNumbers[at] = session.session;
        lastSeqs[at] = seq;
        lastOffsets[at] = batchIndex;
        counts[at] = 1;
        outcomes[at] = outcome;
        generations[at] = gen;
    }

    private int slot(long entry) {
        return (int) entry & (counts.length - 1);
    }

    private void grow() {
        int oldLength = counts.length;
        int shift = slot(head);
        int capacity = oldLength * 2;
        sessions = unrolled(Arrays.copyOf(sessions, capacity), sessions, shift);
        streams = unrolled(Arrays.copyOf(streams, capacity), streams, shift);
        sessionNumbers = unrolled(sessionNumbers, shift);
        lastSeqs = unrolled(lastSeqs, shift);
        lastOffsets = unrolled(lastOffsets, shift);
        counts = unrolled(counts, shift);
        outcomes = unrolled(outcomes, shift);
        generations = unrolled(generations, shift);
        staged -= head;
        tail -= head;
        head = 0;
    }

    private static <T> T[] unrolled(T[] target, T[] source, int shift) {
        System.arraycopy(source, shift, target, 0, source.length - shift);
        System.arraycopy(source, 0, target, source.length - shift, shift);
        return target;
    }

    private static long[] unrolled(long[] source, int shift) {
        long[] target = new long[source.length * 2];
        System.arraycopy(source, shift, target, 0, source.length - shift);
        System.arraycopy(source, 0, target, source.length - shift, shift);
        return target;
    }

    private static int[] unrolled(int[] source, int shift) {
        int[] target = new int[source.length * 2];
        System.arraycopy(source, shift, target, 0, source.length - shift);
        System.arraycopy(source, 0, target, source.length - shift, shift);
        return target;
    }

    /** Told each entry whose records became durable. */
    @FunctionalInterface
    interface Tally {
        void settled(DriverSession session, DriverStream stream, int outcome, long lastSeq, int count);
    }
}
