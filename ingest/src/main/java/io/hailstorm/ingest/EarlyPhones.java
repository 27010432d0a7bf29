package io.hailstorm.ingest;

import io.hailstorm.kernel.FixDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Phones that came before this node could read where their drivers belong. Each waits at most {@link #WAIT_MS}, with at most
 * {@link #RECORDS_MAX} fixes; at a bound it is told to come again. Owned by the agent's thread.
 */
final class EarlyPhones {
    static final int PHONES_MAX = 4096;
    static final int RECORDS_MAX = 64;
    static final long WAIT_MS = 2_000;

    /** One phone that waits, and what it has sent meanwhile. */
    static final class Early {
        private final DriverStream stream;
        private final long session;
        private final long clockOffsetMs;
        private final AuthorityClaim claim;
        private final long sinceMs;
        private UnsafeBuffer records = new UnsafeBuffer(new byte[0]);
        private int count;

        private Early(DriverStream stream, long session, long clockOffsetMs, AuthorityClaim claim, long sinceMs) {
            this.stream = stream;
            this.session = session;
            this.clockOffsetMs = clockOffsetMs;
            this.claim = claim;
            this.sinceMs = sinceMs;
        }

        DriverStream stream() {
            return stream;
        }

        long session() {
            return session;
        }

        long clockOffsetMs() {
            return clockOffsetMs;
        }

        AuthorityClaim claim() {
            return claim;
        }

        int count() {
            return count;
        }

        MutableDirectBuffer records() {
            return records;
        }
    }

    private final HandOverStats stats;
    private final List<Early> waiting = new ArrayList<>();
    private final List<Early> next = new ArrayList<>();
    private int records;

    EarlyPhones(HandOverStats stats) {
        this.stats = stats;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Keeps a hello; false at the bound. */
    boolean hold(DriverStream stream, long session, long clockOffsetMs, AuthorityClaim claim, long nowMs) {
        if (waiting.size() >= PHONES_MAX) {
            return false;
        }
        Early early = new Early(stream, session, clockOffsetMs, claim, nowMs);
        waiting.add(early);
        stream.tally.early = early;
        return true;
    }

    /** Keeps fixes; false at the bound, and then they are not kept. */
    boolean keep(Early early, int count, DirectBuffer buffer, int index) {
        if (early.count + count > RECORDS_MAX) {
            return false;
        }
        if (early.records.capacity() == 0) {
            early.records = new UnsafeBuffer(new byte[RECORDS_MAX * FixDescriptor.LENGTH]);
        }
        early.records.putBytes(early.count * FixDescriptor.LENGTH, buffer, index, count * FixDescriptor.LENGTH);
        early.count += count;
        records += count;
        stats.earlyRecords(records);
        return true;
    }

    /** The stream waits no more. */
    void forget(DriverStream stream) {
        if (stream.tally.early != null) {
            stream.tally.early = null;
            stream.tally.settledCount = stream.tally.receivedCount;
        }
    }

    /**
     * Looks at every phone again, in the order they came.
     *
     * @param receive true when the phone was greeted or sent on
     * @param retry told the phones that have waited long enough
     */
    int settle(Predicate<Early> receive, Consumer<DriverStream> retry, long nowMs) {
        int settled = 0;
        next.clear();
        for (Early early : waiting) {
            boolean over = early.stream.tally.early != early;
            if (!over && !receive.test(early)) {
                if (nowMs - early.sinceMs < WAIT_MS) {
                    next.add(early);
                    continue;
                }
                retry.accept(early.stream);
            }
            records -= early.count;
            settled++;
        }
        waiting.clear();
        waiting.addAll(next);
        return settled;
    }
}
