package io.hailstorm.log;

/**
 * One totally ordered sequence of records with exactly one writer thread. Offsets are zero-based and
 * consecutive.
 */
public interface PartitionLog extends PartitionReader {
    /** {@link #append} refused: a newer producer epoch was seen; the caller is a zombie and must stop. */
    long FENCED = -1;
    /** {@link #append} did nothing: the batch is one of the producer's last five. */
    long DUPLICATE = -2;
    /** {@link #append} refused: the batch's first sequence number leaves a gap after the producer's last. */
    long OUT_OF_ORDER = -3;
    /**
     * {@link #append} refused: the unsynced backlog is at its bound, or the next segment is not ready; call again after
     * {@link Log#doWork} ran.
     */
    long BACK_PRESSURED = -4;

    /**
     * Appends a batch atomically: all its records become visible or none. Writer thread only. Steady state: no
     * allocation, no waiting for the disk.
     *
     * @return offset of the first record, or one of the negative sentinels above
     * @throws io.hailstorm.kernel.HailstormException {@code UNAVAILABLE} after a failed sync (fail-stop),
     *     {@code RESOURCE_EXHAUSTED} when the disk is full (append again once space was made), {@code INVALID_ARGUMENT}
     *     for a batch no segment can hold; nothing of the batch is kept
     */
    long append(RecordBatch batch);

    /** Offset the next record will get. Any thread. */
    long endOffset();

    /**
     * Stores a consumer group's position; the commit is durable when this returns (one fsync). A lower generation than
     * the group's last is fenced. Any thread.
     *
     * @return false when fenced
     * @throws io.hailstorm.kernel.HailstormException {@code INVALID_ARGUMENT} for a group name that is empty or longer
     *     than 80 bytes, {@code RESOURCE_EXHAUSTED} beyond 120 groups
     */
    boolean commit(String group, long nextOffset, long generation);
}
