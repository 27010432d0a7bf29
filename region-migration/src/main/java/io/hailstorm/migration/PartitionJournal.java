package io.hailstorm.migration;

/**
 * The {@code fixes} streams of all partitions, as a range move sees them from one node: those it serves it writes, of the others it
 * has a copy. Writer thread.
 */
public interface PartitionJournal {
    /** Whether this node writes the partition, and has read everything durable in it. May change between turns. */
    boolean serves(int partition);

    /**
     * Appends a record to the fixes of a partition served here, in order with the fixes; tells the {@link RangeGuard} before
     * returning.
     *
     * @return its offset; {@link RangeEntry#NULL_OFFSET} when the log takes nothing just now
     */
    long append(int partition, RangeRecord record);

    /** Every record of the partition below this survives a crash, and can be read here. */
    long durableOffset(int partition);

    /** The offset the next record will get, as far as this node knows. */
    long endOffset(int partition);

    /** Where a copy of a range of this partition that begins now should begin: nothing before matters any more. */
    long copyOffset(int partition);
}
