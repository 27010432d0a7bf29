package io.hailstorm.simulator;

import com.google.protobuf.Timestamp;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import io.hailstorm.protocol.v1.RejectedFix;
import java.util.ArrayDeque;
import org.agrona.collections.LongArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The numbering of one phone: fixes get their numbers within the session, are cut into batches, and are kept until they are
 * acknowledged. What was sent on the present stream and not answered is counted apart, because a stream that breaks takes
 * its answers with it. One owner thread.
 */
final class UnackedFixes {
    /** Fixes kept without acknowledgement; at the bound new positions are skipped, before they get a number. */
    static final int BUFFER_MAX = 4_096;

    private static final int STREAM_SKEW = 111;

    /** A message of fixes that was sent and not wholly answered. */
    private static final class Sent {
        int unanswered;
        final long atMs;
        final long atNs;

        Sent(int count, long atMs, long atNs) {
            this.unanswered = count;
            this.atMs = atMs;
            this.atNs = atNs;
        }
    }

    /** The end of a batch that was sent for the first time, and when; {@link #NOT_MEASURED} when out of order. */
    private record FirstSent(long lastSeq, long atNs) {}

    private static final long NOT_MEASURED = Long.MIN_VALUE;

    private final long driver;
    private final PhoneNetwork network;
    private final FixRing ring = new FixRing();
    private final Outbox outbox;
    private final ArrayDeque<Sent> inFlight = new ArrayDeque<>(4);
    private final ArrayDeque<FirstSent> firstSent = new ArrayDeque<>(4);
    private final LongArrayList newlyRejected = new LongArrayList(0, Long.MIN_VALUE);
    private final long skewMs;

    private ClientLedger.@Nullable SessionRecord record;
    private long session;
    private long ackedSeq;
    private long sentSeqMax;
    private int unanswered;
    private int batchTarget = 1;
    private long handOverFromNs = NOT_MEASURED;
    private long handOverUntilSeq;
    private boolean isAwaitingGreeting;

    UnackedFixes(long driver, PhoneNetwork network, Realism realism) {
        this.driver = driver;
        this.network = network;
        outbox = new Outbox(realism, network.seed, driver);
        double swing = 2 * CounterRandom.uniform(network.seed, driver, 0, STREAM_SKEW) - 1;
        skewMs = Math.round(swing * realism.clockSkewMaxMs());
    }

    /** What the phone's clock shows. */
    long deviceMs(long nowMs) {
        return nowMs + skewMs;
    }

    boolean isFull() {
        return ring.size() >= BUFFER_MAX;
    }

    /** Numbered, and not acknowledged. */
    long count() {
        return ring.size();
    }

    boolean isDrained() {
        return ring.size() == 0 && unanswered == 0;
    }

    long session() {
        return session;
    }

    /** Sent on the present stream and not answered. */
    int unanswered() {
        return unanswered;
    }

    /** Whether the server acknowledges more than was ever sent in this session. */
    boolean isBeyondSent(long seq) {
        return seq > sentSeqMax;
    }

    /** Opens or resumes the session on a new stream. */
    DriveRequest hello(long nowMs, Route route) {
        long atMs = deviceMs(nowMs);
        Timestamp deviceTime = Timestamp.newBuilder()
                .setSeconds(Math.floorDiv(atMs, 1_000L))
                .setNanos((int) Math.floorMod(atMs, 1_000L) * 1_000_000)
                .build();
        Hello.Builder hello = Hello.newBuilder().setSession(session).setDeviceTime(deviceTime);
        route.introduce(hello);
        return DriveRequest.newBuilder().setHello(hello).build();
    }

    /** Numbers begin at 1 again; what is kept belongs to the new session. */
    void beginSession(long newSession) {
        session = newSession;
        ackedSeq = 0;
        sentSeqMax = 0;
        firstSent.clear();
        handOverFromNs = NOT_MEASURED;
        record = network.ledger.openSession(driver, session);
        outbox.restart(0, lastSeq(), Long.MIN_VALUE);
    }

    // ---- numbering

    void addMeasured(long atMs, int latE7, int lonE7, byte state, int headingCd, int speedCm, int accuracyDm) {
        ring.addMeasured(deviceMs(atMs), latE7, lonE7, state, headingCd, speedCm, accuracyDm);
    }

    void add(long atMs, int latE7, int lonE7, byte state) {
        ring.add(deviceMs(atMs), latE7, lonE7, state);
    }

    void addStateOnly(long atMs, int latE7, int lonE7, byte state) {
        ring.addStateOnly(deviceMs(atMs), latE7, lonE7, state);
    }

    private long lastSeq() {
        return ackedSeq + ring.size();
    }

    // ---- batches

    /** Whether enough has gathered for a message. */
    boolean isBatchFull() {
        return lastSeq() - outbox.cutSeq() >= batchTarget;
    }

    /** Makes a batch of what has gathered, and draws the size of the next one. */
    void cutBatch(long nowMs) {
        outbox.cut(lastSeq(), nowMs);
        batchTarget = outbox.batchTarget();
    }

    /** Makes a batch of what has gathered. */
    void cut(long nowMs) {
        outbox.cut(lastSeq(), nowMs);
    }

    /** Everything there is goes out at once. */
    void hurry(long nowMs) {
        outbox.cut(lastSeq(), nowMs);
        outbox.hurry(nowMs);
    }

