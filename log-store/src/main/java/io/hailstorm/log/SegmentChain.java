package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A partition's segments in order. Changed by copying, on cold paths; read by any thread without a lock. */
final class SegmentChain {
    /** Segments that have an index at a time, while readers leave the others alone. */
    static final int INDEXES_MAX = 8;

    private static final Segment[] NO_SEGMENTS = {};

    private final StreamName stream;
    private final int partition;
    private final AtomicLong corruptReadCount = new AtomicLong();
    private final PartitionCodec codec;
    /** Segments with an index, in the order they got it. */
    private final ArrayDeque<Segment> indexed = new ArrayDeque<>(2 * INDEXES_MAX);

    private final ArrayDeque<SparseIndex> spareIndexes = new ArrayDeque<>(2 * INDEXES_MAX);
    private volatile Segment[] segments = NO_SEGMENTS;
    private volatile long emptyStartOffset;

    SegmentChain(StreamName stream, int partition, LogKeyset keyset) {
        this.stream = stream;
        this.partition = partition;
        codec = new PartitionCodec(keyset);
    }

    StreamName stream() {
        return stream;
    }

    int partition() {
        return partition;
    }

    LogKeyset keyset() {
        return codec.keyset;
    }

    /** Where a chain without segments starts; 0 unless told. */
    void beginAt(long startOffset) {
        emptyStartOffset = startOffset;
    }

    PartitionCodec codec() {
        return codec;
    }

    boolean holds(Segment segment) {
        return Arrays.asList(segments).contains(segment);
    }

    /** Disk space of all segments. */
    long fileBytes() {
        long sum = 0;
        for (Segment segment : segments) {
            sum += segment.file.lengthBytes();
        }
        return sum;
    }

    /** The current segments, ascending; not to be changed. */
    Segment[] segments() {
        return segments;
    }

    synchronized void add(Segment segment) {
        segment.codec(codec);
        segment.joined(this);
        Segment[] longer = Arrays.copyOf(segments, segments.length + 1);
        longer[longer.length - 1] = segment;
        segments = longer;
    }

    synchronized Segment removeFirst() {
        Segment first = segments[0];
        segments = Arrays.copyOfRange(segments, 1, segments.length);
        if (indexed.remove(first) && spareIndexes.size() < INDEXES_MAX) {
            SparseIndex spare = first.tryTakeIndex();
            if (spare != null) {
                spareIndexes.add(spare);
            }
        }
        return first;
    }

    /** Puts a rewritten segment in the place of the old one; false when the old one is gone. */
    synchronized boolean replace(Segment old, Segment rewritten) {
        for (int i = 0; i < segments.length; i++) {
            if (segments[i] == old) {
                rewritten.codec(codec);
                rewritten.joined(this);
                indexed.remove(old);
                Segment[] changed = segments.clone();
                changed[i] = rewritten;
                segments = changed;
                return true;
            }
        }
        return false;
    }

    /** A segment came with an index of its own. */
    synchronized void onIndexed(Segment segment) {
        indexed.add(segment);
    }

    /**
     * An empty index for a segment: an old one's, once there are enough, since every index can be built again. Steady
     * state: no allocation.
     */
    synchronized SparseIndex takeIndex(Segment segment, int segmentBytes, long hlcMaxBefore) {
        SparseIndex found = spareIndexes.poll();
        Segment[] current = segments;
        Segment active = current.length == 0 ? segment : current[current.length - 1];
        int candidates = indexed.size() < INDEXES_MAX ? 0 : indexed.size();
        for (int i = 0; i < candidates && found == null; i++) {
            Segment oldest = indexed.remove();
            found = oldest == active ? null : oldest.tryTakeIndex();
            if (found == null) {
                indexed.add(oldest);
            }
        }
        indexed.add(segment);
        return found == null || found.segmentBytes() < segmentBytes
                ? new SparseIndex(segmentBytes, hlcMaxBefore)
                : found.reset(hlcMaxBefore);
    }

    /** How many segments have an index. */
    synchronized int indexedCount() {
        return indexed.size();
    }

    synchronized void closeAll() {
        Segment[] all = segments;
        segments = NO_SEGMENTS;
        for (Segment segment : all) {
            segment.release();
        }
        codec.close();
    }

