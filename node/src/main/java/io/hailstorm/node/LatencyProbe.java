package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;

/**
 * Measures {@link PipelineLatency}, a sample a turn of the region agent: the arrival of the turn's first message stands for
 * all fixes the turn appended, and the sample is done when the last of them is durable, or read into the index, as seen at
 * the end of a turn. So every figure errs to the slow side, and a fix costs nothing. Samples wait in a ring made once; when
 * it is full a turn's fixes join the sample before. One owner thread.
 */
final class LatencyProbe {
    static final int CAPACITY = 1024;

    private final Log log;
    private final TimeSource wall;
    private final PipelineLatency latency;
    private final int partitionCount;
    private final long[] arrivalsNs = new long[CAPACITY];
    private final long[] counts = new long[CAPACITY];
    /** Of {@link #counts}, what was not yet seen durable. */
    private final long[] undurableCounts = new long[CAPACITY];
    /** The ends of {@code fixes} after a sample's turn, partition by partition. */
    private final long[] ends;

    private long nextIndexed;
    private long nextDurable;
    private long tail;

    /** @param wall real time, the one arrivals are stamped by */
    LatencyProbe(Log log, TimeSource wall, PipelineLatency latency) {
        this.log = log;
        this.wall = wall;
        this.latency = latency;
        partitionCount = log.partitionCount();
        ends = new long[CAPACITY * partitionCount];
    }

    /** A turn appended so many fixes, the first of which had come at this time. */
    void appended(long firstArrivalNs, int count) {
        boolean joins = tail - nextIndexed == CAPACITY;
        int at = slot(joins ? tail - 1 : tail);
        if (joins) {
            counts[at] += count;
            undurableCounts[at] += count;
            nextDurable = Math.min(nextDurable, tail - 1);
        } else {
            arrivalsNs[at] = firstArrivalNs;
            counts[at] = count;
            undurableCounts[at] = count;
            tail++;
        }
        for (int partition = 0; partition < partitionCount; partition++) {
            ends[at * partitionCount + partition] =
                    log.partition(StreamName.FIXES, partition).endOffset();
        }
    }

    /** Records every sample that is done; the index has read {@code fixes} below these offsets. */
    void observe(long[] indexedOffsets) {
        if (nextIndexed == tail) {
            return;
        }
        long nowNs = wall.monotonicNs();
        while (nextDurable < tail && isDurable(slot(nextDurable))) {
            int at = slot(nextDurable++);
            latency.durable(nowNs - arrivalsNs[at], undurableCounts[at]);
            undurableCounts[at] = 0;
        }
        while (nextIndexed < nextDurable && isIndexed(slot(nextIndexed), indexedOffsets)) {
            int at = slot(nextIndexed++);
            latency.indexed(nowNs - arrivalsNs[at], counts[at]);
        }
    }

    private boolean isDurable(int at) {
        for (int partition = 0; partition < partitionCount; partition++) {
            if (log.partition(StreamName.FIXES, partition).durableOffset() < ends[at * partitionCount + partition]) {
                return false;
            }
        }
        return true;
    }

    private boolean isIndexed(int at, long[] indexedOffsets) {
        for (int partition = 0; partition < partitionCount; partition++) {
            if (indexedOffsets[partition] < ends[at * partitionCount + partition]) {
                return false;
            }
        }
        return true;
    }

    private static int slot(long sample) {
        return (int) sample & (CAPACITY - 1);
    }
}
