package io.hailstorm.log;

import org.agrona.DirectBuffer;

/**
 * One member of a consumer group on one partition: it reads from where the group stands and says how far it got.
 *
 * <p>Joining begins the group's next generation, which fences the member before: that one's {@link #poll} and
 * {@link #commit} answer so from then on, and nothing it does changes the group's position any more. Delivery is at least
 * once: what was read and not committed is read again by the next member. A reader whose state must count every record
 * exactly once keeps its offset with its state ({@link SnapshotStore}) and writes through an {@link Outbox}.
 *
 * <p>One thread. Steady state: no allocation.
 */
public final class ConsumerGroup {
    private final PartitionLog partition;
    private final String group;
    private final long generation;
    private final RecordHandler onRecord = this::onRecord;
    private RecordHandler handler = (offset, hlc, type, buffer, index, length) -> false;
    private long position;
    private boolean fenced;

    private ConsumerGroup(PartitionLog partition, String group, long generation, long position) {
        this.partition = partition;
        this.group = group;
        this.generation = generation;
        this.position = position;
    }

    /**
     * Joins, fencing whoever was the member before.
     *
     * @param firstOffset where a group begins that has no position yet, such as {@link PartitionReader#startOffset} or
     *     {@link PartitionReader#durableOffset}
     */
    public static ConsumerGroup join(PartitionLog partition, String group, long firstOffset) {
        long generation = partition.join(group, firstOffset);
        return new ConsumerGroup(partition, group, generation, partition.committed(group));
    }

    /**
     * Hands the next durable records to the handler, in order. A handler that throws is given the same record again at the
     * next poll.
     *
     * @return how many it took, at most {@code maxRecords}, or {@link PartitionLog#FENCED}
     * @throws io.hailstorm.kernel.HailstormException {@code OUT_OF_RANGE} when the group's position is no longer retained,
     *     which only a reset can bring about; what {@link PartitionReader#read} throws
     */
    public long poll(int maxRecords, RecordHandler to) {
        if (isFenced()) {
            return PartitionLog.FENCED;
        }
        long from = position;
        handler = to;
        partition.read(from, maxRecords, onRecord);
        return position - from;
    }

    private boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        boolean more = handler.onRecord(offset, hlc, type, buffer, index, length);
        position = offset + 1;
        return more;
    }

    /** Makes everything polled so far done, durably; false when fenced. */
    public boolean commit() {
        return commit(position);
    }

    /** Makes everything below an offset done, durably; false when fenced. */
    public boolean commit(long nextOffset) {
        fenced |= !partition.commit(group, nextOffset, generation);
        return !fenced;
    }

    /** Reads on from elsewhere, without committing to it. */
    public void seek(long nextOffset) {
        position = nextOffset;
    }

    /** The next record to be polled. */
    public long position() {
        return position;
    }

    public long generation() {
        return generation;
    }

    /** A later member joined, or somebody reset the group. */
    public boolean isFenced() {
        fenced |= partition.generation(group) != generation;
        return fenced;
    }
}