    /** Reads refused because bytes did not check out. */
    long corruptReadCount() {
        return corruptReadCount.get();
    }

    /** Offsets lost to repairs, in the segments indexed so far. */
    long gapRecordCount() {
        long sum = 0;
        for (Segment segment : segments) {
            sum += segment.gapRecordCount();
        }
        return sum;
    }

    long startOffset() {
        Segment[] current = segments;
        return current.length == 0 ? emptyStartOffset : current[0].baseOffset;
    }

    long read(long fromOffset, long limitOffset, int maxRecords, RecordHandler handler) {
        requireRetained(fromOffset);
        long next = fromOffset;
        while (next < limitOffset && next - fromOffset < maxRecords) {
            Segment[] current = segments;
            int at = find(current, next);
            Segment segment = at < 0 ? null : current[at];
            if (segment == null) {
                requireRetained(next);
                return next;
            }
            if (segment.acquire()) {
                long segmentEnd = at + 1 < current.length ? current[at + 1].baseOffset : Long.MAX_VALUE;
                long reached;
                try {
                    int remaining = maxRecords - (int) (next - fromOffset);
                    reached = segment.read(next, Math.min(limitOffset, segmentEnd), remaining, handler);
                } catch (HailstormException e) {
                    if (e.code() == ErrorCode.DATA_LOSS) {
                        corruptReadCount.incrementAndGet();
                    }
                    throw e;
                } finally {
                    segment.release();
                }
                if (reached < 0) {
                    return ~reached;
                }
                next = reached;
            }
        }
        return next;
    }

    /**
     * Shows whole batches, from the one that holds an offset on, until the visitor wants no more.
     *
     * @param limitOffset the end of a batch
     * @return the offset after the last batch that it took
     * @throws HailstormException as {@link #read}
     */
    long walk(long fromOffset, long limitOffset, BatchVisitor visitor) {
        requireRetained(fromOffset);
        long next = fromOffset;
        boolean more = true;
        while (more && next < limitOffset) {
            Segment[] current = segments;
            int at = find(current, next);
            Segment segment = at < 0 ? null : current[at];
            if (segment == null) {
                requireRetained(next);
                return next;
            }
            if (segment.acquire()) {
                long segmentEnd = at + 1 < current.length ? current[at + 1].baseOffset : Long.MAX_VALUE;
                long end = Math.min(limitOffset, segmentEnd);
                try {
                    next = segment.walk(next, end, visitor);
                } finally {
                    segment.release();
                }
                more = next == end;
            }
        }
        return next;
    }

    /** About how many bytes the batches from an offset on take. */
    long bytesFrom(long offset, long endOffset) {
        Segment[] current = segments;
        long sum = 0;
        for (int i = Math.max(0, find(current, offset)); i < current.length; i++) {
            long base = current[i].baseOffset;
            long end = i + 1 < current.length ? current[i + 1].baseOffset : endOffset;
            long span = Math.max(1, end - base);
            long used = (long) current[i].endPosition() - SegmentDescriptor.HEADER_LENGTH;
            sum += (long) ((double) used * Math.clamp(end - Math.max(base, offset), 0, span) / span);
        }
        return sum;
    }

    private void requireRetained(long offset) {
        long start = startOffset();
        if (offset < start) {
            throw new HailstormException(
                    ErrorCode.OUT_OF_RANGE,
                    "offset no longer retained: " + stream + "/" + partition + ", asked=" + offset + ", first="
                            + start);
        }
    }

    /** Index of the segment that holds the offset; -1 when it lies before the first. */
    static int find(@Nullable Segment[] sorted, long offset) {
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Segment segment = sorted[middle];
            if (segment != null && segment.baseOffset <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    long offsetAtOrAfter(long hlc, long limitOffset) {
        Segment[] current = segments;
        for (int i = 0; i < current.length && current[i].baseOffset < limitOffset; i++) {
            Segment segment = current[i];
            if (segment.acquire()) {
                try {
                    boolean last = i + 1 == current.length;
                    long end = Math.min(limitOffset, last ? Long.MAX_VALUE : current[i + 1].baseOffset);
                    long found = segment.offsetAtOrAfter(hlc, end);
                    if (found < end) {
                        return found;
                    }
                } finally {
                    segment.release();
                }
            }
        }
        return limitOffset;
    }
}
