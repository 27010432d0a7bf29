package io.hailstorm.simulator;

import io.hailstorm.kernel.OfferId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.LongArrayList;

/**
 * The clients' own record: what the server acknowledged, which offers it made, how trips ended. Kept apart from the
 * report's counters, so that a checker that reads the log can hold the server to it: every seq from 1 to a session's
 * {@code ackedSeq} that is not in {@code rejectedSeqs} must be in the log exactly once, as a fix or in {@code late}.
 *
 * <p>One owner thread. Iteration is by driver in order of first appearance, by session ascending, by offer in order of
 * arrival.
 */
public final class ClientLedger {
    /** No acknowledgement yet. */
    public static final long NOTHING_ACKED = 0;

    /** What was acknowledged to one session of one driver. */
    public static final class SessionRecord {
        private final long driver;
        private final long session;
        private final LongArrayList rejectedSeqs = new LongArrayList(0, Long.MIN_VALUE);
        private long ackedSeq = NOTHING_ACKED;

        SessionRecord(long driver, long session) {
            this.driver = driver;
            this.session = session;
        }

        public long driver() {
            return driver;
        }

        public long session() {
            return session;
        }

        /** Every seq from 1 to here was acknowledged: durable, or rejected. */
        public long ackedSeq() {
            return ackedSeq;
        }

        public int rejectedCount() {
            return rejectedSeqs.size();
        }

        /** In order of arrival; may exceed {@link #ackedSeq} and repeat a seq that was resent. */
        public long rejectedSeq(int index) {
            return rejectedSeqs.getLong(index);
        }

        public boolean isRejected(long seq) {
            return rejectedSeqs.containsLong(seq);
        }
    }

    /** How an offer ended for the driver's phone. */
    public enum OfferEnd {
        /** Not ended. */
        LIVE,
        DECLINED,
        /** Timed out, or ended by the server. */
        WITHDRAWN,
        /** Accepted, and the trip with it. */
        ACCEPTED
    }

    /** An offer as the driver's phone saw it. Live from {@code receivedMs} to {@code endedMs}, in simulated time. */
    public static final class OfferRecord {
        private final long driver;
        private final OfferId offer;
        private final String trip;
        private final long receivedMs;
        private long endedMs = Long.MAX_VALUE;
        private OfferEnd end = OfferEnd.LIVE;

        OfferRecord(long driver, long offer, String trip, long receivedMs) {
            this.driver = driver;
            this.offer = new OfferId(offer);
            this.trip = trip;
            this.receivedMs = receivedMs;
        }

        public long driver() {
            return driver;
        }

        public OfferId offer() {
            return offer;
        }

        public String trip() {
            return trip;
        }

        public long receivedMs() {
            return receivedMs;
        }

        /** {@link Long#MAX_VALUE} while live. */
        public long endedMs() {
            return endedMs;
        }

        public OfferEnd end() {
            return end;
        }

        void ended(OfferEnd how, long nowMs) {
            if (end == OfferEnd.LIVE) {
                end = how;
                endedMs = nowMs;
            }
        }
    }

    /** How a trip ended for its rider; {@code OPEN} when it did not. */
    public enum TripEnd {
        OPEN,
        COMPLETED,
        CANCELLED,
        EXPIRED
    }

    private final List<SessionRecord> sessions = new ArrayList<>();
    private final List<OfferRecord> offers = new ArrayList<>();
    private final Map<String, TripEnd> trips = new java.util.LinkedHashMap<>();
    private final Map<String, OfferRecord> liveOffers = new HashMap<>();

    /** Every session of every driver. */
    public List<SessionRecord> sessions() {
        return java.util.Collections.unmodifiableList(sessions);
    }

    public List<OfferRecord> offers() {
        return java.util.Collections.unmodifiableList(offers);
    }

    /** How each requested trip ended, in order of request. */
    public Map<String, TripEnd> trips() {
        return java.util.Collections.unmodifiableMap(trips);
    }

    SessionRecord openSession(long driver, long session) {
        SessionRecord record = new SessionRecord(driver, session);
        sessions.add(record);
        return record;
    }

    void acked(SessionRecord record, long ackedSeq) {
        record.ackedSeq = Math.max(record.ackedSeq, ackedSeq);
    }

    void rejected(SessionRecord record, long seq) {
        record.rejectedSeqs.addLong(seq);
    }

    /** The record of an offer; the same one when the server repeats itself. */
    OfferRecord offerReceived(long driver, long offer, String trip, long nowMs) {
        String key = offerKey(driver, offer, trip);
        OfferRecord live = liveOffers.get(key);
        if (live != null) {
            return live;
        }
        OfferRecord record = new OfferRecord(driver, offer, trip, nowMs);
        offers.add(record);
        liveOffers.put(key, record);
        return record;
    }

    void offerEnded(long driver, long offer, String trip, OfferEnd how, long nowMs) {
        OfferRecord record = liveOffers.remove(offerKey(driver, offer, trip));
        if (record != null) {
            record.ended(how, nowMs);
        }
    }

    void trip(String trip, TripEnd end) {
        trips.put(trip, end);
    }

    private static String offerKey(long driver, long offer, String trip) {
        return driver + "/" + offer + "/" + trip;
    }
}
