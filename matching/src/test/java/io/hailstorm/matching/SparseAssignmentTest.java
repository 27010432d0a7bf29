package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The assignment against two that are slow and plain: trying everything, and the dense Hungarian method. */
class SparseAssignmentTest {
    private static final long PLENTY = 100_000_000;

    private final SparseAssignment assignment = new SparseAssignment(PLENTY);

    @Test
    void costsWhatTryingEverythingCosts() {
        for (int i = 0; i < 3000; i++) {
            long seed = Problems.SEED + i;
            int riders = i % 7;
            int drivers = 1 + i / 7 % 6;
            RoundProblem problem = Problems.random(seed, riders, drivers, 0.2 + i % 5 * 0.2, 3 + i % 40, 1 + i % 60);
            assertThat(solve(assignment, problem))
                    .as("seed=%d riders=%d drivers=%d", seed, riders, drivers)
                    .isEqualTo(leastByTrying(problem, 0, new boolean[drivers]));
        }
    }

    @Test
    void costsWhatTheDenseHungarianMethodCosts() {
        for (int i = 0; i < 60; i++) {
            long seed = Problems.SEED + i;
            RoundProblem problem =
                    Problems.random(seed, 20 + i, 70 - i, i % 2 == 0 ? 0.15 : 0.6, i % 3 == 0 ? 20 : 600_000, 900_000);
            assertThat(solve(assignment, problem)).as("seed=%d", seed).isEqualTo(leastByHungarian(problem));
        }
    }

    @Test
    void costsWhatTheDenseHungarianMethodCostsInACityShortOfDrivers() {
        RoundProblem problem = Problems.city(Problems.SEED, 150, 110, 12, 6_000);
        assertThat(solve(assignment, problem)).isEqualTo(leastByHungarian(problem));
    }

    @Test
    void provesItsResultWithinTheBudgetAndSaysSoBeyondIt() {
        RoundProblem problem = Problems.city(Problems.SEED, 300, 300, 8, 10_000);
        int[] chosen = new int[300];
        assertThat(assignment.solve(problem, chosen)).isTrue();
        long least = problem.costMs(chosen);
        assertThat(new SparseAssignment(10).solve(problem, chosen)).isFalse();
        Problems.requireValid(problem, chosen);
        assertThat(problem.costMs(chosen)).isGreaterThan(least);
    }

    @Test
    void auctionsALargeComponentToWithinTheIncrementPerRider() {
        for (int i = 0; i < 5; i++) {
            RoundProblem problem = Problems.city(Problems.SEED + i, 400, 380, 10, 12_000);
            int[] chosen = new int[400];
            assertThat(new SparseAssignment(PLENTY, 100).solve(problem, chosen)).isFalse();
            Problems.requireValid(problem, chosen);
            long least = solve(assignment, problem);
            assertThat(problem.costMs(chosen))
                    .as("seed=%d", Problems.SEED + i)
                    .isBetween(least, least + 400L * SparseAssignment.AUCTION_EPSILON_MS);
        }
    }

    @Test
    void choosesTheSamePairsAgainWhateverWasSolvedBefore() {
        RoundProblem problem = Problems.random(Problems.SEED, 60, 50, 0.3, 10, 12);
        int[] first = new int[60];
        assignment.solve(problem, first);
        assignment.solve(Problems.city(Problems.SEED, 200, 300, 8, 9_000), new int[200]);
        int[] again = new int[60];
        assignment.solve(problem, again);
        assertThat(again).isEqualTo(first);
    }

    @Test
    void leavesARiderWithoutDriversUnmatched() {
        RoundProblem problem = new RoundProblem();
        problem.clear();
        problem.addRider(100);
        int[] chosen = {5};
        assertThat(assignment.solve(problem, chosen)).isTrue();
        assertThat(chosen).containsExactly(RoundProblem.NO_EDGE);
    }

    private static long solve(SparseAssignment assignment, RoundProblem problem) {
        int[] chosen = new int[problem.riderCount];
        assertThat(assignment.solve(problem, chosen)).isTrue();
        Problems.requireValid(problem, chosen);
        return problem.costMs(chosen);
    }

    private static long leastByTrying(RoundProblem problem, int rider, boolean[] taken) {
        if (rider == problem.riderCount) {
            return 0;
        }
        long least = problem.unmatchedCostMs[rider] + leastByTrying(problem, rider + 1, taken);
        for (int e = problem.edgeStart[rider]; e < problem.edgeStart[rider + 1]; e++) {
            int driver = problem.edgeDriver[e];
            if (!taken[driver]) {
                taken[driver] = true;
                least = Math.min(least, problem.edgeCostMs[e] + leastByTrying(problem, rider + 1, taken));
                taken[driver] = false;
            }
        }
        return least;
    }

    /** Kuhn and Munkres with potentials, O(n²m), over drivers and one private column a rider. */
    private static long leastByHungarian(RoundProblem problem) {
        int n = problem.riderCount;
        int m = problem.driverCount + n;
        long[][] cost = new long[n + 1][m + 1];
        for (int r = 0; r < n; r++) {
            Arrays.fill(cost[r + 1], 1L << 40);
            for (int e = problem.edgeStart[r]; e < problem.edgeStart[r + 1]; e++) {
                cost[r + 1][problem.edgeDriver[e] + 1] = problem.edgeCostMs[e];
            }
            cost[r + 1][problem.driverCount + r + 1] = problem.unmatchedCostMs[r];
        }
        long[] u = new long[n + 1];
        long[] v = new long[m + 1];
        int[] rowOf = new int[m + 1];
        for (int i = 1; i <= n; i++) {
            int[] way = new int[m + 1];
            long[] least = new long[m + 1];
            boolean[] used = new boolean[m + 1];
            Arrays.fill(least, Long.MAX_VALUE);
            rowOf[0] = i;
            int column = 0;
            do {
                used[column] = true;
                int row = rowOf[column];
                long delta = Long.MAX_VALUE;
                int next = 0;
                for (int j = 1; j <= m; j++) {
                    if (used[j]) {
                        continue;
                    }
                    long reduced = cost[row][j] - u[row] - v[j];
                    if (reduced < least[j]) {
                        least[j] = reduced;
                        way[j] = column;
                    }
                    if (least[j] < delta) {
                        delta = least[j];
                        next = j;
                    }
                }
                for (int j = 0; j <= m; j++) {
                    if (used[j]) {
                        u[rowOf[j]] += delta;
                        v[j] -= delta;
                    } else {
                        least[j] -= delta;
                    }
                }
                column = next;
            } while (rowOf[column] != 0);
            while (column != 0) {
                rowOf[column] = rowOf[way[column]];
                column = way[column];
            }
        }
        long total = 0;
        for (int j = 1; j <= m; j++) {
            total += rowOf[j] == 0 ? 0 : cost[rowOf[j]][j];
        }
        return total;
    }
}
