package io.hailstorm.log;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What one partition of the Kafka engine counts: appends by its writer, everything else under the log's lock. Any thread
 * reads.
 */
final class KafkaPartitionCounters {
    private final AtomicLong appendedRecordCount = new AtomicLong();
    private final AtomicLong appendedBytes = new AtomicLong();
    private final AtomicLong backPressuredCount = new AtomicLong();
    private volatile long readBackCount;
    private volatile long readBackNsTotal;
    private volatile long readBackNsMax;
    private volatile long voidCount;

    /** Writer only. */
    void onAppended(int recordCount, int bytes) {
        appendedRecordCount.setRelease(appendedRecordCount.getPlain() + recordCount);
        appendedBytes.setRelease(appendedBytes.getPlain() + bytes);
    }

    /** Writer only. */
    void onBackPressured() {
        backPressuredCount.setRelease(backPressuredCount.getPlain() + 1);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the log's lock; others only read
    void onReadBack(long tookNs) {
        readBackCount++;
        readBackNsTotal += tookNs;
        readBackNsMax = Math.max(readBackNsMax, tookNs);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // counted under the log's lock; others only read
    void onVoid() {
        voidCount++;
    }

    /** Frames that were judged void. */
    long voidCount() {
        return voidCount;
    }

    /** With what the tenure and the cache know. */
    LogStats stats(int backlogBytes, LogStats cached) {
        return new LogStats(
                appendedRecordCount.getAcquire(),
                appendedBytes.getAcquire(),
                readBackCount,
                readBackNsTotal,
                readBackNsMax,
                backlogBytes,
                backPressuredCount.getAcquire(),
                cached.segmentCount(),
                cached.segmentBytes(),
                cached.deletedSegmentCount(),
                cached.faults());
    }
}
