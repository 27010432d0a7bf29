package io.hailstorm.ingest;

import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixRejection;
import io.hailstorm.protocol.v1.RejectedFix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The region agent's account of one stream: what was settled since the last acknowledgement. Its sums over a stream
 * equal what was received on it. Owned by the agent's thread.
 */
final class StreamTally {
    private static final int INITIAL_REJECTED_CAPACITY = 8;

    @Nullable
    DriverSession session;

    long sessionNumber;
    long receivedCount;
    long settledCount;
    boolean halfClosed;
    /** The phone was told to go to another node: what still comes is not for this one. */
    boolean away;
    /** The phone came before what brings its driver here was read; it is greeted or sent on once that is known. */
    EarlyPhones.@Nullable Early early;
    /** Whether the stream stands in the agent's list of streams to acknowledge. */
    boolean due;

    private int toldPartition = DriverSession.NO_OWNER;
    private int toldDe;
    private long ackedSeq;
    private int acceptedCount;
    private int duplicateCount;
    private int lateCount;
    private int rejectedCount;
    private long[] rejectedSeqs = new long[INITIAL_REJECTED_CAPACITY];
    private int[] rejectedReasons = new int[INITIAL_REJECTED_CAPACITY];

    void greeted(DriverSession newSession, long ackedSeqNow) {
        session = newSession;
        sessionNumber = newSession.session;
        ackedSeq = ackedSeqNow;
    }

    /** What the phone was told last, on this stream, of where its driver belongs. */
    void told(int partition, int de) {
        toldPartition = partition;
        toldDe = de;
    }

    boolean isTold(int partition, int de) {
        return toldPartition == partition && toldDe == de;
    }

    void accepted(int count) {
        acceptedCount += count;
        settledCount += count;
    }

    void duplicate() {
        duplicateCount++;
        settledCount++;
    }

    void late(int count) {
        lateCount += count;
        settledCount += count;
    }

    void rejected(long seq, int reason) {
        if (rejectedCount == rejectedSeqs.length) {
            rejectedSeqs = Arrays.copyOf(rejectedSeqs, rejectedCount * 2);
            rejectedReasons = Arrays.copyOf(rejectedReasons, rejectedCount * 2);
        }
        rejectedSeqs[rejectedCount] = seq;
        rejectedReasons[rejectedCount++] = reason;
        settledCount++;
    }

    boolean isSettled() {
        return settledCount == receivedCount;
    }

    /** Whether there is anything to say; {@code doneSeq} is the session's. */
    boolean hasNews(long doneSeq) {
        return doneSeq > ackedSeq || (acceptedCount | duplicateCount | lateCount | rejectedCount) != 0;
    }

    /** The acknowledgement of everything since the one before; starts over. */
    FixAck take(long doneSeq) {
        ackedSeq = Math.max(ackedSeq, doneSeq);
        FixAck.Builder ack = FixAck.newBuilder()
                .setAckedSeq(ackedSeq)
                .setAcceptedCount(acceptedCount)
                .setDuplicateCount(duplicateCount)
                .setLateCount(lateCount);
        for (int i = 0; i < rejectedCount; i++) {
            ack.addRejected(RejectedFix.newBuilder().setSeq(rejectedSeqs[i]).setReason(reason(rejectedReasons[i])));
        }
        acceptedCount = 0;
        duplicateCount = 0;
        lateCount = 0;
        rejectedCount = 0;
        return ack.build();
    }

    private static FixRejection reason(int number) {
        FixRejection reason = FixRejection.forNumber(number);
        return reason == null ? FixRejection.FIX_REJECTION_UNSPECIFIED : reason;
    }
}
