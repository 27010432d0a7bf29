package io.hailstorm.node;

import java.util.Map;

/**
 * The log a chaos run writes to: one producer a partition, the producer's number the partition's, its records numbered
 * from 0 and made by {@link ChaosRecords}. Threads: all methods but {@link #work} from the run's thread; {@code work} from
 * one other.
 */
interface ChaosTarget extends AutoCloseable {
    int partitionCount();

    /** The Kafka topic whose partitions are these, in the same numbers. */
    String topic();

    /** Appends records {@code [baseSeq, baseSeq + count)} of a partition; false when they must wait. Does not block. */
    boolean offer(int partition, long baseSeq, int count);

    /** Records of a partition below this number are acknowledged. */
    long acked(int partition);

    /** What else this target counts, by name; after the run. */
    Map<String, Long> counts();

    /** Does background work; 0 lets the caller back off. */
    int work();

    /**
     * Reads everything that a newcomer without any state can read, in the order of each partition.
     *
     * @param acked how many records of each partition there must be; reading ends early only when no more come
     */
    void readBack(long[] acked, ChaosRecords check);

    @Override
    void close();
}
