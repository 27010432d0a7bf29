package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import java.nio.ByteBuffer;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What compaction leaves of one batch: the surviving records in a buffer of its own, each with its place in the batch when
 * some are missing. One thread.
 */
final class CompactedBatch {
    static final long NO_KEY = -1;

    /** A record's place in its batch is an unsigned 16-bit number. */
    private static final int SPAN_MAX = 1 << 16;

    private static final int INITIAL_CAPACITY = 64 << 10;

    private final CompactionPolicy policy;
    private final Long2LongHashMap latestOffsets;
    /** Most partitions are never compacted: memory is taken at the first batch. */
    private UnsafeBuffer records = new UnsafeBuffer(0, 0);

    private int length;
    private int recordCount;
    private int survivorCount;
    private boolean sparse;

    CompactedBatch(CompactionPolicy policy, Long2LongHashMap latestOffsets) {
        this.policy = policy;
        this.latestOffsets = latestOffsets;
    }

    /** Sifts the batch at a position, whose checksum was seen to match, and which is no gap. */
    void sift(Segment segment, int at, BatchChecker checker, PartitionCodec codec) {
        UnsafeBuffer buffer = segment.buffer;
        int how = buffer.getByte(at + CODEC_OFFSET) & 0xFF;
        if ((how & CODEC_CODED_MASK) == 0) {
            int batchLength = buffer.getInt(at + LENGTH_OFFSET);
            sift(segment, at, how, buffer, at + HEADER_LENGTH, at + batchLength);
            return;
        }
        BatchDecoder decoder = codec.take();
        try {
            UnsafeBuffer decoded = decoder.decode(segment, at, checker.view());
            sift(segment, at, how, decoded, 0, decoded.capacity());
        } finally {
            codec.giveBack(decoder);
        }
    }

    private void sift(Segment segment, int at, int how, UnsafeBuffer from, int first, int end) {
        if (records.capacity() < end - first) {
            records = new UnsafeBuffer(ByteBuffer.allocateDirect(Math.max(INITIAL_CAPACITY, end - first)));
        }
        long base = segment.buffer.getLong(at + BASE_OFFSET_OFFSET);
        boolean isSparse = (how & CODEC_SPARSE) != 0;
        boolean tooWide = segment.buffer.getInt(at + COUNT_OFFSET) > SPAN_MAX;
        length = 0;
        recordCount = 0;
        survivorCount = 0;
        int record = first;
        while (record < end) {
            int payloadLength = from.getInt(record);
            int payload = record + RecordBatch.RECORD_HEADER_LENGTH;
            if (payloadLength < 0 || payloadLength > end - payload) {
                throw segment.corrupt(at, "a record of " + payloadLength + " bytes reaches beyond its batch");
            }
            int place = isSparse ? from.getShort(record + RecordBatch.PLACE_OFFSET) & 0xFFFF : recordCount;
            int type = from.getShort(record + RecordBatch.TYPE_OFFSET) & 0xFFFF;
            int recordLength = RecordBatch.recordLength(payloadLength);
            long key = policy.keyOf(type, from, payload, payloadLength);
            if (tooWide || survives(key, base + place)) {
                records.putBytes(length, from, record, recordLength);
                if (!tooWide) {
                    records.putShort(length + RecordBatch.PLACE_OFFSET, (short) place);
                }
                length += recordLength;
                survivorCount++;
            }
            recordCount++;
            record += recordLength;
        }
        sparse = isSparse || survivorCount < recordCount;
        if (!sparse) {
            records.putBytes(0, from, first, end - first);
        }
    }

    private boolean survives(long key, long offset) {
        if (key == CompactionPolicy.KEEP) {
            return true;
        }
        return key != CompactionPolicy.DROP && offset >= latestOffsets.get(key);
    }

    int recordCount() {
        return recordCount;
    }

    int survivorCount() {
        return survivorCount;
    }

    /** Bytes {@link #write} takes; 0 when nothing survives. */
    int storedLength(BatchEncoder encoder, boolean encrypted) {
        return survivorCount == 0 ? 0 : encoder.measure(records, length, encrypted);
    }

    /** Writes what survives, under the header it had. */
    int write(UnsafeBuffer to, int at, Segment source, int sourceAt, BatchEncoder encoder, Segment target) {
        to.putBytes(at, source.buffer, sourceAt, HEADER_LENGTH);
        SegmentKey key = SegmentDescriptor.isEncrypted(to) ? target.key() : null;
        return encoder.write(to, at, records, length, key, sparse);
    }
}
