package io.hailstorm.matching;

import java.util.Arrays;

/**
 * The cheapest pair first, then the cheapest of what is left, by (cost, rider's place in line, edge). A pair dearer than
 * leaving its rider unmatched is not taken.
 */
final class GreedyPolicy implements MatchingPolicy {
    private long[] keys = new long[0];
    private boolean[] taken = new boolean[0];
    private int[] riderOfEdge = new int[0];

    @Override
    public String name() {
        return "greedy";
    }

    @Override
    public boolean choose(RoundProblem problem, int[] edgeOfRider) {
        if (keys.length < problem.edgeCount) {
            keys = new long[2 * problem.edgeCount];
            riderOfEdge = new int[2 * problem.edgeCount];
        }
        taken = taken.length < problem.driverCount ? new boolean[2 * problem.driverCount] : taken;
        Arrays.fill(taken, 0, problem.driverCount, false);
        Arrays.fill(edgeOfRider, 0, problem.riderCount, RoundProblem.NO_EDGE);
        int count = 0;
        for (int r = 0; r < problem.riderCount; r++) {
            for (int e = problem.edgeStart[r]; e < problem.edgeStart[r + 1]; e++) {
                riderOfEdge[e] = r;
                if (problem.edgeCostMs[e] <= problem.unmatchedCostMs[r]) {
                    // Edges are numbered by rider, then by cost and driver: the low half is the tie's order.
                    keys[count++] = ((long) problem.edgeCostMs[e] << 32) | e;
                }
            }
        }
        Arrays.sort(keys, 0, count);
        for (int i = 0; i < count; i++) {
            int edge = (int) keys[i];
            int rider = riderOfEdge[edge];
            if (edgeOfRider[rider] == RoundProblem.NO_EDGE && !taken[problem.edgeDriver[edge]]) {
                taken[problem.edgeDriver[edge]] = true;
                edgeOfRider[rider] = edge;
            }
        }
        return true;
    }
}