    Outbox.@Nullable Batch peekBatch() {
        return outbox.peek();
    }

    void pollBatch() {
        outbox.poll();
    }

    boolean isAcked(Outbox.Batch batch) {
        return batch.firstSeq <= ackedSeq;
    }

    DriveRequest message(Outbox.Batch batch) {
        FixBatch.Builder fixes = FixBatch.newBuilder();
        for (long seq = batch.firstSeq; seq <= batch.lastSeq; seq++) {
            fixes.addFixes(ring.fix((int) (seq - ackedSeq - 1), seq));
        }
        return DriveRequest.newBuilder().setFixBatch(fixes).build();
    }

    // ---- what was sent, and its answers

    void sent(Outbox.Batch batch, long nowMs) {
        int count = batch.size();
        if (batch.lastSeq > sentSeqMax) {
            boolean overtook = batch.firstSeq > sentSeqMax + 1;
            firstSent.addLast(new FirstSent(batch.lastSeq, overtook ? NOT_MEASURED : network.pauses.nowNs()));
            sentSeqMax = batch.lastSeq;
        }
        unanswered += count;
        inFlight.addLast(new Sent(count, nowMs, network.nowNs()));
        network.counters.sends += count;
        network.counters.inFlight.add(nowMs, count);
    }

    /** The stream broke: no answer comes any more. */
    void streamLost() {
        network.counters.sendsLost += unanswered;
        for (Sent sent : inFlight) {
            network.counters.inFlight.remove(sent.atMs, sent.unanswered);
        }
        inFlight.clear();
        unanswered = 0;
    }

    /** A new stream is greeted: what the server has need not be sent again, all the rest is. */
    void resumeAfter(long serverAckedSeq, long nowMs, long atNs) {
        isAwaitingGreeting = false;
        if (serverAckedSeq > ackedSeq) {
            network.counters.resumed += serverAckedSeq - ackedSeq;
            advanceTo(serverAckedSeq, atNs);
        }
        endHandOver(atNs);
        outbox.restart(ackedSeq, lastSeq(), nowMs);
    }

    void onFixAck(FixAck ack, long receivedNs, long atNs) {
        PhoneCounters counters = network.counters;
        counters.accepted += ack.getAcceptedCount();
        counters.duplicate += ack.getDuplicateCount();
        counters.late += ack.getLateCount();
        for (RejectedFix rejected : ack.getRejectedList()) {
            counters.rejected(rejected.getReason());
            newlyRejected.addLong(rejected.getSeq());
            if (record != null) {
                network.ledger.rejected(record, rejected.getSeq());
            }
        }
        answered(
                ack.getAcceptedCount() + ack.getDuplicateCount() + ack.getLateCount() + ack.getRejectedCount(),
                receivedNs);
        if (ack.getAckedSeq() > ackedSeq) {
            advanceTo(Math.min(ack.getAckedSeq(), sentSeqMax), atNs);
            endHandOver(atNs);
        }
    }

    // ---- what is measured

    /** The phone is sent to another server; before anything was acknowledged, it was only looking for its own. */
    void beginHandOver(long atNs) {
        isAwaitingGreeting = true;
        if (handOverFromNs == NOT_MEASURED && ackedSeq > 0) {
            FirstSent oldest = firstSent.peekFirst();
            handOverFromNs = oldest == null || oldest.atNs == NOT_MEASURED ? atNs : Math.min(oldest.atNs, atNs);
            handOverUntilSeq = sentSeqMax;
        }
    }

    private void endHandOver(long atNs) {
        if (handOverFromNs != NOT_MEASURED && !isAwaitingGreeting && ackedSeq >= handOverUntilSeq) {
            network.pauses.handedOver(atNs - handOverFromNs);
            handOverFromNs = NOT_MEASURED;
        }
    }

    private void measure(long seq, long atNs) {
        network.pauses.acked(atNs, seq - ackedSeq);
        for (FirstSent first = firstSent.peekFirst();
                first != null && first.lastSeq <= seq;
                first = firstSent.peekFirst()) {
            if (first.atNs != NOT_MEASURED) {
                int position = (int) (first.lastSeq - ackedSeq - 1);
                network.pauses.waited(first.atNs, atNs, ring.latE7(position), ring.lonE7(position));
            }
            firstSent.pollFirst();
        }
    }

    private void answered(int count, long receivedNs) {
        int left = count;
        for (Sent oldest = inFlight.peekFirst(); left > 0 && oldest != null; oldest = inFlight.peekFirst()) {
            int taken = Math.min(left, oldest.unanswered);
            oldest.unanswered -= taken;
            left -= taken;
            unanswered -= taken;
            network.counters.inFlight.remove(oldest.atMs, taken);
            if (oldest.unanswered == 0) {
                PhoneCounters.recordNs(network.counters.fixToAckUs, receivedNs - oldest.atNs);
                inFlight.pollFirst();
            }
        }
    }

    private void advanceTo(long seq, long atNs) {
        measure(seq, atNs);
        ring.removeFirst((int) (seq - ackedSeq));
        ackedSeq = seq;
        ClientLedger.SessionRecord current = record;
        if (current != null) {
            network.ledger.acked(current, ackedSeq);
            if (network.ledgerFile != null) {
                network.ledgerFile.acked(driver, session, ackedSeq, newlyRejected);
            }
        }
        newlyRejected.clear();
    }
}
