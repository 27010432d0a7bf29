package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Upkeep of one segment's {@link SparseIndex}: grown by the writer, or walked anew by a reader after it was taken away; and
 * of the gaps met on the way. What lies before the place that a checkpoint vouches for has an index of its own, made when a
 * reader of old records first asks. Steady state: no allocation.
 *
 * <p>Threads: the writer or recovery adds; readers, who hold the segment, look up and walk, one at a time under this
 * object's lock; {@link #take} only while nobody else is there.
 */
final class SegmentIndex {
    private static final SparseIndex EMPTY = new SparseIndex(0, Long.MIN_VALUE);

    private final Segment segment;
    private final UnsafeBuffer buffer;
    private final long baseOffset;

    private volatile @Nullable SegmentChain chain;
    private volatile @Nullable SparseIndex index;
    /** Of the batches before {@link #resumeAt}, which only readers of old records need. */
    private volatile @Nullable SparseIndex prefix;

    private long resumedOffset;
    private int resumedPosition = SegmentDescriptor.HEADER_LENGTH;
    private long prefixHlcMax = Long.MIN_VALUE;
    private volatile long indexedEndOffset;
    private int gapsCountedTo;
    private int indexedPosition = SegmentDescriptor.HEADER_LENGTH;
    /** Offsets lost to repairs, as far as the index goes. */
    private volatile long gapRecordCount;

    private volatile long prefixGapRecordCount;

    SegmentIndex(Segment segment) {
        this.segment = segment;
        buffer = segment.buffer;
        baseOffset = segment.baseOffset;
        indexedEndOffset = baseOffset;
        resumedOffset = baseOffset;
    }

    /** Skips what a checkpoint vouches for; before anything is added or looked up. */
    void resumeAt(int position, long offset, long hlcMaxBefore) {
        resumedOffset = offset;
        resumedPosition = position;
        prefixHlcMax = hlcMaxBefore;
        indexedEndOffset = offset;
        indexedPosition = position;
    }

    /** From now on, indexes come from the partition's own. */
    void joined(SegmentChain itsChain) {
        chain = itsChain;
        if (index != null) {
            itsChain.onIndexed(segment);
        }
    }

    /** Takes the index away while nobody reads or appends; null when there is none. */
    @Nullable
    SparseIndex take() {
        SparseIndex taken = index;
        index = null;
        indexedEndOffset = resumedOffset;
        indexedPosition = resumedPosition;
        return taken;
    }

    long gapRecordCount() {
        return gapRecordCount + prefixGapRecordCount;
    }

    /** Whether all batches below the limit lie before {@link #resumeAt}, with clocks below {@code hlc}. */
    boolean isAllBefore(long hlc, long limitOffset) {
        return hlc > prefixHlcMax && limitOffset <= resumedOffset;
    }

    /** Where to start walking for an offset below the limit. */
    int positionAtOrBefore(long offset, long limitOffset) {
        SparseIndex entries = offset < resumedOffset ? prefixIndex() : indexUpTo(limitOffset);
        return entries.positionAtOrBefore((int) (offset - baseOffset));
    }

    /** Where to start walking for a clock; all clocks before that place are lower. */
    int positionBeforeHlc(long hlc, long limitOffset) {
        SparseIndex entries = hlc <= prefixHlcMax ? prefixIndex() : indexUpTo(limitOffset);
        return entries.positionBeforeHlc(hlc);
    }

    /** Writer, recovery, or whoever holds this object's lock while walking. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one at a time
    void add(int at, int length) {
        SparseIndex entries = index;
        if (entries == null) {
            entries = newIndex();
            index = entries;
        }
        long offset = buffer.getLong(at + BASE_OFFSET_OFFSET);
        entries.onBatch(at, (int) (offset - baseOffset), buffer.getLong(at + HLC_MAX_OFFSET));
        if (at >= gapsCountedTo) {
            gapsCountedTo = at + length;
            if (BatchChecker.isGap(buffer, at)) {
                gapRecordCount += buffer.getInt(at + COUNT_OFFSET);
            }
        }
        indexedPosition = at + length;
        indexedEndOffset = offset + buffer.getInt(at + COUNT_OFFSET);
    }

    private SparseIndex newIndex() {
        SegmentChain itsChain = chain;
        return itsChain == null
                ? new SparseIndex(buffer.capacity(), prefixHlcMax)
                : itsChain.takeIndex(segment, buffer.capacity(), prefixHlcMax);
    }

    private SparseIndex indexUpTo(long limitOffset) {
        SparseIndex entries = index;
        if (entries == null || indexedEndOffset < limitOffset) {
            synchronized (this) {
                boolean compacted = SegmentDescriptor.isCompacted(buffer);
                while (indexedEndOffset < limitOffset) {
                    int at = indexedPosition;
                    if (compacted && at >= segment.sealedEndPosition()) {
                        indexedEndOffset = Long.MAX_VALUE;
                    } else {
                        add(at, segment.plausibleLength(at, compacted ? Long.MAX_VALUE : indexedEndOffset));
                    }
                }
            }
            entries = index;
        }
        return entries == null ? EMPTY : entries;
    }

    private SparseIndex prefixIndex() {
        SparseIndex entries = prefix;
        if (entries == null) {
            synchronized (this) {
                entries = prefix;
                if (entries == null) {
                    entries = new SparseIndex(resumedPosition, Long.MIN_VALUE);
                    long gaps = 0;
                    int at = SegmentDescriptor.HEADER_LENGTH;
                    long offset = baseOffset;
                    while (at < resumedPosition) {
                        int length = segment.plausibleLength(at, offset);
                        entries.onBatch(at, (int) (offset - baseOffset), buffer.getLong(at + HLC_MAX_OFFSET));
                        gaps += BatchChecker.isGap(buffer, at) ? buffer.getInt(at + COUNT_OFFSET) : 0;
                        offset += buffer.getInt(at + COUNT_OFFSET);
                        at += length;
                    }
                    prefixGapRecordCount = gaps;
                    prefix = entries;
                }
            }
        }
        return entries;
    }
}
