package io.hailstorm.node;

import com.google.protobuf.ByteString;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.protocol.v1.DeadLetter;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;

/**
 * The dead letters of a log: a fold over {@code dead-letters}, plus those this process found and has yet to write. A letter
 * lies in the partition of its origin and is written by whoever serves that; the others only remember it until they
 * read it. Each origin has one letter, however often and by however many it is met.
 *
 * <p>One thread; the counts may be read by any.
 */
final class DeadLetters {
    /** Open letters beyond which readers stop: so many records are not all poison, the reader is broken. */
    static final int OPEN_MAX = 10_000;

    private static final int RECORDS_PER_READ = 1024;
    private static final int CAUSE_CHARS_MAX = 300;

    private record Unwritten(Letter letter, ByteString bytes, boolean appended) {}

    private final List<? extends PartitionReader> partitions;
    private final long[] nextOffsets;
    private final int openMax;
    private final Map<Letter.Origin, Letter> byOrigin = new LinkedHashMap<>();
    private final List<Map<Long, Letter>> byLetterOffset = new ArrayList<>();
    private final Map<Letter.Origin, Letter> byReplay = new HashMap<>();
    private final LinkedHashMap<Letter.Origin, Unwritten> unwritten = new LinkedHashMap<>();
    private final ParkedKeys parkedKeys;
    private volatile int openCount;
    private volatile int keyCount;
    private volatile boolean stalled;

    DeadLetters(Log log) {
        this(partitionsOf(log), OPEN_MAX, ParkedKeys.KEYS_MAX);
    }

    /** @param partitions of {@code dead-letters}; to write, all of them, each at its number */
    DeadLetters(List<? extends PartitionReader> partitions, int openMax, int keysMax) {
        this.partitions = partitions;
        this.openMax = openMax;
        parkedKeys = new ParkedKeys(keysMax);
        nextOffsets = new long[partitions.size()];
        partitions.forEach(partition -> byLetterOffset.add(new HashMap<>()));
    }

