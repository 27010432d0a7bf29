package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.DeadLetter;

/**
 * A dead letter: a record that no reader could process, or that waits behind one, and what became of it.
 *
 * @param letterOffset in {@code dead-letters}, in the partition of the origin; {@link #UNWRITTEN} until it was read there
 * @param key what the record is about, where its later records wait; else empty
 * @param recordHlc clock of the record at its origin
 * @param replaySeq of the intent to replay it; {@link #UNWRITTEN} before
 * @param replayedOffset where in its origin's partition it was appended again; {@link #UNWRITTEN} before
 */
record Letter(
        Origin origin,
        long letterOffset,
        String cause,
        int attemptCount,
        String key,
        int recordType,
        long recordHlc,
        long firstAttemptMs,
        long lastAttemptMs,
        State state,
        long replaySeq,
        long replayedOffset) {
    static final long UNWRITTEN = -1;

    /**
     * <pre>
     *   PARKED ──► REPLAYING ──► RESOLVED
     *      └─────► EXPIRED
     * </pre>
     */
    enum State {
        PARKED,
        REPLAYING,
        RESOLVED,
        EXPIRED;

        boolean isOpen() {
            return this == PARKED || this == REPLAYING;
        }

        String text() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** Where a record lies. */
    record Origin(StreamName stream, int partition, long offset) {
        @Override
        public String toString() {
            return stream + "/" + partition + "@" + offset;
        }
    }

    /** A letter as {@code dead-letters} holds it. */
    static Letter parked(DeadLetter written, long letterOffset) {
        return new Letter(
                new Origin(StreamName.parse(written.getStream()), written.getPartition(), written.getOffset()),
                letterOffset,
                written.getCause(),
                written.getAttemptCount(),
                written.getKey(),
                written.getRecordType(),
                written.getRecordHlc(),
                written.getFirstAttemptTimeMs(),
                written.getLastAttemptTimeMs(),
                State.PARKED,
                UNWRITTEN,
                UNWRITTEN);
    }

    /** This letter after a later event about it. */
    Letter after(DeadLetter change) {
        return switch (change.getState()) {
            case REPLAYING -> with(State.REPLAYING, change.getReplaySeq(), change.getReplayedOffset());
            case RESOLVED -> with(State.RESOLVED, replaySeq, change.getReplayedOffset());
            case EXPIRED -> with(State.EXPIRED, replaySeq, replayedOffset);
            case PARKED, STATE_UNSPECIFIED, UNRECOGNIZED ->
                throw new HailstormException(
                        ErrorCode.DATA_LOSS,
                        "dead letter of " + origin + ": a change to " + change.getState() + " means nothing");
        };
    }

    private Letter with(State now, long seq, long replayed) {
        return new Letter(
                origin,
                letterOffset,
                cause,
                attemptCount,
                key,
                recordType,
                recordHlc,
                firstAttemptMs,
                lastAttemptMs,
                now,
                seq,
                replayed);
    }

    /**
     * Where a replay appends the record. A fix never goes back among fixes, whose order its driver's later ones have made
     * without it: it is late.
     */
    StreamName replayStream() {
        return origin.stream() == StreamName.FIXES ? StreamName.LATE : origin.stream();
    }

    /** The event's part that parks this letter. */
    DeadLetter.Builder encode() {
        return DeadLetter.newBuilder()
                .setState(DeadLetter.State.PARKED)
                .setStream(origin.stream().text())
                .setPartition(origin.partition())
                .setOffset(origin.offset())
                .setCause(cause)
                .setAttemptCount(attemptCount)
                .setKey(key)
                .setRecordType(recordType)
                .setRecordHlc(recordHlc)
                .setFirstAttemptTimeMs(firstAttemptMs)
                .setLastAttemptTimeMs(lastAttemptMs);
    }

    /** The event's part that changes this letter's state. */
    DeadLetter.Builder change(DeadLetter.State to) {
        return DeadLetter.newBuilder()
                .setState(to)
                .setStream(origin.stream().text())
                .setPartition(origin.partition())
                .setOffset(origin.offset())
                .setKey(key)
                .setLetterOffset(letterOffset);
    }

    boolean isWritten() {
        return letterOffset != UNWRITTEN;
    }
}
