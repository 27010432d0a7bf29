package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordHandler;

/** Where the projection stands in one partition of one stream. One thread at a time. */
final class LogTail {
    private final PartitionLog log;
    private final int batchMax;
    private long nextOffset;
    private long lastHlc;
    private long skippedCount;

    /** @param batchMax records a call, which bounds how long a call takes */
    LogTail(PartitionLog log, long fromOffset, int batchMax) {
        this.log = log;
        this.batchMax = batchMax;
        nextOffset = fromOffset;
    }

    /** Reads on; records that retention took before they were read are skipped and counted. */
    int read(RecordHandler handler) {
        long from = nextOffset;
        try {
            nextOffset = log.read(from, batchMax, handler);
            return (int) (nextOffset - from);
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.OUT_OF_RANGE || log.startOffset() <= from) {
                throw e;
            }
            nextOffset = log.startOffset();
            skippedCount += nextOffset - from;
            return 0;
        }
    }

    void onRead(long hlc) {
        lastHlc = hlc;
    }

    PartitionLog log() {
        return log;
    }

    long nextOffset() {
        return nextOffset;
    }

    long skippedCount() {
        return skippedCount;
    }

    long lagRecords() {
        return Math.max(0, log.endOffset() - nextOffset);
    }

    /** How far the last record read lies behind the clock; 0 when all is read or nothing was. */
    long lagMs(long nowMs) {
        return lagRecords() == 0 || lastHlc == 0 ? 0 : Math.max(0, nowMs - HybridLogicalClock.epochMs(lastHlc));
    }
}
