package io.hailstorm.migration;

import java.util.NavigableSet;

/**
 * A range move between two partitions; made by {@link OwnershipTable#plan}.
 *
 * @param migrationId unique for ever
 * @param cells routing cells, all owned by the source at the same epoch
 * @param epoch of the range before the move
 */
public record MovePlan(
        String migrationId, NavigableSet<Long> cells, int sourcePartition, int targetPartition, long epoch) {
    public MovePlan {
        cells = ControlRecord.sorted(cells);
    }
}
