package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Deletes a partition's oldest segments, by age and by size, and compacts those that stay. Never past what a group has yet
 * to read, what somebody holds, or what the checkpoint needs. {@link #deleteExpired} on the syncer's thread, compaction on
 * one of its own; they exclude each other by the lock of {@link PartitionHolds}, for which the syncer does not wait.
 */
final class Retention {
    private static final long INTERVAL_NS = 1_000_000_000;

    private final SegmentChain chain;
    private final StreamConfig config;
    private final Disk disk;
    private final TimeSource time;
    private final Path directory;
    private final PartitionHolds holds;
    private final LongSupplier bound;
    private final Compactor compactor;
    private long lastNs = Long.MIN_VALUE / 2;
    private long lastEpochMs = Long.MIN_VALUE;
    private volatile long clockBackCount;
    private volatile long deletedSegmentCount;

    /** @param needed asked for the offset from which on groups and the checkpoint need everything as it is */
    Retention(
            SegmentChain chain,
            StreamConfig config,
            Disk disk,
            TimeSource time,
            Path directory,
            PartitionHolds holds,
            LongSupplier needed) {
        this.chain = chain;
        this.config = config;
        this.disk = disk;
        this.time = time;
        this.directory = directory;
        this.holds = holds;
        bound = () -> Math.min(needed.getAsLong(), holds.lowest());
        compactor = new Compactor(chain, config, disk, time, directory, holds, bound, false, false);
    }

    long deletedSegmentCount() {
        return deletedSegmentCount;
    }

    /** How often the clock was seen to run back. */
    long clockBackCount() {
        return clockBackCount;
    }

    int deleteExpired(long nowNs) {
        if (nowNs - lastNs < INTERVAL_NS || !holds.lock.tryLock()) {
            return 0;
        }
        try {
            lastNs = nowNs;
            noticeClock();
            int deleted = 0;
            while (isFirstExpired()) {
                Segment first = chain.removeFirst();
                disk.delete(first.path);
                // One by one, so that a crash can only leave a contiguous rest.
                disk.syncDirectory(directory);
                first.release();
                deleted++;
            }
            count(deleted);
            return deleted;
        } finally {
            holds.lock.unlock();
        }
    }

    /** Ages shrink when the clock runs back, so retention merely waits; but somebody should know. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts; the others only read
    private void noticeClock() {
        long nowMs = time.epochMs();
        if (nowMs < lastEpochMs) {
            clockBackCount++;
        }
        lastEpochMs = nowMs;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts; the others only read
    private void count(int deleted) {
        if (deleted > 0) {
            deletedSegmentCount += deleted;
        }
    }

    private boolean isFirstExpired() {
        Segment[] segments = chain.segments();
        if (segments.length < 2 || segments[1].baseOffset > bound.getAsLong()) {
            return false;
        }
        return chain.fileBytes() > config.retentionBytes() || isTooOld(segments[0]);
    }

    private boolean isTooOld(Segment segment) {
        return config.retentionMs() != StreamConfig.UNLIMITED
                && time.epochMs() - HybridLogicalClock.epochMs(segment.hlcMax()) > config.retentionMs();
    }

    /** A step of compaction; the maintenance thread. */
    int compact() {
        return compactor.step();
    }

    /** One whole pass at once, in the caller's thread, while nobody else compacts. */
    CompactionReport compactNow(boolean dryRun) {
        StreamConfig now = config.withCompaction(config.compaction(), 0);
        Compactor once = new Compactor(chain, now, disk, time, directory, holds, bound, true, dryRun);
        try {
            while (once.step() > 0) {
                Thread.onSpinWait();
            }
            return once.report();
        } finally {
            once.close();
        }
    }

    /** After the threads were stopped. */
    void close() {
        compactor.close();
    }
}
