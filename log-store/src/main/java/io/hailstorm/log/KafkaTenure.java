package io.hailstorm.log;

import io.hailstorm.kernel.TimeSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One owner's time with one partition of one stream: from its claim until another's. Batches wait here from {@link #append}
 * (writer thread) until they were read back (syncer thread), so that they can be sent again. Bounded by bytes.
 *
 * <pre>
 *   append ──► fresh ──► unsent ──► sent ──► read back: durable
 *              (queue)      ▲        │
 *                           └────────┘ sent again, in order, by a new producer
 * </pre>
 */
final class KafkaTenure {
    final long epoch;

    private final long processId;
    private final ProducerTable producers;
    private final int backlogBytesMax;
    private final TimeSource time;
    private final AtomicLong nextOffset;
    private final AtomicInteger backlogBytes = new AtomicInteger();
    private final Queue<Batch> fresh = new ConcurrentLinkedQueue<>();
    private final Deque<Batch> unsent = new ArrayDeque<>();
    private final Deque<Batch> sent = new ArrayDeque<>();
    private volatile boolean closed;

    /** One batch, encoded. */
    @SuppressWarnings("ArrayRecordComponent") // only the sender's number in it is changed, before sending
    record Batch(byte[] frame, long baseOffset, int count, long appendedNs) {}

    KafkaTenure(
            long epoch,
            long processId,
            ProducerTable producers,
            long nextOffset,
            int backlogBytesMax,
            TimeSource time) {
        this.epoch = epoch;
        this.processId = processId;
        this.producers = producers;
        this.nextOffset = new AtomicLong(nextOffset);
        this.backlogBytesMax = backlogBytesMax;
        this.time = time;
    }

    long nextOffset() {
        return nextOffset.getAcquire();
    }

    int backlogBytes() {
        return backlogBytes.get();
    }

    /** Appends answer {@link PartitionLog#FENCED} from here on; what waits may still become durable. */
    void close() {
        closed = true;
    }

    boolean isOpen() {
        return !closed;
    }

    /** Writer only. */
    long nextSeq(long producerId) {
        return producers.nextSeq(producerId);
    }

    /** Writer only; one allocation a batch. */
    long append(RecordBatch batch) {
        if (closed) {
            return PartitionLog.FENCED;
        }
        long verdict = producers.check(
                batch.producerId(), batch.producerEpoch(), batch.baseSeq(), batch.count(), batch.hlcFirst());
        if (verdict != ProducerTable.ACCEPTED) {
            return verdict;
        }
        int length = KafkaFrame.RECORDS_OFFSET + batch.length();
        int backlog = backlogBytes.get();
        if (backlog > 0 && backlog + length > backlogBytesMax) {
            return PartitionLog.BACK_PRESSURED;
        }
        long offset = nextOffset.getPlain();
        producers.onBatch(
                batch.producerId(), batch.producerEpoch(), batch.baseSeq(), batch.count(), offset, batch.hlcFirst());
        byte[] frame = KafkaFrame.encode(batch, epoch, processId, offset);
        backlogBytes.addAndGet(length);
        nextOffset.setRelease(offset + batch.count());
        fresh.add(new Batch(frame, offset, batch.count(), time.monotonicNs()));
        return offset;
    }

    /** The next batch to send; null when there is none. */
    @Nullable
    Batch peekUnsent() {
        Batch next = unsent.peek();
        return next == null ? fresh.peek() : next;
    }

    /** The batch that {@link #peekUnsent} showed was sent. */
    void onSent() {
        Batch taken = unsent.isEmpty() ? fresh.poll() : unsent.poll();
        if (taken != null) {
            sent.add(taken);
        }
    }

    /** Everything not read back is to be sent again, in order. */
    int sendAgain() {
        int count = sent.size();
        while (!sent.isEmpty()) {
            unsent.addFirst(sent.removeLast());
        }
        return count;
    }

    /**
     * A batch of this tenure was read back and is valid: it is the first that waits.
     *
     * @return when it was appended
     */
    long onReadBack() {
        Batch first = sent.isEmpty() ? unsent.poll() : sent.poll(); // unsent: read back while waiting to be sent again
        if (first == null) {
            throw new IllegalStateException("read back what was never sent");
        }
        backlogBytes.addAndGet(-first.frame().length);
        return first.appendedNs();
    }

    boolean isAllSent() {
        return unsent.isEmpty() && fresh.isEmpty();
    }

    boolean isEmpty() {
        return sent.isEmpty() && isAllSent();
    }

    /** When the oldest batch that is not durable was appended; {@link Long#MAX_VALUE} when there is none. */
    long oldestNs() {
        Batch first = sent.isEmpty() ? peekUnsent() : sent.peek();
        return first == null ? Long.MAX_VALUE : first.appendedNs();
    }
}
