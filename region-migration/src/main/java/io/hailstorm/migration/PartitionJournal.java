package io.hailstorm.migration;

/** The {@code fixes} streams of the partitions on this node, as a range move sees them. Writer thread. */
public interface PartitionJournal {
    /** Appends a record to a partition's fixes, in order with the fixes; tells the {@link RangeGuard} before returning. */
    long append(int partition, RangeRecord record);

    /** Every record of the partition below this survives a crash. */
    long durableOffset(int partition);

    /**
     * Looks for the first durable record equal to {@code record} in kind, migration and epoch.
     *
     * @return its offset, or {@link RangeEntry#NULL_OFFSET}
     */
    long find(int partition, long fromOffset, RangeRecord record);
}
