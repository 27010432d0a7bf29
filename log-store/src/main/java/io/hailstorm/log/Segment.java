package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One segment file: a single writer appends, any number of readers read what the partition says is durable. Readers hold
 * it by {@link #acquire} while they read, so that retention unmaps it only after the last one left. Steady state: no
 * allocation.
 */
final class Segment {
    /** Of {@link #users}: somebody takes the index away, a matter of nanoseconds. */
    private static final int CLAIMED = Integer.MIN_VALUE;

    final Path path;
    final long baseOffset;
    final MappedFile file;
    final UnsafeBuffer buffer;
    /** Syncer only: whether the directory knows the file durably. */
    boolean nameSynced;

    /** Set before others see the segment. */
    private PartitionCodec codec = new PartitionCodec(LogKeyset.NONE);

    private volatile @Nullable SegmentKey key;
    /** Writer only: how new batches are stored, unless plainly. */
    private @Nullable BatchEncoder encoder;

    private @Nullable SegmentKey encoderKey;
    private int appendLimit;

    private final BatchChecker writerChecker;
    private final AtomicReference<@Nullable BatchChecker> spareChecker = new AtomicReference<>();
    private final SegmentIndex index;
    private final AtomicInteger users = new AtomicInteger(1);
    private final AtomicInteger endPosition = new AtomicInteger(SegmentDescriptor.HEADER_LENGTH);
    private volatile long hlcMax = Long.MIN_VALUE;

    Segment(Path path, long baseOffset, MappedFile file) {
        this.path = path;
        this.baseOffset = baseOffset;
        this.file = file;
        buffer = file.buffer();
        index = new SegmentIndex(this);
        writerChecker = new BatchChecker(file);
        appendLimit = buffer.capacity();
    }

    void codec(PartitionCodec shared) {
        codec = shared;
    }

    /** Writer, before the first append. */
    void encodeWith(@Nullable BatchEncoder encodes) {
        encoder = encodes;
        encoderKey = SegmentDescriptor.isEncrypted(buffer) ? key() : null;
    }

    /** Goes on in a segment found on disk, or closes it for appends when it was begun in another way than asked for. */
    void resumeWith(@Nullable BatchEncoder encodes, LogKeyset keyset) {
        int keyId = SegmentDescriptor.isEncrypted(buffer) ? buffer.getInt(SegmentDescriptor.KEY_ID_OFFSET) : 0;
        int wantedKeyId = keyset.isEmpty() ? 0 : keyset.primaryKeyId();
        boolean isOld = buffer.getInt(SegmentDescriptor.VERSION_OFFSET) < SegmentDescriptor.VERSION && encodes != null;
        boolean fits = !isOld && keyId == wantedKeyId;
        boolean isEmpty = endPosition.getPlain() == SegmentDescriptor.HEADER_LENGTH;
        if (!fits && !isEmpty) {
            appendLimit = 0;
            return;
        }
        if (!fits) {
            key = null;
            SegmentDescriptor.rewriteHeader(buffer, keyset);
        }
        encodeWith(encodes);
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} when the keyset does not hold it */
    SegmentKey key() {
        SegmentKey found = key;
        if (found == null) {
            found = SegmentKey.of(this, codec.keyset);
            key = found;
        }
        return found;
    }

    /** False for an encrypted batch in a segment whose header, with the key, was never synced: nobody saw that batch. */
    boolean hasKeyFor(int at) {
        return (buffer.getByte(at + CODEC_OFFSET) & CODEC_ENCRYPTED) == 0 || SegmentDescriptor.isEncrypted(buffer);
    }

    private boolean isCompacted() {
        return SegmentDescriptor.isCompacted(buffer);
    }

    /** Where the batches of a sealed segment end. */
    int sealedEndPosition() {
        return buffer.getInt(SegmentDescriptor.SEAL_END_POSITION_OFFSET);
    }

    /** First offset after a sealed segment. */
    long sealedEndOffset() {
        return buffer.getLong(SegmentDescriptor.SEAL_END_OFFSET_OFFSET);
    }

    /** Skips what a checkpoint vouches for; before anything is appended or read. */
    void resumeAt(int position, long offset, long hlcMaxBefore) {
        index.resumeAt(position, offset, hlcMaxBefore);
        hlcMax = hlcMaxBefore;
        endPosition.setRelease(position);
    }

    /** From now on, indexes come from the partition's own. */
    void joined(SegmentChain itsChain) {
        index.joined(itsChain);
    }

    boolean acquire() {
        int seen = users.get();
        while (seen != 0) {
            if (seen == CLAIMED) {
                Thread.onSpinWait();
            } else if (users.compareAndSet(seen, seen + 1)) {
                return true;
            }
            seen = users.get();
        }
        return false;
    }

    /** Gives back one {@link #acquire}, or the owner's own hold; the last one unmaps. */
    void release() {
        int seen = users.get();
        while (seen == CLAIMED || !users.compareAndSet(seen, seen - 1)) {
            Thread.onSpinWait();
            seen = users.get();
        }
        if (seen == 1) {
            file.close();
        }
    }

    /** Takes the index away unless somebody reads; null then. Not of the segment that is appended to. */
    @Nullable
    SparseIndex tryTakeIndex() {
        if (!users.compareAndSet(1, CLAIMED)) {
            return null;
        }
        SparseIndex taken = index.take();
        users.set(1);
        return taken;
    }

    boolean fits(int length) {
        return length <= appendLimit - endPosition.getPlain();
    }

    int endPosition() {
        return endPosition.getAcquire();
    }

    long hlcMax() {
        return SegmentDescriptor.isSealed(buffer) ? buffer.getLong(SegmentDescriptor.SEAL_HLC_MAX_OFFSET) : hlcMax;
    }

    long gapRecordCount() {
        return index.gapRecordCount();
    }

    /**
     * Writer only, after {@link #fits}. The length goes last: until then, the log ends before this batch.
     *
     * @return length of the batch as stored
     */
    int append(RecordBatch batch, long offset, int unsynced) {
        int at = endPosition.getPlain();
        UnsafeBuffer to = buffer;
        to.putLong(at + BASE_OFFSET_OFFSET, offset);
        to.putInt(at + COUNT_OFFSET, batch.count());
        to.putLong(at + RANGE_EPOCH_OFFSET, batch.rangeEpoch());
        to.putLong(at + PRODUCER_ID_OFFSET, batch.producerId());
        to.putInt(at + PRODUCER_EPOCH_OFFSET, batch.producerEpoch());
        to.putInt(at + UNSYNCED_OFFSET, unsynced);
        to.putLong(at + BASE_SEQ_OFFSET, batch.baseSeq());
        to.putLong(at + HLC_FIRST_OFFSET, batch.hlcFirst());
        to.putLong(at + HLC_MAX_OFFSET, batch.hlcFirst() + batch.count() - 1);
        int length = HEADER_LENGTH + batch.length();
        BatchEncoder encodes = encoder;
        if (encodes == null) {
            to.putInt(at + CODEC_OFFSET, CODEC_NONE | MAGIC << 16);
            to.putBytes(at + HEADER_LENGTH, batch.buffer(), 0, batch.length());
        } else {
            length = encodes.write(to, at, batch.buffer(), batch.length(), encoderKey, false);
        }
        finish(at, length);
        return length;
    }

    /**
     * The same for a batch of another log, which keeps its offset and everything else.
     *
     * @return length of the batch as stored
     */
    int appendCopy(CopiedBatch batch, int unsynced) {
        int at = endPosition.getPlain();
        UnsafeBuffer to = buffer;
        to.putLong(at + BASE_OFFSET_OFFSET, batch.baseOffset());
        to.putInt(at + COUNT_OFFSET, batch.count());
        to.putLong(at + RANGE_EPOCH_OFFSET, batch.rangeEpoch());
        to.putLong(at + PRODUCER_ID_OFFSET, batch.producerId());
        to.putInt(at + PRODUCER_EPOCH_OFFSET, batch.producerEpoch());
        to.putInt(at + UNSYNCED_OFFSET, unsynced);
        to.putLong(at + BASE_SEQ_OFFSET, batch.baseSeq());
        to.putLong(at + HLC_FIRST_OFFSET, batch.hlcFirst());
        to.putLong(at + HLC_MAX_OFFSET, batch.hlcMax());
        int length = HEADER_LENGTH + batch.recordsLength();
        BatchEncoder encodes = batch.recordsLength() == 0 ? null : encoder;
        if (encodes == null) {
            to.putInt(at + CODEC_OFFSET, batch.codec() | MAGIC << 16);
            to.putBytes(at + HEADER_LENGTH, batch.records(), 0, batch.recordsLength());
        } else {
            length = encodes.write(to, at, batch.records(), batch.recordsLength(), encoderKey, batch.isSparse());
        }
        finish(at, length);
        return length;
    }

    private void finish(int at, int length) {
        buffer.putInt(at + CRC_OFFSET, writerChecker.crc(at, length));
        buffer.putIntRelease(at + LENGTH_OFFSET, length);
        onAppended(at, length);
    }

    /** Writer, or recovery: the segment goes on after this batch. */
    void onAppended(int at, int length) {
        index.add(at, length);
        long batchHlcMax = buffer.getLong(at + HLC_MAX_OFFSET);
        if (batchHlcMax > hlcMax) {
            hlcMax = batchHlcMax;
        }
        endPosition.setRelease(at + length);
    }

    /**
     * Length of the batch that must lie here.
     *
     * @param offsetMax the highest offset it may begin with
     * @throws HailstormException {@code DATA_LOSS} when there is none
     */
    int plausibleLength(int at, long offsetMax) {
        if (at + HEADER_LENGTH <= buffer.capacity()) {
            int length = buffer.getInt(at + LENGTH_OFFSET);
            if (length >= HEADER_LENGTH
                    && length <= buffer.capacity() - at
                    && length % ALIGNMENT == 0
                    && buffer.getLong(at + BASE_OFFSET_OFFSET) <= offsetMax
                    && buffer.getInt(at + COUNT_OFFSET) > 0) {
                return length;
            }
        }
        throw corrupt(at, "no batch where one must be");
    }

    HailstormException corrupt(int position, String reason) {
        return new HailstormException(
                ErrorCode.DATA_LOSS,
                "corrupt log: file=" + path + ", position=" + position + ": " + reason
                        + "; restore this file from a copy, or run \"hailstorm log repair\" to go on without the"
                        + " damaged records");
    }

    /**
     * Hands on records from {@code fromOffset} to below {@code limitOffset}, which must lie in this segment. Where
     * compaction left none, the offsets are passed over.
     *
     * @return the next offset to read; its bitwise complement when the handler asked to stop
     */
    long read(long fromOffset, long limitOffset, int maxRecords, RecordHandler handler) {
        int at = index.positionAtOrBefore(fromOffset, limitOffset);
        BatchChecker checker = spareChecker.getAndSet(null);
        if (checker == null) {
            checker = new BatchChecker(file);
        }
        boolean compacted = isCompacted();
        long end = Math.min(limitOffset, fromOffset + maxRecords);
        long next = fromOffset;
        while (next < end) {
            if (compacted && at >= sealedEndPosition()) {
                next = end;
                break;
            }
            int length = plausibleLength(at, compacted ? Long.MAX_VALUE : next);
            long base = buffer.getLong(at + BASE_OFFSET_OFFSET);
            int count = buffer.getInt(at + COUNT_OFFSET);
            if (base >= end) {
                next = end;
                break;
            }
            if (base + count > next) {
                if (!checker.isBatch(at)) {
                    throw corrupt(at, "checksum does not match for the batch of offset " + base);
                }
                long batchEnd = Math.min(base + count, end);
                long reached;
                if (buffer.getByte(at + CODEC_OFFSET) == CODEC_NONE) {
                    reached = deliver(at, base, batchEnd, next, handler);
                } else if (BatchChecker.isGap(buffer, at)) {
                    handler.onGap(next, batchEnd);
                    reached = batchEnd;
                } else {
                    reached = deliverCoded(at, length, base, batchEnd, next, handler, checker);
                }
                if (reached < 0) {
                    spareChecker.set(checker);
                    return reached;
                }
                next = reached;
            }
            at += length;
        }
        spareChecker.set(checker);
        return next;
    }

    /** Shows whole batches to a visitor, as {@link SegmentChain#walk}; the next offset after those it took. */
    long walk(long fromOffset, long limitOffset, BatchVisitor visitor) {
        int at = index.positionAtOrBefore(fromOffset, limitOffset);
        BatchChecker checker = spareChecker.getAndSet(null);
        if (checker == null) {
            checker = new BatchChecker(file);
        }
        boolean compacted = isCompacted();
        long next = fromOffset;
        boolean more = true;
        while (more && next < limitOffset) {
            boolean ended = compacted && at >= sealedEndPosition();
            int length = ended ? 0 : plausibleLength(at, compacted ? Long.MAX_VALUE : next);
            long base = ended ? limitOffset : Math.min(limitOffset, buffer.getLong(at + BASE_OFFSET_OFFSET));
            if (base > next) {
                more = visitor.onHole(next, base);
                next = more ? base : next;
            } else {
                long end = base + buffer.getInt(at + COUNT_OFFSET);
                if (end > next) {
                    if (!checker.isBatch(at)) {
                        throw corrupt(at, "checksum does not match for the batch of offset " + base);
                    }
                    more = visitor.onBatch(this, at, length, checker);
                    next = more ? end : next;
                }
                at += length;
            }
        }
        spareChecker.set(checker);
        return next;
    }

    PartitionCodec codec() {
        return codec;
    }

    private long deliver(int at, long base, long end, long from, RecordHandler handler) {
        long hlcFirst = buffer.getLong(at + HLC_FIRST_OFFSET);
        int record = at + HEADER_LENGTH;
        for (long offset = base; offset < end; offset++) {
            int payloadLength = buffer.getInt(record);
            if (offset >= from) {
                int type = buffer.getShort(record + 4) & 0xFFFF;
                int payload = record + RecordBatch.RECORD_HEADER_LENGTH;
                if (!handler.onRecord(offset, hlcFirst + (offset - base), type, buffer, payload, payloadLength)) {
                    return ~(offset + 1);
                }
            }
            record += RecordBatch.recordLength(payloadLength);
        }
        return end;
    }

    /** The same for a batch that is compressed, encrypted or has gaps. */
    private long deliverCoded(
            int at, int length, long base, long end, long from, RecordHandler handler, BatchChecker checker) {
        int how = buffer.getByte(at + CODEC_OFFSET) & 0xFF;
        if ((how & CODEC_CODED_MASK) == 0) {
            return deliverFrom(buffer, at + HEADER_LENGTH, at + length, at, how, base, end, from, handler);
        }
        if ((how & CODEC_ENCRYPTED) != 0 && codec.passesOver(this)) {
            return end;
        }
        BatchDecoder decoder = codec.take();
        try {
            UnsafeBuffer records = decoder.decode(this, at, checker.view());
            return deliverFrom(records, 0, records.capacity(), at, how, base, end, from, handler);
        } finally {
            codec.giveBack(decoder);
        }
    }

    @SuppressWarnings("TooManyParameters")
    private long deliverFrom(
            UnsafeBuffer records,
            int first,
            int recordsEnd,
            int at,
            int how,
            long base,
            long end,
            long from,
            RecordHandler handler) {
        boolean sparse = (how & CODEC_SPARSE) != 0;
        long hlcFirst = buffer.getLong(at + HLC_FIRST_OFFSET);
        int record = first;
        for (long dense = base; record < recordsEnd; dense++) {
            int payloadLength = records.getInt(record);
            int payload = record + RecordBatch.RECORD_HEADER_LENGTH;
            if (payloadLength < 0 || payloadLength > recordsEnd - payload) {
                throw corrupt(at, "a record of " + payloadLength + " bytes reaches beyond its batch");
            }
            long offset = sparse ? base + (records.getShort(record + 6) & 0xFFFF) : dense;
            if (offset >= end) {
                return end;
            }
            if (offset >= from) {
                int type = records.getShort(record + 4) & 0xFFFF;
                if (!handler.onRecord(offset, hlcFirst + (offset - base), type, records, payload, payloadLength)) {
                    return ~(offset + 1);
                }
            }
            record += RecordBatch.recordLength(payloadLength);
        }
        return end;
    }

    /** First offset below the limit with a clock at or after {@code hlc}; the limit when none. */
    long offsetAtOrAfter(long hlc, long limitOffset) {
        boolean sealedBefore =
                SegmentDescriptor.isSealed(buffer) && buffer.getLong(SegmentDescriptor.SEAL_HLC_MAX_OFFSET) < hlc;
        if (sealedBefore) {
            return limitOffset; // without an index, so that a search touches one segment, not all
        }
        if (index.isAllBefore(hlc, limitOffset)) {
            return limitOffset;
        }
        int at = index.positionBeforeHlc(hlc, limitOffset);
        long base = baseOffset;
        boolean compacted = isCompacted();
        while (base < limitOffset && !(compacted && at >= sealedEndPosition())) {
            int length = plausibleLength(at, compacted ? Long.MAX_VALUE : limitOffset);
            base = buffer.getLong(at + BASE_OFFSET_OFFSET);
            if (base >= limitOffset) {
                break;
            }
            if (buffer.getLong(at + HLC_MAX_OFFSET) >= hlc) {
                return base + Math.max(0, hlc - buffer.getLong(at + HLC_FIRST_OFFSET));
            }
            base += buffer.getInt(at + COUNT_OFFSET);
            at += length;
        }
        return limitOffset;
    }
}
