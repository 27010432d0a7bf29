package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;

/**
 * One totally ordered sequence of records with exactly one writer thread. Offsets are zero-based and
 * consecutive. Readers see only the durable prefix, never what a crash could take back.
 */
public interface PartitionLog {
    /** {@link #append} refused: a newer producer epoch was seen; the caller is a zombie and must stop. */
    long FENCED = -1;
    /** {@link #append} did nothing: the batch is one of the producer's last five. */
    long DUPLICATE = -2;
    /** {@link #append} refused: the batch's first sequence number leaves a gap after the producer's last. */
    long OUT_OF_ORDER = -3;
    /** {@link #append} refused: the unsynced backlog is at its bound; call again after the syncer ran. */
    long BACK_PRESSURED = -4;
    /** No such offset. */
    long NULL_OFFSET = -5;

    StreamName stream();

    int partition();

    /**
     * Appends a batch atomically: all its records become visible or none. Writer thread only. Steady state: no
     * allocation.
     *
     * @return offset of the first record, or one of the negative sentinels above
     * @throws io.hailstorm.kernel.HailstormException {@code UNAVAILABLE} after a failed sync (fail-stop),
     *     {@code RESOURCE_EXHAUSTED} when the disk is full; nothing of the batch is kept
     */
    long append(RecordBatch batch);

    /** First offset still retained. Any thread. */
    long startOffset();

    /** Offset the next record will get. Any thread. */
    long endOffset();

    /** Every record below this offset survives a crash, at the stream's acknowledgement level. Any thread. */
    long durableOffset();

    /**
     * Hands durable records from {@code fromOffset} on to the handler, in order, without copying. Any thread,
     * any number of readers.
     *
     * @return the offset to read from next; {@code fromOffset} when there was nothing
     * @throws io.hailstorm.kernel.HailstormException {@code OUT_OF_RANGE} below {@link #startOffset}, {@code DATA_LOSS}
     *     naming file and position where a checksum does not match
     */
    long read(long fromOffset, int maxRecords, RecordHandler handler);

    /** First offset whose record's clock is at or after {@code hlc}; {@link #endOffset} when none. Any thread. */
    long offsetAtOrAfter(long hlc);

    /**
     * Stores a consumer group's position; the commit is durable when this returns. A lower generation than the
     * group's last is fenced.
     *
     * @return false when fenced
     */
    boolean commit(String group, long nextOffset, long generation);

    /** Position last committed by a group; {@link #NULL_OFFSET} when none. */
    long committed(String group);
}
