package io.hailstorm.log;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Outputs of a fold that a re-run cannot double. The n-th record that a (group, source partition) ever writes to a target
 * partition has the number n, whoever writes it and however often: the fold is deterministic and n is counted from its
 * snapshot on. The target's log remembers, with the records themselves, the next number of every producer; what lies below
 * it has been written by an earlier run and is passed over. Nothing depends on how records were batched.
 *
 * <p>The producer's epoch is the group's generation, so the first record of a new member fences the old one.
 *
 * <p>One thread, which is the writer of every target partition. Bounded: a caller stops reading input once
 * {@link #queuedCount} passes its bound.
 */
public final class Outbox implements Fold.Outputs {
    /** The first byte of an outbox's producer id; a log does not let them expire. */
    private static final long PRODUCER_TAG = 0x5B;

    private static final int PRODUCER_TAG_SHIFT = 56;

    /** Outputs a single input record may have: beyond it is a bug. */
    static final int OUTPUTS_PER_RECORD_MAX = 65_536;

    private static final int BATCH_BYTES = 1 << 20;
    private static final int RECORDS_PER_BATCH_MAX = 1024;

    private final Log log;
    private final HybridLogicalClock clock;
    private final long producerId;
    private final int producerEpoch;
    private final TreeMap<Target, Queue> queues = new TreeMap<>();
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);
    private int queuedCount;
    private long writtenCount;
    private long repeatedCount;

    private record Target(StreamName stream, int partition) implements Comparable<Target> {
        @Override
        public int compareTo(Target other) {
            int byStream = stream.compareTo(other.stream);
            return byStream != 0 ? byStream : Integer.compare(partition, other.partition);
        }
    }

    private record Output(int type, UnsafeBuffer bytes) {}

    private static final class Queue {
        private final ArrayDeque<Output> waiting = new ArrayDeque<>();
        /** Number of the first that waits. */
        private long seq;

        Queue(long seq) {
            this.seq = seq;
        }
    }

    /**
     * @param generation of the member this writes for
     * @param nextSeqs the snapshot's: the number of the next record of every target so far
     * @throws HailstormException {@code DATA_LOSS} when a target no longer holds what the snapshot says was written
     */
    Outbox(Log log, HybridLogicalClock clock, long producerId, long generation, List<Snapshot.Position> nextSeqs) {
        this.log = log;
        this.clock = clock;
        this.producerId = producerId;
        producerEpoch = Math.toIntExact(generation);
        for (Snapshot.Position position : nextSeqs) {
            Target target = new Target(position.stream(), position.partition());
            queues.put(target, new Queue(position.next()));
            refuseGap(target, position.next());
        }
    }

    /** The producer of a group's outputs from one source partition; a log does not let it expire. */
    public static long producerId(String group, StreamName source, int partition) {
        long hash = CounterRandom.mix(0x9E3779B97F4A7C15L + partition);
        String text = source.text() + '/' + group;
        for (int i = 0; i < text.length(); i++) {
            hash = CounterRandom.mix(hash ^ text.charAt(i));
        }
        return hash >>> Byte.SIZE | PRODUCER_TAG << PRODUCER_TAG_SHIFT;
    }

    static boolean isProducer(long producerId) {
        return producerId >>> PRODUCER_TAG_SHIFT == PRODUCER_TAG;
    }

    private long refuseGap(Target target, long seq) {
        long next = Math.max(0, log.partition(target.stream, target.partition).nextSeq(producerId));
        if (next < seq) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "outputs are gone from " + target.stream + "/" + target.partition + ": the snapshot's next is "
                            + seq
                            + ", the log's " + next
                            + "; a stream with outputs must be acknowledged from disk, restore it from a copy");
        }
        return next;
    }

    @Override
    public void emit(StreamName stream, int partition, int type, DirectBuffer buffer, int index, int length) {
        UnsafeBuffer copy = new UnsafeBuffer(new byte[length]);
        copy.putBytes(0, buffer, index, length);
        queues.computeIfAbsent(new Target(stream, partition), target -> new Queue(0))
                .waiting
                .add(new Output(type, copy));
        queuedCount++;
    }

    /**
     * Appends what waits, as far as the log takes it.
     *
     * @return records appended or passed over, or {@link PartitionLog#FENCED}
     */
    long flush() {
        long done = 0;
        for (var entry : queues.entrySet()) {
            long flushed = flush(entry.getKey(), entry.getValue());
            if (flushed == PartitionLog.FENCED) {
                return flushed;
            }
            done += flushed;
        }
        return done;
    }

    private long flush(Target target, Queue queue) {
        PartitionLog to = log.partition(target.stream, target.partition);
        long done = 0;
        while (!queue.waiting.isEmpty()) {
            long next = refuseGap(target, queue.seq);
            while (queue.seq < next && !queue.waiting.isEmpty()) {
                queue.waiting.removeFirst();
                queue.seq++;
                repeatedCount++;
                done++;
            }
            int count = fill(queue);
            if (count == 0) {
                break;
            }
            long offset = to.append(batch.stamp(clock.next(count)));
            if (offset == PartitionLog.FENCED) {
                return offset;
            }
            if (offset == PartitionLog.BACK_PRESSURED) {
                break;
            }
            Invariants.require(
                    offset >= 0, "append of outputs to %s/%d answered %d", to.stream(), to.partition(), offset);
            for (int i = 0; i < count; i++) {
                queue.waiting.removeFirst();
            }
            queue.seq += count;
            writtenCount += count;
            done += count;
        }
        queuedCount -= (int) done;
        return done;
    }

    private int fill(Queue queue) {
        batch.begin(0, producerId, producerEpoch, queue.seq, 0);
        for (Output output : queue.waiting) {
            if (batch.count() == RECORDS_PER_BATCH_MAX
                    || !batch.add(output.type, output.bytes, 0, output.bytes.capacity())) {
                Invariants.require(!batch.isEmpty(), "output of %d bytes is too large", output.bytes.capacity());
                break;
            }
        }
        return batch.count();
    }

    /** The number of the next record of every target; only while nothing waits. */
    List<Snapshot.Position> nextSeqs() {
        Invariants.require(queuedCount == 0, "outputs wait: %d", queuedCount);
        List<Snapshot.Position> positions = new ArrayList<>(queues.size());
        queues.forEach(
                (target, queue) -> positions.add(new Snapshot.Position(target.stream, target.partition, queue.seq)));
        return positions;
    }

    /** Ends of the target partitions; only while nothing waits. */
    List<Snapshot.Position> ends() {
        List<Snapshot.Position> positions = new ArrayList<>(queues.size());
        for (Target target : queues.keySet()) {
            long end = log.partition(target.stream, target.partition).endOffset();
            positions.add(new Snapshot.Position(target.stream, target.partition, end));
        }
        return positions;
    }

    int queuedCount() {
        return queuedCount;
    }

    /** Records this run appended. */
    public long writtenCount() {
        return writtenCount;
    }

    /** Records this run passed over because an earlier one had written them. */
    public long repeatedCount() {
        return repeatedCount;
    }
}
