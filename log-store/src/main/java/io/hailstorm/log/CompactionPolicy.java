package io.hailstorm.log;

import org.agrona.DirectBuffer;

/**
 * What a stream's records mean to compaction: which of them a later one makes worthless. A pure function of the record;
 * any thread.
 */
@FunctionalInterface
public interface CompactionPolicy {
    /** The record is kept for good, whatever follows it. */
    long KEEP = Long.MIN_VALUE;

    /** The record is worth nothing once its segment is old enough to be compacted. */
    long DROP = Long.MIN_VALUE + 1;

    /** Nothing is compacted. */
    CompactionPolicy NONE = (type, buffer, index, length) -> KEEP;

    /**
     * @param type a {@link io.hailstorm.kernel.RecordType}
     * @return {@link #KEEP}, {@link #DROP}, or the key of which only the latest record is kept
     */
    long keyOf(int type, DirectBuffer buffer, int index, int length);
}
