package io.hailstorm.node;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.protocol.v1.Event;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the log and the region's folds: lets a record through, or parks it as a dead letter.
 *
 * <p>A record is poison when <em>decoding</em> it fails: bytes that are no event, an event of an unknown type that says
 * it must be understood, a command whose values make no sense, a fix of a wrong length or from off the planet. Decoding is pure, so nothing
 * was half done. Whatever fails <em>after</em> that is a bug of the fold, whose state cannot be trusted any more, and stops
 * the node; so does a decision in {@code trips} that cannot be decoded, because it is somebody's trip.
 *
 * <p>The same record is judged the same in every run and on every node. Region agent's thread.
 */
final class PoisonGate {
    private static final Logger LOG = LoggerFactory.getLogger(PoisonGate.class);

    /** Letters named in the log of the process one by one; beyond, one of … */
    private static final int LOGGED_EACH = 20;
    /** … this many. */
    private static final int LOGGED_EVERY = 100;

    private final DeadLetters letters;
    private final FixView fix = new FixView();
    private long nowMs;
    private boolean stalled;
    private long stalledOffset = PartitionReader.NULL_OFFSET;

    PoisonGate(DeadLetters letters) {
        this.letters = letters;
    }

    DeadLetters letters() {
        return letters;
    }

    /** The time that letters written from here on bear. */
    void tick(long timeMs) {
        nowMs = timeMs;
    }

    /**
     * The event of a record of {@code trips} or {@code prices}, or null when it is a dead letter, or {@link #isStalled}.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} for an event of a newer schema version, which a newer Hailstorm
     *     reads and which stops this one
     */
    @Nullable
    Event event(StreamName stream, int partition, long offset, long hlc, DirectBuffer buffer, int index, int length) {
        stalled = false;
        if (letters.has(stream, partition, offset)) {
            return null;
        }
        Letter.Origin origin = new Letter.Origin(stream, partition, offset);
        Event event;
        try {
            event = EventReader.read(buffer, index, length);
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.DATA_LOSS) {
                throw e;
            }
            park(origin, hlc, RecordType.EVENT, "", "not an event: " + reason(e), buffer, index, length);
            return null;
        }
        String key = DeadLetterPolicy.of(stream) == DeadLetterPolicy.ORDERED_BY_KEY ? event.getAggregateId() : "";
        String cause = causeOf(event);
        if (cause.isEmpty() && isCommand(event) && letters.mustWait(key, hlc)) {
            cause = "waits behind a parked record of the same trip";
        }
        if (!cause.isEmpty()) {
            park(origin, hlc, RecordType.EVENT, key, cause, buffer, index, length);
            return null;
        }
        return event;
    }

    /** Empty when the event can be used, or passed over. */
    private static String causeOf(Event event) {
        if (EventReader.isUnknown(event)) {
            return event.getMustUnderstand() ? "an event of a type that this version must understand and does not" : "";
        }
        try {
            EventCodec.command(event);
            return "";
        } catch (HailstormException | IllegalArgumentException e) {
            return "not a usable command: " + reason(e);
        }
    }

    private static String reason(RuntimeException e) {
        Throwable cause = e.getCause();
        return e.getMessage() + (cause == null ? "" : " (" + cause.getMessage() + ")");
    }

    private static boolean isCommand(Event event) {
        return switch (event.getPayloadCase()) {
            case TRIP_REQUESTED, TRIP_CANCEL_REQUESTED, OFFER_ANSWERED, TRIP_PROGRESS_REPORTED -> true;
            default -> false;
        };
    }

    /**
     * Whether a {@link RecordType#FIX} or {@link RecordType#REJECTED_FIX} of {@code fixes} or {@code late} can be used.
     * Steady state: no allocation.
     */
    boolean fix(
            StreamName stream,
            int partition,
            long offset,
            long hlc,
            int type,
            DirectBuffer buffer,
            int index,
            int length) {
        stalled = false;
        if (isUsable(stream, type, buffer, index, length)) {
            return !letters.has(stream, partition, offset);
        }
        park(
                new Letter.Origin(stream, partition, offset),
                hlc,
                type,
                "",
                "not a fix: type=" + type + " length=" + length,
                buffer,
                index,
                length);
        return false;
    }

    private boolean isUsable(StreamName stream, int type, DirectBuffer buffer, int index, int length) {
        if (length != FixDescriptor.LENGTH) {
            return false;
        }
        if (type == RecordType.REJECTED_FIX) {
            return stream == StreamName.LATE;
        }
        fix.wrap(buffer, index);
        return GeoPoint.isValid(fix.latE7(), fix.lonE7())
                && fix.state() >= 0
                && fix.state() <= DriverState.ON_TRIP.code();
    }

    private void park(
            Letter.Origin origin,
            long hlc,
            int type,
            String key,
            String cause,
            DirectBuffer buffer,
            int index,
            int length) {
        if (letters.has(origin.stream(), origin.partition(), origin.offset())) {
            return;
        }
        stalled = !letters.park(origin, hlc, type, key, cause, nowMs, buffer, index, length);
        int open = letters.openCount();
        if (!stalled && (open <= LOGGED_EACH || open % LOGGED_EVERY == 0)) {
            LOG.warn("dead letter: {}: {}, {} open", origin, cause, open);
        }
    }

    /** The last record was neither let through nor parked, because a bound is reached: it must be read again. */
    boolean isStalled() {
        return stalled;
    }

    /** Whether a reader goes on after a record; when not, {@link #resume} brings it back to that record. */
    boolean goOn(long offset) {
        if (stalled) {
            stalledOffset = offset;
        }
        return !stalled;
    }

    /** Where a reader that reached an offset goes on. */
    long resume(long reached) {
        long next = stalledOffset == PartitionReader.NULL_OFFSET ? reached : stalledOffset;
        stalledOffset = PartitionReader.NULL_OFFSET;
        return next;
    }
}
