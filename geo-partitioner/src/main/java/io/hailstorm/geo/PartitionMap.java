package io.hailstorm.geo;

import java.util.Map;
import java.util.Set;

/**
 * Which partition owns which routing cell: immutable, versioned by {@link #epoch}. Changes only through the
 * control stream, which yields a new map. Look-ups allocate nothing and are safe from any thread.
 */
public interface PartitionMap {
    /** The cell belongs to no partition of this region. */
    int NO_PARTITION = -1;

    /** Grows with every change of ownership. */
    long epoch();

    int partitionCount();

    /** Owner of a cell of any resolution at or below routing; {@link #NO_PARTITION} when outside the region. */
    int partitionOf(long cell);

    /** Routing cells a partition owns. */
    Set<Long> cellsOf(int partition);

    /** All routing cells of the region. */
    Set<Long> cells();

    /** A map with these owners; every key is a routing cell, every value in {@code [0, partitionCount)}. */
    static PartitionMap of(long epoch, int partitionCount, Map<Long, Integer> ownerByCell) {
        return HashedPartitionMap.of(epoch, partitionCount, ownerByCell);
    }

    /** The map after some cells moved; {@code epoch} must be greater than this one's. */
    PartitionMap withOwner(Set<Long> movedCells, int partition, long epoch);
}
