package io.hailstorm.log;

import io.hailstorm.kernel.Invariants;
import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Builds one batch in a reused buffer: {@link #begin}, {@link #add} a number of times, {@link PartitionLog#append}.
 * One thread. Bounded: {@link #add} answers false when full. Steady state: no allocation.
 *
 * <pre>
 *   records, back to back, each 8-byte aligned:
 *   +----------+--------+---------+---------------+
 *   | length   | type   | reserved| payload …     |
 *   |  i32     |  u16   |  u16    | length bytes  |
 *   +----------+--------+---------+---------------+
 * </pre>
 *
 * <p>Record i of a batch carries the timestamp {@code hlcFirst + i}.
 */
public final class RecordBatch {
    public static final int RECORD_HEADER_LENGTH = 8;
    public static final int RECORD_ALIGNMENT = 8;
    /** Within a record's header. */
    static final int TYPE_OFFSET = 4;
    /** Within a record's header: reserved, but in a sparse batch how far into the batch the record lies. */
    static final int PLACE_OFFSET = 6;
    /** The producer of records that need no idempotence. */
    public static final long NO_PRODUCER = 0;

    private static final int INITIAL_CAPACITY = 4 << 10;

    private final int capacity;
    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);
    private long rangeEpoch;
    private long producerId;
    private int producerEpoch;
    private long baseSeq;
    private long hlcFirst;
    private int count;
    private int length;

    /** @param capacity bytes of records at most; memory is taken as it is needed, and kept */
    public RecordBatch(int capacity) {
        this.capacity = capacity;
    }

    /**
     * Starts over.
     *
     * @param rangeEpoch epoch of the partition map the records were routed by
     * @param producerId {@link #NO_PRODUCER}, or an idempotent producer
     * @param baseSeq the producer's number of the batch's first record
     * @param hlcFirst timestamp of the first record
     */
    public RecordBatch begin(long rangeEpoch, long producerId, int producerEpoch, long baseSeq, long hlcFirst) {
        this.rangeEpoch = rangeEpoch;
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSeq = baseSeq;
        this.hlcFirst = hlcFirst;
        count = 0;
        length = 0;
        return this;
    }

    /** Sets the timestamp of the first record anew: for a batch that waited, so that a partition's clock never runs back. */
    public RecordBatch stamp(long hlcFirst) {
        this.hlcFirst = hlcFirst;
        return this;
    }

    /** Adds a record by copying it; false when it does not fit, and nothing is changed then. */
    public boolean add(int type, DirectBuffer source, int index, int payloadLength) {
        int recordLength = recordLength(payloadLength);
        if (!hasRoom(recordLength)) {
            return false;
        }
        buffer.putInt(length, payloadLength);
        buffer.putShort(length + 4, (short) type);
        buffer.putShort(length + 6, (short) 0);
        buffer.putBytes(length + RECORD_HEADER_LENGTH, source, index, payloadLength);
        int padding = recordLength - RECORD_HEADER_LENGTH - payloadLength;
        if (padding > 0) {
            buffer.setMemory(length + RECORD_HEADER_LENGTH + payloadLength, padding, (byte) 0);
        }
        length += recordLength;
        count++;
        return true;
    }

    /** Adds records as they lie in another batch, back to back; false when they do not fit, and nothing is changed then. */
    boolean addRecords(DirectBuffer source, int index, int recordsLength, int recordCount) {
        if (!hasRoom(recordsLength)) {
            return false;
        }
        buffer.putBytes(length, source, index, recordsLength);
        length += recordsLength;
        count += recordCount;
        return true;
    }

    private boolean hasRoom(int bytes) {
        int needed = length + bytes;
        return needed <= buffer.capacity() || (needed <= capacity && grow(needed));
    }

    private boolean grow(int needed) {
        int doubled = Integer.highestOneBit(needed - 1) << 1;
        ByteBuffer larger = ByteBuffer.allocateDirect(Math.min(capacity, Math.max(INITIAL_CAPACITY, doubled)));
        buffer.getBytes(0, larger, 0, length);
        buffer.wrap(larger);
        return true;
    }

    /** Bytes a record of this payload takes, header and padding included. */
    public static int recordLength(int payloadLength) {
        Invariants.require(payloadLength >= 0, "negative payload length");
        return (RECORD_HEADER_LENGTH + payloadLength + RECORD_ALIGNMENT - 1) & -RECORD_ALIGNMENT;
    }

    public MutableDirectBuffer buffer() {
        return buffer;
    }

    public int length() {
        return length;
    }

    public int count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public long rangeEpoch() {
        return rangeEpoch;
    }

    public long producerId() {
        return producerId;
    }

    public int producerEpoch() {
        return producerEpoch;
    }

    public long baseSeq() {
        return baseSeq;
    }

    public long hlcFirst() {
        return hlcFirst;
    }
}
