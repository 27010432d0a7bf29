package io.hailstorm.matching;

import io.hailstorm.kernel.CounterRandom;
import java.util.Arrays;

/** Random rounds, a function of the seed. */
final class Problems {
    /** Default seed of the randomised tests; {@code -Dseed=…} takes another. */
    static final long SEED = Long.getLong("seed", 20_260_101L);

    private Problems() {}

    /** Each pair is an edge with a probability; costs below a bound (small ones make ties), some of them negative. */
    static RoundProblem random(long seed, int riders, int drivers, double density, int costBound, int unmatchedBound) {
        RoundProblem problem = new RoundProblem();
        problem.clear();
        for (int d = 0; d < drivers; d++) {
            problem.addDriver(1000 + d);
        }
        for (int r = 0; r < riders; r++) {
            problem.addRider(CounterRandom.below(unmatchedBound, seed, r, 0, 1));
            long[] edges = new long[drivers];
            int count = 0;
            for (int d = 0; d < drivers; d++) {
                if (CounterRandom.uniform(seed, r, d, 2) < density) {
                    int cost = CounterRandom.below(costBound, seed, r, d, 3) - costBound / 10;
                    edges[count++] = ((long) cost << 32) | d;
                }
            }
            Arrays.sort(edges, 0, count);
            for (int i = 0; i < count; i++) {
                int cost = (int) (edges[i] >> 32);
                problem.addEdge((int) edges[i], cost, Math.max(0, cost));
            }
        }
        return problem;
    }

    /** Riders and drivers on a square, each rider with edges to its K nearest; as matching sees a city. */
    static RoundProblem city(long seed, int riders, int drivers, int k, int sideMeters) {
        RoundProblem problem = new RoundProblem();
        problem.clear();
        for (int d = 0; d < drivers; d++) {
            problem.addDriver(1000 + d);
        }
        DriverOrder order = new DriverOrder(k);
        for (int r = 0; r < riders; r++) {
            problem.addRider(600_000);
            order.reset(k);
            double x = CounterRandom.uniform(seed, r, 0, 4) * sideMeters;
            double y = CounterRandom.uniform(seed, r, 1, 4) * sideMeters;
            for (int d = 0; d < drivers; d++) {
                double dx = x - CounterRandom.uniform(seed, d, 0, 5) * sideMeters;
                double dy = y - CounterRandom.uniform(seed, d, 1, 5) * sideMeters;
                order.offer((int) (Math.sqrt(dx * dx + dy * dy) * 186) + 20_000, d, d);
            }
            for (int i = 0; i < order.count(); i++) {
                problem.addEdge(order.item(i), order.key(i), order.key(i));
            }
        }
        return problem;
    }

    /** Fails unless every rider's edge is its own and no driver serves two. */
    static void requireValid(RoundProblem problem, int[] edgeOfRider) {
        boolean[] taken = new boolean[problem.driverCount];
        for (int r = 0; r < problem.riderCount; r++) {
            int edge = edgeOfRider[r];
            if (edge == RoundProblem.NO_EDGE) {
                continue;
            }
            if (edge < problem.edgeStart[r] || edge >= problem.edgeStart[r + 1]) {
                throw new AssertionError("rider " + r + " has somebody else's edge " + edge);
            }
            if (taken[problem.edgeDriver[edge]]) {
                throw new AssertionError("driver " + problem.edgeDriver[edge] + " serves two riders");
            }
            taken[problem.edgeDriver[edge]] = true;
        }
    }
}
