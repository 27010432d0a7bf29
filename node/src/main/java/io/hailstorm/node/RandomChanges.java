package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Asks for changes of ownership at random: mostly that a few cells move, now and then that a partition is split, or merged into another.
 * What is asked depends on the seed, the change's number, the map and the cell to begin at. One thread.
 */
final class RandomChanges {
    private static final int NEIGHBOURS = 7;
    private static final int KINDS = 10;
    private static final int MOVES = 7;
    private static final int MOVES_AND_SPLITS = 9;

    private static final int STREAM_KIND = 301;
    private static final int STREAM_SIZE = 302;
    private static final int STREAM_TARGET = 303;

    private final MoveDesk desk;
    private final Cells cells;
    private final long seed;
    private final int cellsMax;

    /** @param cellsMax cells that move at a time */
    RandomChanges(MoveDesk desk, Cells cells, long seed, int cellsMax) {
        this.desk = desk;
        this.cells = cells;
        this.seed = seed;
        this.cellsMax = cellsMax;
    }

    /** Asks for something about a cell, or its partition; empty when there is nothing to ask for. */
    Optional<AskedChange> ask(String id, long number, long cell, long nowNs) {
        PartitionMap map = desk.map();
        int source = map.partitionOf(cell);
        if (map.partitionCount() < 2 || source == PartitionMap.NO_PARTITION) {
            return Optional.empty();
        }
        AskedChange asked = new AskedChange(id, nowNs);
        int other = CounterRandom.below(map.partitionCount() - 1, seed, number, 0, STREAM_TARGET);
        int target = other < source ? other : other + 1;
        int kind = CounterRandom.below(KINDS, seed, number, 0, STREAM_KIND);
        if (kind < MOVES) {
            int size = 1 + CounterRandom.below(cellsMax, seed, number, 0, STREAM_SIZE);
            desk.move(id, connected(map, cell, size), target, asked);
        } else if (kind < MOVES_AND_SPLITS) {
            desk.split(id, source, asked);
        } else {
            desk.merge(id, source, target, asked);
        }
        return Optional.of(asked);
    }

    /** The cell and cells around it that the same partition owns, nearest first. */
    private Set<Long> connected(PartitionMap map, long first, int size) {
        Set<Long> range = new TreeSet<>(Set.of(first));
        ArrayDeque<Long> edge = new ArrayDeque<>(range);
        long[] around = new long[NEIGHBOURS];
        while (!edge.isEmpty()) {
            int count = cells.gridDisk(edge.pollFirst(), 1, around);
            for (int i = 0; i < count; i++) {
                if (range.size() == size) {
                    return range;
                }
                if (map.partitionOf(around[i]) == map.partitionOf(first) && range.add(around[i])) {
                    edge.addLast(around[i]);
                }
            }
        }
        return range;
    }
}
