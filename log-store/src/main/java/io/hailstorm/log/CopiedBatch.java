package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import java.nio.ByteBuffer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A batch on its way from one log to its copy: everything the copy must keep, and its records in the plain. A view; valid as
 * long as what it was read from. One thread. Steady state: no allocation.
 *
 * <pre>
 *   0           8      12     16           24          32      36     40         48         56        64
 *   +-----------+------+------+------------+-----------+-------+------+----------+----------+---------+---------
 *   | baseOffset| count| codec| rangeEpoch | producerId| p.ep. | zero | baseSeq  | hlcFirst | hlcMax  | records …
 *   +-----------+------+------+------------+-----------+-------+------+----------+----------+---------+---------
 * </pre>
 */
final class CopiedBatch {
    static final int HEADER_BYTES = 64;

    private static final int COUNT = 8;
    private static final int CODEC = 12;
    private static final int RANGE_EPOCH = 16;
    private static final int PRODUCER_ID = 24;
    private static final int PRODUCER_EPOCH = 32;
    private static final int BASE_SEQ = 40;
    private static final int HLC_FIRST = 48;
    private static final int HLC_MAX = 56;

    private final UnsafeBuffer records = new UnsafeBuffer(0, 0);
    private long baseOffset;
    private int count;
    private int codec;
    private long rangeEpoch;
    private long producerId;
    private int producerEpoch;
    private long baseSeq;
    private long hlcFirst;
    private long hlcMax;

    /** The batch that lies in a segment; coded records are decoded by {@code decoder}. */
    CopiedBatch wrap(Segment segment, int at, int length, BatchChecker checker, BatchDecoder decoder) {
        UnsafeBuffer from = segment.buffer;
        baseOffset = from.getLong(at + BASE_OFFSET_OFFSET);
        count = from.getInt(at + COUNT_OFFSET);
        int how = from.getByte(at + CODEC_OFFSET) & 0xFF;
        codec = how & (CODEC_SPARSE | CODEC_GAP);
        rangeEpoch = from.getLong(at + RANGE_EPOCH_OFFSET);
        producerId = from.getLong(at + PRODUCER_ID_OFFSET);
        producerEpoch = from.getInt(at + PRODUCER_EPOCH_OFFSET);
        baseSeq = from.getLong(at + BASE_SEQ_OFFSET);
        hlcFirst = from.getLong(at + HLC_FIRST_OFFSET);
        hlcMax = from.getLong(at + HLC_MAX_OFFSET);
        if ((how & CODEC_CODED_MASK) != 0) {
            UnsafeBuffer plain = decoder.decode(segment, at, checker.view());
            records.wrap(plain, 0, plain.capacity());
        } else {
            records.wrap(from, at + HEADER_LENGTH, length - HEADER_LENGTH);
        }
        return this;
    }

    /** Offsets without records: a gap of the copy. */
    CopiedBatch wrapHole(long fromOffset, long toOffset) {
        baseOffset = fromOffset;
        count = (int) Math.min(Integer.MAX_VALUE, toOffset - fromOffset);
        codec = CODEC_GAP;
        rangeEpoch = 0;
        producerId = RecordBatch.NO_PRODUCER;
        producerEpoch = 0;
        baseSeq = 0;
        hlcFirst = 0;
        hlcMax = 0;
        records.wrap(0, 0);
        return this;
    }

    int encodedBytes() {
        return HEADER_BYTES + records.capacity();
    }

    void encode(ByteBuffer to) {
        to.putLong(baseOffset).putInt(count).putInt(codec).putLong(rangeEpoch).putLong(producerId);
        to.putInt(producerEpoch).putInt(0).putLong(baseSeq).putLong(hlcFirst).putLong(hlcMax);
        int position = to.position();
        records.getBytes(0, to, position, records.capacity());
        to.position(position + records.capacity());
    }

    CopiedBatch decode(DirectBuffer from, int index, int length) {
        baseOffset = from.getLong(index);
        count = from.getInt(index + COUNT);
        codec = from.getInt(index + CODEC);
        rangeEpoch = from.getLong(index + RANGE_EPOCH);
        producerId = from.getLong(index + PRODUCER_ID);
        producerEpoch = from.getInt(index + PRODUCER_EPOCH);
        baseSeq = from.getLong(index + BASE_SEQ);
        hlcFirst = from.getLong(index + HLC_FIRST);
        hlcMax = from.getLong(index + HLC_MAX);
        records.wrap(from, index + HEADER_BYTES, length - HEADER_BYTES);
        return this;
    }

    long baseOffset() {
        return baseOffset;
    }

    int count() {
        return count;
    }

    long endOffset() {
        return baseOffset + count;
    }

    int codec() {
        return codec;
    }

    boolean isGap() {
        return (codec & CODEC_GAP) != 0;
    }

    boolean isSparse() {
        return (codec & CODEC_SPARSE) != 0;
    }

    long rangeEpoch() {
        return rangeEpoch;
    }

    long producerId() {
        return producerId;
    }

    int producerEpoch() {
        return producerEpoch;
    }

    long baseSeq() {
        return baseSeq;
    }

    long hlcFirst() {
        return hlcFirst;
    }

    long hlcMax() {
        return hlcMax;
    }

    DirectBuffer records() {
        return records;
    }

    int recordsLength() {
        return records.capacity();
    }
}
