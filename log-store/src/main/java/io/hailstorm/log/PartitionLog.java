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
    /** {@link #nextSeq}: nothing of this producer is remembered. */
    long UNKNOWN_PRODUCER = -1;

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
     * As {@link #read}, and beyond what is durable, up to {@link #endOffset}: what a crash may take back. Nothing may act on it; it is
     * here to show that {@link io.hailstorm.kernel.Safeguard#COPY_DURABLE} is needed. Where nobody else has a copy that would survive,
     * it gives the durable ones.
     */
    default long readAppended(long fromOffset, int maxRecords, RecordHandler handler) {
        return read(fromOffset, maxRecords, handler);
    }

    /**
     * Stores a consumer group's position; the commit is durable when this returns (one fsync). A lower generation than
     * the group's last is fenced. Any thread.
     *
     * @return false when fenced
     * @throws io.hailstorm.kernel.HailstormException {@code INVALID_ARGUMENT} for a group name that is empty or longer
     *     than 80 bytes, {@code RESOURCE_EXHAUSTED} beyond 120 groups
     */
    boolean commit(String group, long nextOffset, long generation);

    /**
     * Begins the group's next generation, durably and atomically: from here on commits of every earlier generation are
     * refused. The group's position stays what it was. Any thread.
     *
     * @param firstOffset the position of a group that has none yet
     * @return the new generation
     * @throws io.hailstorm.kernel.HailstormException as {@link #commit}
     */
    long join(String group, long firstOffset);

    /**
     * Moves a group elsewhere: as {@link #join}, and the position becomes {@code nextOffset}. A running member is fenced,
     * and goes on from there when it joins again. Any thread.
     *
     * @return the new generation
     */
    long reset(String group, long nextOffset);

    /**
     * The number an idempotent producer's next record must have, or {@link #UNKNOWN_PRODUCER}. What a producer that lost
     * its state resumes from. Writer thread only.
     */
    long nextSeq(long producerId);
}
