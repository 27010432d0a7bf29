package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.agrona.collections.Long2LongHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keyed compaction of one partition, in small steps beside the traffic.
 *
 * <pre>
 *   IDLE       → SCANNING    a sealed segment became old enough, below everything that is still needed
 *   SCANNING   → MEASURING   the latest offset of every key below that bound is known
 *   MEASURING  → WRITING     enough of the next segment is worthless
 *   MEASURING  → MEASURING   … or not
 *   WRITING    → MEASURING   the rewritten segment took the old one's name and place
 *   MEASURING  → IDLE        no segment is left
 * </pre>
 *
 * <p>A rewritten segment has the same name, first and end offset; records keep offset, clock and payload. It is whole and
 * synced before it is renamed over the old one, so a crash leaves one or the other. Readers of the old one finish there.
 * One thread.
 */
final class Compactor {
    static final String FILE_NAME = "compact.tmp";

    private static final Logger LOG = LoggerFactory.getLogger(Compactor.class);
    /** Keys known in a pass; all records of further ones are kept. About 160 MB at this bound. */
    private static final int KEYS_MAX = 4 << 20;

    private static final int STEP_BYTES = 1 << 20;
    private static final int STEP_RECORDS = 8192;
    /** Rewriting must free one part in so many of a segment, unless the pass is thorough. */
    private static final int WORTH_PARTS = 10;

    private static final long RETRY_MS = 600_000;

    private enum State {
        IDLE,
        SCANNING,
        MEASURING,
        WRITING
    }

    private final StreamName stream;
    private final int partition;
    private final StreamConfig config;
    private final Disk disk;
    private final TimeSource time;
    private final Path directory;
    private final SegmentChain chain;
    private final PartitionHolds holds;
    private final LongSupplier bound;
    private final Long2LongHashMap latestOffsets = new Long2LongHashMap(CompactedBatch.NO_KEY);
    private final CompactedBatch batch;
    private final Deque<Segment> candidates = new ArrayDeque<>();
    private final boolean thorough;
    private final boolean dryRun;
    private State state = State.IDLE;
    private @Nullable BatchEncoder encoder;
    private @Nullable SegmentRewrite rewrite;
    private long doneUpTo;
    private long retryAtMs = Long.MIN_VALUE;
    private long scanOffset;
    private long scanEnd;
    private CompactionReport report;

    /**
     * @param bound asked for the offset from which on everything is still needed as it is
     * @param thorough rewrites a segment for the sake of a single record
     * @param dryRun only measures
     */
    Compactor(
            SegmentChain chain,
            StreamConfig config,
            Disk disk,
            TimeSource time,
            Path directory,
            PartitionHolds holds,
            LongSupplier bound,
            boolean thorough,
            boolean dryRun) {
        this.stream = chain.stream();
        this.partition = chain.partition();
        this.config = config;
        this.disk = disk;
        this.time = time;
        this.directory = directory;
        this.chain = chain;
        this.holds = holds;
        this.bound = bound;
        this.thorough = thorough;
        this.dryRun = dryRun;
        batch = new CompactedBatch(config.compaction(), latestOffsets);
        report = new CompactionReport(stream, partition, 0, 0, 0, 0, 0, 0);
    }

    /** Of the last pass, or the one under way. */
    CompactionReport report() {
        return report;
    }

    /**
     * One step, of about a megabyte.
     *
     * @return bytes looked at or written; 0 when there is nothing to do
     */
    int step() {
        if (config.compactAfterMs() == StreamConfig.UNLIMITED || time.epochMs() < retryAtMs) {
            return 0;
        }
        try {
            return switch (state) {
                case IDLE -> begin();
                case SCANNING -> scan();
                case MEASURING -> measure();
                case WRITING -> write();
            };
        } catch (HailstormException e) {
            boolean isPassing = e.code() == ErrorCode.RESOURCE_EXHAUSTED
                    || e.code() == ErrorCode.DATA_LOSS
                    || e.code() == ErrorCode.FAILED_PRECONDITION;
            close();
            retryAtMs = time.epochMs() + RETRY_MS;
            if (!isPassing || thorough) {
                throw e;
            }
            LOG.warn("compaction of {}/{} gave up and tries again later: {}", stream, partition, e.getMessage());
            return 0;
        }
    }

    private int begin() {
        Segment[] segments = chain.segments();
        long limit = bound.getAsLong();
        long end = 0;
        for (int i = 0; i + 1 < segments.length && isDue(segments[i], limit); i++) {
            candidates.add(segments[i]);
            end = segments[i + 1].baseOffset;
        }
        if (end <= doneUpTo) {
            candidates.clear();
            return 0;
        }
        doneUpTo = end;
        latestOffsets.clear();
        scanOffset = chain.startOffset();
        scanEnd = limit;
        report = new CompactionReport(stream, partition, 0, 0, 0, 0, 0, 0);
        state = State.SCANNING;
        return 1;
    }

