package io.hailstorm.ingest;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.Invariants;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A driver's fixes that wait, ordered by number: for a missing number, for a sealed range, or for the log to take more.
 * Bounded by {@link SeqWindow#SIZE}, grown by doubling when a driver first needs it, then kept. One owner thread.
 */
final class HeldFixes {
    private static final int INITIAL_CAPACITY = 8;

    private UnsafeBuffer records = new UnsafeBuffer(new byte[INITIAL_CAPACITY * FixDescriptor.LENGTH]);
    private long[] arrivalMs = new long[INITIAL_CAPACITY];
    private @Nullable DriverStream[] streams = new DriverStream[INITIAL_CAPACITY];
    private int head;
    private int tail;

    int count() {
        return tail - head;
    }

    boolean isEmpty() {
        return head == tail;
    }

    long firstSeq() {
        return seqAt(head);
    }

    long firstArrivalMs() {
        return arrivalMs[head];
    }

    DriverStream firstStream() {
        DriverStream stream = streams[head];
        if (stream == null) {
            throw new IllegalStateException("a held fix always came on a stream");
        }
        return stream;
    }

    MutableDirectBuffer buffer() {
        return records;
    }

    int firstIndex() {
        return head * FixDescriptor.LENGTH;
    }

    /** Number of the {@code index}-th held fix, from 0. */
    long seq(int index) {
        return seqAt(head + index);
    }

    void removeFirst() {
        streams[head] = null;
        head++;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
    }

    /**
     * Takes a number out.
     *
     * @return the stream it came on; null when it is not held
     */
    @Nullable
    DriverStream remove(long seq) {
        int at = head;
        while (at < tail && seqAt(at) < seq) {
            at++;
        }
        if (at == tail || seqAt(at) != seq) {
            return null;
        }
        DriverStream stream = streams[at];
        int moved = tail - at - 1;
        byte[] bytes = records.byteArray();
        System.arraycopy(
                bytes, (at + 1) * FixDescriptor.LENGTH, bytes, at * FixDescriptor.LENGTH, moved * FixDescriptor.LENGTH);
        System.arraycopy(arrivalMs, at + 1, arrivalMs, at, moved);
        System.arraycopy(streams, at + 1, streams, at, moved);
        tail--;
        streams[tail] = null;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        return stream;
    }

    /** Inserts in order of number; equal numbers never come, the window has filtered them. */
    void insert(DirectBuffer source, int index, long seq, long nowMs, DriverStream stream) {
        Invariants.require(count() < SeqWindow.SIZE, "more held fixes than numbers in the window");
        makeRoom();
        int at = tail;
        while (at > head && seqAt(at - 1) > seq) {
            at--;
        }
        int moved = tail - at;
        if (moved > 0) {
            // Bytes move one way within one buffer: System.arraycopy on the backing array handles the overlap.
            byte[] bytes = records.byteArray();
            System.arraycopy(
                    bytes,
                    at * FixDescriptor.LENGTH,
                    bytes,
                    (at + 1) * FixDescriptor.LENGTH,
                    moved * FixDescriptor.LENGTH);
            System.arraycopy(arrivalMs, at, arrivalMs, at + 1, moved);
            System.arraycopy(streams, at, streams, at + 1, moved);
        }
        records.putBytes(at * FixDescriptor.LENGTH, source, index, FixDescriptor.LENGTH);
        arrivalMs[at] = nowMs;
        streams[at] = stream;
        tail++;
    }

    private long seqAt(int position) {
        return records.getLong(position * FixDescriptor.LENGTH + FixDescriptor.SEQ_OFFSET);
    }

    private void makeRoom() {
        if (tail < arrivalMs.length) {
            return;
        }
        int count = count();
        if (head > 0) {
            byte[] bytes = records.byteArray();
            System.arraycopy(bytes, head * FixDescriptor.LENGTH, bytes, 0, count * FixDescriptor.LENGTH);
            System.arraycopy(arrivalMs, head, arrivalMs, 0, count);
            System.arraycopy(streams, head, streams, 0, count);
            Arrays.fill(streams, count, tail, null);
            head = 0;
            tail = count;
            return;
        }
        int capacity = arrivalMs.length * 2;
        byte[] grown = Arrays.copyOf(records.byteArray(), capacity * FixDescriptor.LENGTH);
        records = new UnsafeBuffer(grown);
        arrivalMs = Arrays.copyOf(arrivalMs, capacity);
        streams = Arrays.copyOf(streams, capacity);
    }
}
