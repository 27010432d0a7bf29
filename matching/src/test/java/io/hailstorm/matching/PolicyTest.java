package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import org.junit.jupiter.api.Test;

/** The three policies on the same rounds. */
class PolicyTest {
    private static final MatchingConfig CONFIG = MatchingConfig.defaults();

    @Test
    void batchNeverCostsMoreThanGreedyAndGreedyLessThanFirstComeOnAverage() {
        long batch = 0;
        long greedy = 0;
        long fcfs = 0;
        for (int i = 0; i < 40; i++) {
            RoundProblem problem = Problems.city(Problems.SEED + i, 120, 125, 16, 6_000);
            long best = cost("batch", problem);
            long cheapestFirst = cost("greedy", problem);
            assertThat(best).as("seed=%d", Problems.SEED + i).isLessThanOrEqualTo(cheapestFirst);
            batch += best;
            greedy += cheapestFirst;
            fcfs += cost("fcfs", problem);
        }
        assertThat(batch).as("seed=%d", Problems.SEED).isLessThan(greedy);
        assertThat(greedy).as("seed=%d", Problems.SEED).isLessThan(fcfs);
    }

    @Test
    void batchGivesUpOneRidersBestDriverForTheSakeOfTheSum() {
        RoundProblem problem = new RoundProblem();
        problem.clear();
        int near = problem.addDriver(1);
        int far = problem.addDriver(2);
        problem.addRider(1_000);
        problem.addEdge(near, 10, 10);
        problem.addEdge(far, 20, 20);
        problem.addRider(1_000);
        problem.addEdge(near, 11, 11);
        problem.addEdge(far, 500, 500);
        assertThat(cost("batch", problem)).isEqualTo(31);
        assertThat(cost("greedy", problem)).isEqualTo(510);
        assertThat(cost("fcfs", problem)).isEqualTo(510);
    }

    @Test
    void firstComeServesWhoWaitedLongest() {
        RoundProblem problem = new RoundProblem();
        problem.clear();
        int only = problem.addDriver(1);
        problem.addRider(1_000);
        problem.addEdge(only, 500, 500);
        problem.addRider(1_000);
        problem.addEdge(only, 10, 10);
        int[] chosen = new int[2];
        MatchingPolicy.of("fcfs", CONFIG).choose(problem, chosen);
        assertThat(chosen).containsExactly(0, RoundProblem.NO_EDGE);
        MatchingPolicy.of("greedy", CONFIG).choose(problem, chosen);
        assertThat(chosen).containsExactly(RoundProblem.NO_EDGE, 1);
    }

    @Test
    void namesTheKnownPoliciesWhenAskedForAnother() {
        assertThatThrownBy(() -> MatchingPolicy.of("random", CONFIG))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("batch, greedy, fcfs");
        for (String name : new String[] {"batch", "greedy", "fcfs"}) {
            assertThat(MatchingPolicy.of(name, CONFIG).name()).isEqualTo(name);
        }
    }

    private static long cost(String policy, RoundProblem problem) {
        int[] chosen = new int[problem.riderCount];
        assertThat(MatchingPolicy.of(policy, CONFIG).choose(problem, chosen)).isTrue();
        Problems.requireValid(problem, chosen);
        return problem.costMs(chosen);
    }
}
