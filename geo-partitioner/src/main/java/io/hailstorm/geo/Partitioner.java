package io.hailstorm.geo;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongToDoubleFunction;

/**
 * Cuts routing cells into partitions that are contiguous and carry about equal weight.
 *
 * <p>Recursive bisection: sweep a line across the area from several directions, growing one side cell by cell
 * and never through a gap, until it holds its share; keep the cut that is balanced best, then shortest. Then
 * border cells pass from heavier to lighter neighbours, or change places, as long as that evens the weights and leaves both sides
 * in one piece (after Fiduccia and Mattheyses, 1982). Where the area itself is in several pieces, each is
 * bridged to its nearest neighbour first. Unless the result is good,
 * the same is done from a few slightly turned directions and the best kept. Deterministic: the same cells and weights give the same map.
 */
public final class Partitioner {
    /** The epoch of a map that was cut rather than changed. */
    public static final long FIRST_EPOCH = 1;

    private static final int ATTEMPT_COUNT = 8;
    /** Heaviest partition over the mean: no further attempt below this. */
    private static final double GOOD_IMBALANCE = 1.05;

    private Partitioner() {}

    /**
     * @param routingCells at least {@code partitionCount} different routing cells
     * @param weightPerCell expected load of a cell, not negative; all zero counts as all equal
     * @throws HailstormException {@code INVALID_ARGUMENT} when there are fewer cells than partitions, or a weight
     *     is negative or not finite
     */
    public static PartitionMap balanced(
            Collection<Long> routingCells, LongToDoubleFunction weightPerCell, int partitionCount) {
        CellGraph graph = CellGraph.of(routingCells, weightPerCell);
        if (partitionCount < 1 || graph.size() < partitionCount) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "cannot cut " + graph.size() + " routing cells into " + partitionCount + " partitions");
        }
        int[] owners = bestOfSeveral(graph, partitionCount);
        Map<Long, Integer> ownerByCell = new HashMap<>();
        for (int node = 0; node < graph.size(); node++) {
            ownerByCell.put(graph.cell(node), owners[node]);
        }
        return PartitionMap.of(FIRST_EPOCH, partitionCount, ownerByCell);
    }

    /**
     * Cuts each of several regions by itself: region <i>i</i>, in the order given, gets the partitions from
     * <i>i</i>·{@code partitionCountEach} on.
     *
     * @throws HailstormException as {@link #balanced}, for a region with too few cells
     */
    public static PartitionMap balancedEach(
            List<? extends Collection<Long>> cellsByRegion,
            LongToDoubleFunction weightPerCell,
            int partitionCountEach) {
        Map<Long, Integer> ownerByCell = new HashMap<>();
        for (int region = 0; region < cellsByRegion.size(); region++) {
            PartitionMap own = balanced(cellsByRegion.get(region), weightPerCell, partitionCountEach);
            int first = region * partitionCountEach;
            own.cells().forEach(cell -> ownerByCell.put(cell, first + own.partitionOf(cell)));
        }
        return PartitionMap.of(FIRST_EPOCH, cellsByRegion.size() * partitionCountEach, ownerByCell);
    }

    /** Refinement can end in a corner; sweeping from slightly other directions ends in another. */
    private static int[] bestOfSeveral(CellGraph graph, int partitionCount) {
        int[] best = {};
        double bestImbalance = Double.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPT_COUNT && bestImbalance > GOOD_IMBALANCE; attempt++) {
            Bisection bisection = new Bisection(graph, partitionCount, (double) attempt / ATTEMPT_COUNT);
            int[] owners = bisection.cut();
            if (bisection.imbalance() < bestImbalance) {
                bestImbalance = bisection.imbalance();
                best = owners;
            }
        }
        return best;
    }
}
