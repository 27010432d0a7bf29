package io.hailstorm.matching;

import java.util.Arrays;

/** First come, first served: each rider, longest waiting first, takes the driver who arrives soonest; ties by edge. */
final class FirstComePolicy implements MatchingPolicy {
    private boolean[] taken = new boolean[0];

    @Override
    public String name() {
        return "fcfs";
    }

    @Override
    public boolean choose(RoundProblem problem, int[] edgeOfRider) {
        taken = taken.length < problem.driverCount ? new boolean[2 * problem.driverCount] : taken;
        Arrays.fill(taken, 0, problem.driverCount, false);
        for (int r = 0; r < problem.riderCount; r++) {
            int best = RoundProblem.NO_EDGE;
            for (int e = problem.edgeStart[r]; e < problem.edgeStart[r + 1]; e++) {
                if (!taken[problem.edgeDriver[e]]
                        && (best == RoundProblem.NO_EDGE || problem.edgeEtaMs[e] < problem.edgeEtaMs[best])) {
                    best = e;
                }
            }
            edgeOfRider[r] = best;
            if (best != RoundProblem.NO_EDGE) {
                taken[problem.edgeDriver[best]] = true;
            }
        }
        return true;
    }
}
