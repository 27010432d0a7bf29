package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.Outbox;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.DeadLetter;
import io.hailstorm.protocol.v1.Event;
import java.util.Comparator;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Appends open dead letters to where they came from, each exactly once, in the order they were parked in.
 *
 * <pre>
 *   PARKED ── intent with a number, durable ──► REPLAYING ── record appended by that number, durable ──► RESOLVED
 *      └── a location older than {@link #LOCATION_STALE_MS} ──► EXPIRED
 * </pre>
 *
 * <p>Each step begins only once the one before is durable, and what to do next follows from the log alone. After a crash the
 * intent says which letter was under way, and the idempotent producer's next number whether its record is there.
 *
 * <p>One thread, the only writer of the log. {@link #doWork} takes a step; {@link Log#doWork} in between makes it durable.
 */
final class DlqReplay {
    /** A location this old helps nobody. */
    static final long LOCATION_STALE_MS = 60_000;

    private static final String PRODUCER = "dlq";
    private static final int PRODUCER_EPOCH = 1;
    private static final int BATCH_BYTES = 4 << 20;
    private static final double NS_PER_S = 1e9;
    private static final Comparator<Letter> IN_ORDER = Comparator.<Letter>comparingInt(
                    letter -> letter.state() == Letter.State.REPLAYING ? 0 : 1)
            .thenComparingInt(letter -> letter.origin().partition())
            .thenComparingLong(Letter::letterOffset);

    private final Log log;
    private final HybridLogicalClock clock;
    private final TimeSource time;
    private final DeadLetters letters;
    private final long intervalNs;
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);
    private long notBeforeNs;
    private long resolvedCount;
    private long expiredCount;

    /** @param ratePerS records a second at most; 0 for no limit */
    DlqReplay(Log log, HybridLogicalClock clock, TimeSource time, double ratePerS) {
        this.log = log;
        this.clock = clock;
        this.time = time;
        letters = new DeadLetters(log);
        intervalNs = ratePerS == 0 ? 0 : (long) (NS_PER_S / ratePerS);
        notBeforeNs = time.monotonicNs();
    }

    /** Whether a replay at this time would give a letter up rather than append it. */
    static boolean isStale(Letter letter, long nowMs) {
        boolean isLocation = letter.recordType() == RecordType.FIX || letter.recordType() == RecordType.REJECTED_FIX;
        return isLocation && nowMs - HybridLogicalClock.epochMs(letter.recordHlc()) > LOCATION_STALE_MS;
    }

    /** Takes the next step, if what it builds on is durable; false when nothing is left to do. */
    boolean doWork() {
        letters.read();
        if (!isDurable()) {
            return true;
        }
        Optional<Letter> next = letters.letters().stream()
                .filter(letter -> letter.state().isOpen())
                .min(IN_ORDER);
        next.ifPresent(this::advance);
        return next.isPresent();
    }

    private boolean isDurable() {
        for (StreamName stream : StreamName.values()) {
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                PartitionLog of = log.partition(stream, partition);
                if (of.durableOffset() < of.endOffset()) {
                    return false;
                }
            }
        }
        return true;
    }

    private void advance(Letter letter) {
        PartitionLog target =
                log.partition(letter.replayStream(), letter.origin().partition());
        switch (letter.state()) {
            case PARKED -> begin(letter, target);
            case REPLAYING -> replay(letter, target);
            case RESOLVED, EXPIRED -> throw new IllegalStateException("not open: " + letter);
        }
    }

    private void begin(Letter letter, PartitionLog target) {
        if (isStale(letter, time.epochMs())) {
            if (write(letter, letter.change(DeadLetter.State.EXPIRED))) {
                expiredCount++;
            }
            return;
        }
        if (time.monotonicNs() < notBeforeNs) {
            return;
        }
        notBeforeNs = Math.max(notBeforeNs + intervalNs, time.monotonicNs());
        write(
                letter,
                letter.change(DeadLetter.State.REPLAYING)
                        .setReplaySeq(Math.max(0, target.nextSeq(producerId(target))))
                        .setReplayedOffset(target.endOffset()));
    }

    private void replay(Letter letter, PartitionLog target) {
        long nextSeq = Math.max(0, target.nextSeq(producerId(target)));
        if (nextSeq == letter.replaySeq()) {
            append(letter, target);
        } else if (nextSeq == letter.replaySeq() + 1) {
            if (write(letter, letter.change(DeadLetter.State.RESOLVED).setReplayedOffset(letter.replayedOffset()))) {
                resolvedCount++;
            }
        } else {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "dead letter of " + letter.origin() + ": its replay has number " + letter.replaySeq() + ", but "
                            + target.stream() + "/" + target.partition() + " expects " + nextSeq
                            + "; the log was restored from different copies");
        }
    }

    private static long producerId(PartitionLog target) {
        return Outbox.producerId(PRODUCER, target.stream(), target.partition());
    }

    /** One more may have been appended between the intent and this, by a node that ran: the intent is renewed then. */
    private void append(Letter letter, PartitionLog target) {
        if (letter.replayedOffset() != target.endOffset()) {
            write(
                    letter,
                    letter.change(DeadLetter.State.REPLAYING)
                            .setReplaySeq(letter.replaySeq())
                            .setReplayedOffset(target.endOffset()));
            return;
        }
        UnsafeBuffer bytes = new UnsafeBuffer(bytesOf(letter));
        batch.begin(0, producerId(target), PRODUCER_EPOCH, letter.replaySeq(), clock.next());
        Invariants.require(
                batch.add(letter.recordType(), bytes, 0, bytes.capacity()), "record too large: %s", letter.origin());
        long offset = target.append(batch);
        Invariants.require(
                offset == PartitionLog.BACK_PRESSURED || offset == letter.replayedOffset(),
                "replay of %s answered %d",
                letter.origin(),
                offset);
    }

    private byte[] bytesOf(Letter letter) {
        byte[][] found = {new byte[0]};
        log.partition(StreamName.DEAD_LETTERS, letter.origin().partition())
                .read(letter.letterOffset(), 1, (offset, hlc, type, buffer, index, length) -> {
                    found[0] = EventReader.read(buffer, index, length)
                            .getDeadLetter()
                            .getRecord()
                            .toByteArray();
                    return false;
                });
        return found[0];
    }

    private boolean write(Letter letter, DeadLetter.Builder change) {
        long hlc = clock.next();
        byte[] event = Event.newBuilder()
                .setEventId(hlc)
                .setHlc(hlc)
                .setSchemaVersion(1)
                .setAggregateId(letter.key())
                .setTimeMs(time.epochMs())
                .setDeadLetter(change)
                .build()
                .toByteArray();
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, clock.next());
        Invariants.require(batch.add(RecordType.EVENT, new UnsafeBuffer(event), 0, event.length), "change too large");
        return log.partition(StreamName.DEAD_LETTERS, letter.origin().partition())
                        .append(batch)
                >= 0;
    }

    /** Monotonic time before which the rate lets no further record through. */
    long notBeforeNs() {
        return notBeforeNs;
    }

    long resolvedCount() {
        return resolvedCount;
    }

    long expiredCount() {
        return expiredCount;
    }
}