    private boolean isDue(Segment segment, long limit) {
        return SegmentDescriptor.isSealed(segment.buffer)
                && segment.sealedEndOffset() <= limit
                && time.epochMs() - HybridLogicalClock.epochMs(segment.hlcMax()) >= config.compactAfterMs();
    }

    private int scan() {
        if (scanOffset < chain.startOffset()) {
            scanOffset = chain.startOffset(); // retention was faster
        }
        int[] bytes = {1};
        long next = chain.read(scanOffset, scanEnd, STEP_RECORDS, (offset, hlc, type, buffer, index, length) -> {
            long key = config.compaction().keyOf(type, buffer, index, length);
            if (key != CompactionPolicy.KEEP
                    && key != CompactionPolicy.DROP
                    && (latestOffsets.size() < KEYS_MAX || latestOffsets.containsKey(key))) {
                latestOffsets.put(key, offset);
            }
            bytes[0] += RecordBatch.recordLength(length);
            return true;
        });
        if (next == scanOffset || next >= scanEnd) {
            nextCandidate();
        }
        scanOffset = next;
        return bytes[0];
    }

    private void nextCandidate() {
        endRewrite();
        state = State.IDLE;
        while (rewrite == null && !candidates.isEmpty()) {
            Segment segment = candidates.remove();
            if (segment.acquire()) {
                if (encoder == null) {
                    encoder = new BatchEncoder(config.compression());
                }
                rewrite = new SegmentRewrite(segment, directory.resolve(FILE_NAME), batch, encoder, chain.codec());
                state = State.MEASURING;
            }
        }
        if (rewrite == null) {
            latestOffsets.clear();
            latestOffsets.compact();
        }
    }

    private void endRewrite() {
        SegmentRewrite ended = rewrite;
        if (ended != null) {
            ended.source().release();
            rewrite = null;
        }
    }

    private SegmentRewrite current() {
        SegmentRewrite now = rewrite;
        if (now == null) {
            throw new IllegalStateException("no segment is being rewritten");
        }
        return now;
    }

    private int measure() {
        SegmentRewrite of = current();
        if (of.measure(STEP_BYTES)) {
            long before = of.source().file.lengthBytes();
            long after = of.targetBytes();
            boolean shrinks = of.recordsAfter() < of.recordsBefore() && after <= before;
            boolean isWorthIt = shrinks && (thorough || (before - after) * WORTH_PARTS >= before);
            count(of, isWorthIt, before, isWorthIt ? after : before);
            if (isWorthIt && !dryRun) {
                state = State.WRITING;
            } else {
                nextCandidate();
            }
        }
        return STEP_BYTES;
    }

    private void count(SegmentRewrite of, boolean isRewritten, long before, long after) {
        report = new CompactionReport(
                stream,
                partition,
                report.segmentCount() + 1,
                report.rewrittenCount() + (isRewritten ? 1 : 0),
                report.recordsBefore() + of.recordsBefore(),
                report.recordsAfter() + (isRewritten ? of.recordsAfter() : of.recordsBefore()),
                report.bytesBefore() + before,
                report.bytesAfter() + after);
    }

    private int write() {
        SegmentRewrite of = current();
        if (of.write(disk, stream, partition, STEP_BYTES)) {
            boolean replaced = replace(of);
            if (!replaced) {
                of.abandon(disk);
            }
            nextCandidate();
        }
        return STEP_BYTES;
    }

    /** Unless retention deleted the segment meanwhile, or somebody needs it as it is after all. */
    private boolean replace(SegmentRewrite of) {
        Segment old = of.source();
        holds.lock.lock();
        try {
            if (!chain.holds(old) || bound.getAsLong() < old.sealedEndOffset()) {
                return false;
            }
            disk.rename(directory.resolve(FILE_NAME), old.path);
            disk.syncDirectory(directory);
            chain.replace(old, of.target());
        } finally {
            holds.lock.unlock();
        }
        old.release();
        return true;
    }

    /** Gives up what is under way. */
    void close() {
        SegmentRewrite of = rewrite;
        if (of != null) {
            of.abandon(disk);
        }
        endRewrite();
        candidates.clear();
        latestOffsets.clear();
        doneUpTo = 0;
        state = State.IDLE;
        if (encoder != null) {
            encoder.close();
            encoder = null;
        }
    }
}