    private static List<PartitionLog> partitionsOf(Log log) {
        List<PartitionLog> partitions = new ArrayList<>();
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            partitions.add(log.partition(StreamName.DEAD_LETTERS, partition));
        }
        return partitions;
    }

    /** Folds what became durable since the last call. */
    int read() {
        long read = 0;
        for (int i = 0; i < nextOffsets.length; i++) {
            PartitionReader partition = partitions.get(i);
            int at = i;
            long from = Math.max(nextOffsets[i], partition.startOffset());
            long next = from;
            while (next < partition.durableOffset()) {
                next = partition.read(next, RECORDS_PER_READ, (offset, hlc, type, buffer, index, length) -> {
                    if (type != RecordType.EVENT) {
                        return true;
                    }
                    Event event = EventReader.read(buffer, index, length);
                    if (event.hasDeadLetter()) {
                        fold(at, offset, event.getDeadLetter());
                    }
                    return true;
                });
            }
            read += next - from;
            nextOffsets[i] = next;
        }
        return (int) read;
    }

    private void fold(int partition, long offset, DeadLetter written) {
        Map<Long, Letter> letters = byLetterOffset.get(partition);
        if (written.getState() == DeadLetter.State.PARKED) {
            Letter letter = Letter.parked(written, offset);
            unwritten.remove(letter.origin());
            Letter known = byOrigin.get(letter.origin());
            if (known == null || !known.isWritten()) {
                put(letter, known);
                letters.put(offset, letter);
            }
            return;
        }
        Letter known = letters.get(written.getLetterOffset());
        if (known != null) {
            Letter changed = known.after(written);
            letters.put(written.getLetterOffset(), changed);
            put(changed, known);
        }
    }

    private void put(Letter letter, @org.jspecify.annotations.Nullable Letter before) {
        if (before != null && before.state().isOpen()) {
            parkedKeys.release(before.key(), before.recordHlc());
            openCount(openCount - 1);
        }
        if (letter.state().isOpen()) {
            parkedKeys.park(letter.key(), letter.recordHlc());
            openCount(openCount + 1);
        }
        keyCount = parkedKeys.size();
        byOrigin.put(letter.origin(), letter);
        if (letter.state() == Letter.State.RESOLVED) {
            byReplay.put(
                    new Letter.Origin(letter.replayStream(), letter.origin().partition(), letter.replayedOffset()),
                    letter);
        }
    }

    private void openCount(int count) {
        openCount = count;
    }

    /** Whether a record is a dead letter, in whatever state: then it must not be read again where it lies. */
    boolean has(StreamName stream, int partition, long offset) {
        return !byOrigin.isEmpty() && byOrigin.containsKey(new Letter.Origin(stream, partition, offset));
    }

    /** Whether a command about a key waits behind a parked one. */
    boolean mustWait(String key, long recordHlc) {
        return keyCount > 0 && parkedKeys.mustWait(key, recordHlc);
    }

    /**
     * Parks a record, once.
     *
     * @return false at the bound: nothing was done, and the reader must come back to the record later
     */
    boolean park(
            Letter.Origin origin,
            long hlc,
            int type,
            String key,
            String cause,
            long nowMs,
            DirectBuffer buffer,
            int index,
            int length) {
        if (byOrigin.containsKey(origin)) {
            return true;
        }
        boolean newKey = !key.isEmpty() && !parkedKeys.isParked(key);
        stalled = openCount >= openMax || (newKey && parkedKeys.isFull());
        if (stalled) {
            return false;
        }
        Letter earlier = byReplay.get(origin);
        byte[] bytes = new byte[length];
        buffer.getBytes(index, bytes);
        Letter letter = new Letter(
                origin,
                Letter.UNWRITTEN,
                cause.length() <= CAUSE_CHARS_MAX ? cause : cause.substring(0, CAUSE_CHARS_MAX),
                earlier == null ? 1 : earlier.attemptCount() + 1,
                key,
                type,
                hlc,
                earlier == null ? nowMs : earlier.firstAttemptMs(),
                nowMs,
                Letter.State.PARKED,
                Letter.UNWRITTEN,
                Letter.UNWRITTEN);
        put(letter, null);
        unwritten.put(origin, new Unwritten(letter, ByteString.copyFrom(bytes), false));
        return true;
    }

    /** Appends the letters of served partitions that are not in the log yet; keeps what the log does not take now. */
    int write(EventWriter writer, ServedPartitions served) {
        int written = 0;
        for (Map.Entry<Letter.Origin, Unwritten> entry : unwritten.entrySet()) {
            Unwritten each = entry.getValue();
            int partition = entry.getKey().partition();
            boolean mine = served.serves(partition)
                    && nextOffsets[partition] >= partitions.get(partition).durableOffset();
            if (mine && !each.appended) {
                Event.Builder event = writer.begin(each.letter.lastAttemptMs())
                        .setAggregateId(each.letter.key())
                        .setDeadLetter(each.letter.encode().setRecord(each.bytes));
                byte[] bytes = event.build().toByteArray();
                if (writer.append(StreamName.DEAD_LETTERS, partition, bytes) < 0) {
                    return written;
                }
                entry.setValue(new Unwritten(each.letter, each.bytes, true));
                written++;
            } else if (each.appended && !served.serves(partition)) {
                entry.setValue(new Unwritten(each.letter, each.bytes, false));
            }
        }
        return written;
    }

    /** All letters, in the order they were first read or found. */
    Collection<Letter> letters() {
        return byOrigin.values();
    }

    /** Letters neither resolved nor expired; any thread. */
    int openCount() {
        return openCount;
    }

    /** Keys whose later commands wait; any thread. */
    int keyCount() {
        return keyCount;
    }

    /** Whether a reader waits because a bound is reached; any thread. */
    boolean isStalled() {
        return stalled;
    }
}
