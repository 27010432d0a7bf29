package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One partition of the embedded engine. The writer thread owns {@link #append}; the syncer thread owns {@link #doWork};
 * they meet in a few ordered words: the writer publishes {@code endOffset} after a batch is whole, the syncer publishes
 * {@code syncedOffset} after it is durable. Nothing here waits for the other.
 */
final class EmbeddedPartition implements PartitionLog {
    private static final long MARK_FLUSH_NS = 100_000_000;
    /** Pages ready ahead of the writer last for about this many commits. */
    private static final int AHEAD_COMMITS = 8;

    private static final int AHEAD_BYTES_MIN = 256 << 10;
    private static final int AHEAD_BYTES_MAX = 64 << 20;
    /** How many pages are made ready at a time: about a millisecond. */
    private static final int PREPARE_STEP_BYTES = 4 << 20;

    private final StreamName stream;
    private final int partition;
    private final StreamConfig config;
    private final Disk disk;
    private final TimeSource time;
    private final Path directory;
    private final SegmentChain chain;
    private final GroupFile groups;
    private final NextSegment next;
    private final DurableWaiters waiters = new DurableWaiters();
    private final PartitionHolds holds = new PartitionHolds();
    private final Retention retention;
    private final Checkpoints checkpoints;

    private final ProducerTable producers;
    private final AtomicLong endOffset = new AtomicLong();
    private final AtomicLong appendedBytes = new AtomicLong();
    private final AtomicLong backPressuredCount = new AtomicLong();
    private volatile @Nullable Segment active;
    /** How batches are compressed and encrypted; null for the plain way. */
    private final @Nullable BatchEncoder encoder;

    private final int overheadMax;

    // Syncer
    private final AtomicLong syncedOffset = new AtomicLong();
    private final AtomicLong syncedBytes = new AtomicLong();
    private final long openedAtOffset;
    private long syncFromBase;
    private long lastSyncNs = Long.MIN_VALUE / 2;
    private boolean markUnflushed;
    private int aheadBytes = AHEAD_BYTES_MIN;
    private @Nullable Segment prepared;
    private int preparedTo;
    private volatile long syncCount;
    private volatile long syncNsTotal;
    private volatile long syncNsMax;
    private volatile long slowSyncCount;
    private final long truncatedBytes;
    private volatile boolean failed;
    private volatile @Nullable HailstormException stopped;

    EmbeddedPartition(
            PartitionRecovery.Recovered recovered, StreamConfig config, Disk disk, TimeSource time, Path directory) {
        stream = recovered.stream();
        partition = recovered.partition();
        chain = recovered.chain();
        producers = recovered.producers();
        groups = recovered.groups();
        this.config = config;
        this.disk = disk;
        this.time = time;
        this.directory = directory;
        next = new NextSegment(disk, directory, config.segmentBytes());
        retention = new Retention(chain, config, disk, time, directory, holds, this::neededFrom);
        openedAtOffset = recovered.endOffset();
        groups.cutTo(openedAtOffset);
        truncatedBytes = recovered.report().truncatedBytes();
        endOffset.set(openedAtOffset);
        syncedOffset.set(openedAtOffset);
        Segment[] segments = chain.segments();
        checkpoints = new Checkpoints(disk, directory, config.segmentBytes(), producers, segments, openedAtOffset);
        if (segments.length > 0) {
            Segment last = segments[segments.length - 1];
            active = last;
            syncFromBase = last.baseOffset;
        }
        boolean encrypts = !chain.keyset().isEmpty();
        encoder = encrypts || config.compression() != Compression.NONE ? new BatchEncoder(config.compression()) : null;
        overheadMax = encrypts ? BatchEncoder.ENCRYPTED_OVERHEAD_MAX : 0;
        Segment resumed = active;
        if (resumed != null) {
            resumed.resumeWith(encoder, chain.keyset());
        }
    }

    @Override
    public StreamName stream() {
        return stream;
    }

    @Override
    public int partition() {
        return partition;
    }

    @Override
    public long append(RecordBatch batch) {
        Invariants.require(!batch.isEmpty(), "append of an empty batch");
        failIfStopped();
        long verdict = producers.check(
                batch.producerId(), batch.producerEpoch(), batch.baseSeq(), batch.count(), batch.hlcFirst());
        if (verdict != ProducerTable.ACCEPTED) {
            return verdict;
        }
        Segment segment = room(BatchDescriptor.HEADER_LENGTH + batch.length() + overheadMax);
        if (segment == null) {
            return BACK_PRESSURED;
        }
        long offset = endOffset.getPlain();
        int stored = segment.append(batch, offset, (int) (offset - syncedOffset.getAcquire()));
        producers.onBatch(
                batch.producerId(), batch.producerEpoch(), batch.baseSeq(), batch.count(), offset, batch.hlcFirst());
        appended(stored, offset + batch.count());
        return offset;
    }

    /**
     * Appends a batch of another log, the next after those that are here, as it is: nobody judges its producer, but it is
     * remembered. Writer thread only.
     *
     * @return its offset, or {@link #BACK_PRESSURED}
     */
    long appendCopy(CopiedBatch batch) {
        failIfStopped();
        long offset = endOffset.getPlain();
        Invariants.require(batch.baseOffset() == offset, "a copy goes on at %d, not at %d", offset, batch.baseOffset());
        Segment segment = room(BatchDescriptor.HEADER_LENGTH + batch.recordsLength() + overheadMax);
        if (segment == null) {
            return BACK_PRESSURED;
        }
        int stored = segment.appendCopy(batch, (int) (offset - syncedOffset.getAcquire()));
        producers.onCopy(batch);
        appended(stored, offset + batch.count());
        return offset;
    }

    /** The segment that takes a batch; null when it must wait. */
    private @Nullable Segment room(int length) {
        long backlog = appendedBytes.getPlain() - syncedBytes.getAcquire();
        Segment segment = active;
        if (backlog > 0 && backlog + length > config.backlogBytesMax()) {
            segment = null;
        } else if (segment == null || !segment.fits(length)) {
            segment = roll(length, segment == null);
        }
        if (segment == null) {
            backPressuredCount.setRelease(backPressuredCount.getPlain() + 1);
        }
        return segment;
    }

    private void appended(int stored, long end) {
        appendedBytes.setRelease(appendedBytes.getPlain() + stored);
        endOffset.setRelease(end); // last: what is below it is whole
    }

    /** Makes the prepared file the active segment; null when it is not ready. */
    private @Nullable Segment roll(int length, boolean first) {
        if (length > config.segmentBytes() - SegmentDescriptor.HEADER_LENGTH) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "batch too large: bytes=" + length + ", segment=" + config.segmentBytes() + " for " + stream);
        }
        if (first) {
            disk.createDirectories(directory);
        }
        MappedFile file = first ? next.createNow() : next.take();
        if (file == null) {
            return null;
        }
        long baseOffset = endOffset.getPlain();
        Path path = directory.resolve(SegmentDescriptor.fileName(baseOffset));
        SegmentDescriptor.writeHeader(file.buffer(), stream, partition, baseOffset, chain.keyset(), 0);
        disk.rename(next.path(), path);
        if (!first) {
            next.released();
        }
        Segment segment = new Segment(path, baseOffset, file);
        chain.add(segment);
        segment.encodeWith(encoder);
        active = segment;
        return segment;
    }

    private void failIfStopped() {
        HailstormException cause = stopped;
        if (cause != null) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    "log stopped: " + stream + "/" + partition + ": " + cause.getMessage(),
                    cause);
        }
    }

    @Override
    public long startOffset() {
        return chain.startOffset();
    }

    @Override
    public long endOffset() {
        return endOffset.getAcquire();
    }

    @Override
    public long durableOffset() {
        return config.ackLevel() == AckLevel.MEMORY ? endOffset.getAcquire() : syncedOffset.getAcquire();
    }

    @Override
    public long awaitDurable(long offset, long timeoutNs) {
        return waiters.await(this::durableUnlessStopped, offset, timeoutNs);
    }

    private long durableUnlessStopped() {
        failIfStopped();
        return durableOffset();
    }

    DurableWaiters waiters() {
        return waiters;
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return chain.read(fromOffset, durableOffset(), maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return chain.offsetAtOrAfter(hlc, durableOffset());
    }

    @Override
    public boolean commit(String group, long nextOffset, long generation) {
        return groups.commit(group, nextOffset, generation);
    }

    @Override
    public long join(String group, long firstOffset) {
        return groups.join(group, firstOffset);
    }

    @Override
    public long reset(String group, long nextOffset) {
        return groups.reset(group, nextOffset);
    }

    @Override
    public long nextSeq(long producerId) {
        return producers.nextSeq(producerId);
    }

    @Override
    public long committed(String group) {
        return groups.committed(group);
    }

    @Override
    public List<GroupPosition> groups() {
        return groups.positions();
    }

    @Override
    public long generation(String group) {
        return groups.generation(group);
    }

    SegmentChain chain() {
        return chain;
    }

    /** Every record below this offset is on the disk, whatever the stream's acknowledgement level. Any thread. */
    long syncedOffset() {
        return syncedOffset.getAcquire();
    }

    /** Syncer only. */
    int doWork(long nowNs) {
        failIfStopped();
        try {
            Segment current = active;
            boolean halfFull = current != null && current.endPosition() > config.segmentBytes() / 2;
            int synced = sync(nowNs, false);
            waiters.onDurable(durableOffset());
            return synced
                    + next.doWork(nowNs, halfFull, aheadBytes)
                    + prepareWrites(current)
                    + retention.deleteExpired(nowNs);
        } catch (HailstormException e) {
            throw stop(e);
        }
    }

    private HailstormException stop(HailstormException cause) {
        failed = true;
        stopped = cause;
        waiters.wake();
        return cause;
    }

    /** Makes everything appended durable at once. Syncer only. */
    void syncNow(long nowNs) {
        failIfStopped();
        try {
            sync(nowNs, true);
        } catch (HailstormException e) {
            throw stop(e);
        }
    }

    /** Until the next commit is due; for ever while nothing waits for one. Syncer only. */
    long untilCommitNs(long nowNs) {
        return endOffset.getAcquire() != syncedOffset.getPlain()
                ? lastSyncNs + config.commitIntervalNs() - nowNs
                : Long.MAX_VALUE;
    }

    private int sync(long nowNs, boolean now) {
        long bytes = appendedBytes.getAcquire();
        long end = endOffset.getAcquire();
        if (end == syncedOffset.getPlain()) {
            return flushMark(nowNs, now);
        }
        boolean due = nowNs - lastSyncNs >= config.commitIntervalNs()
                || bytes - syncedBytes.getPlain() >= config.commitBytes();
        if (!due && !now) {
            return 0;
        }
        lastSyncNs = nowNs;
        Segment[] segments = chain.segments();
        int from = SegmentChain.find(segments, syncFromBase);
        int last = SegmentChain.find(segments, end - 1);
        long startedNs = time.monotonicNs();
        for (int i = Math.max(0, from); i <= last; i++) {
            syncSegment(segments[i]);
        }
        countSync(time.monotonicNs() - startedNs);
        SegmentDescriptor.writeMark(segments[last].buffer, end);
        markUnflushed = true;
        syncFromBase = segments[last].baseOffset;
        long commitBytes = bytes - syncedBytes.getPlain();
        long wanted = Math.max(AHEAD_COMMITS * commitBytes, aheadBytes - aheadBytes / AHEAD_COMMITS);
        aheadBytes = Math.clamp(wanted & -Disk.PAGE_BYTES, AHEAD_BYTES_MIN, AHEAD_BYTES_MAX);
        syncedBytes.setRelease(bytes);
        syncedOffset.setRelease(end);
        for (int i = Math.max(0, from); i < last; i++) {
            long segmentEnd = segments[i + 1].baseOffset;
            checkpoints.advance(segments[i], segmentEnd);
            seal(segments[i], segmentEnd);
        }
        checkpoints.advance(segments[last], end);
        return 1;
    }

    /** Makes pages ready ahead of the writer, and not many more: a slow stream must not write zeros for nothing. */
    private int prepareWrites(@Nullable Segment current) {
        if (current == null) {
            return 0;
        }
        int end = current.endPosition() & -Disk.PAGE_BYTES;
        preparedTo = current == prepared ? Math.max(preparedTo, end) : end;
        prepared = current;
        int goal = (int) Math.min(current.file.lengthBytes(), (long) end + aheadBytes);
        if (goal - preparedTo < Math.min(AHEAD_BYTES_MIN, aheadBytes) / 2) {
            return 0;
        }
        int length = Math.min(goal - preparedTo, PREPARE_STEP_BYTES);
        current.file.prepareWrites(preparedTo, length);
        preparedTo += length;
        return 1;
    }

    private void syncSegment(Segment segment) {
        if (!segment.nameSynced) {
            disk.syncDirectory(directory);
            segment.nameSynced = true;
        }
        // From the header on: the previous mark becomes durable in the same sync.
        segment.file.force(0, segment.endPosition());
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts; the others only read
    private void countSync(long tookNs) {
        syncCount++;
        syncNsTotal += tookNs;
        syncNsMax = Math.max(syncNsMax, tookNs);
        if (tookNs > LogFaults.SLOW_SYNC_NS) {
            slowSyncCount++;
        }
    }

    static void seal(Segment segment, long endOffset) {
        SegmentDescriptor.writeMark(segment.buffer, endOffset);
        SegmentDescriptor.writeSeal(segment.buffer, endOffset, segment.hlcMax(), segment.endPosition());
        segment.file.force(0, SegmentDescriptor.HEADER_LENGTH);
    }

    /** Once traffic pauses, the last mark is made durable too. */
    private int flushMark(long nowNs, boolean now) {
        Segment current = active;
        if (!markUnflushed || current == null || (!now && nowNs - lastSyncNs < MARK_FLUSH_NS)) {
            return 0;
        }
        current.file.force(0, SegmentDescriptor.HEADER_LENGTH);
        markUnflushed = false;
        return 1;
    }

    /** Groups and the checkpoint need everything from here on. */
    private long neededFrom() {
        return Math.min(checkpoints.writtenSegmentBaseOffset(), groups.slowest());
    }

    RetentionHold hold(String name, long offset) {
        return holds.hold(name, offset);
    }

    /** Maintenance thread only. */
    int writeCheckpoint() {
        return stopped == null ? checkpoints.writePending() : 0;
    }

    /** Maintenance thread only. */
    int compact() {
        return stopped == null ? retention.compact() : 0;
    }

    CompactionReport compactNow(boolean dryRun) {
        return retention.compactNow(dryRun);
    }

    LogStats stats() {
        long segmentCount = chain.segments().length;
        return new LogStats(
                endOffset.getAcquire() - openedAtOffset,
                appendedBytes.getAcquire(),
                syncCount,
                syncNsTotal,
                syncNsMax,
                appendedBytes.getAcquire() - syncedBytes.getAcquire(),
                backPressuredCount.getAcquire(),
                segmentCount,
                chain.fileBytes(),
                retention.deletedSegmentCount(),
                new LogFaults(
                        next.refusedCount(),
                        slowSyncCount,
                        failed ? 1 : 0,
                        chain.corruptReadCount(),
                        chain.gapRecordCount(),
                        truncatedBytes,
                        producers.expiredCount(),
                        retention.clockBackCount()));
    }

    /** Syncs everything, unless the log has stopped on a failure; unmaps. */
    void close() {
        try {
            if (stopped == null) {
                sync(time.monotonicNs(), true);
                flushMark(time.monotonicNs(), true);
                Segment last = active;
                if (last != null) {
                    checkpoints.writeClean(last);
                }
                next.close();
            }
        } finally {
            stopped = new HailstormException(ErrorCode.UNAVAILABLE, "the log is closed");
            waiters.wake();
            retention.close();
            chain.closeAll();
            groups.close();
            if (encoder != null) {
                encoder.close();
            }
        }
    }
}
