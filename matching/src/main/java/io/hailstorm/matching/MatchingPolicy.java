package io.hailstorm.matching;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/** How a round chooses among feasible pairs. Stateful scratch space inside: one instance a {@link Matcher}. */
public sealed interface MatchingPolicy permits BatchPolicy, GreedyPolicy, FirstComePolicy {
    /** The word for configuration and round records: {@code batch}, {@code greedy} or {@code fcfs}. */
    String name();

    /**
     * Chooses: fills {@code edgeOfRider} with the edge chosen for each rider, or {@link RoundProblem#NO_EDGE}; no driver
     * twice.
     *
     * @return whether the choice is proven to be the policy's best
     */
    boolean choose(RoundProblem problem, int[] edgeOfRider);

    /** @throws HailstormException with {@link ErrorCode#INVALID_ARGUMENT} listing the known names */
    static MatchingPolicy of(String name, MatchingConfig config) {
        return switch (name) {
            case "batch" -> new BatchPolicy(config.rounds().solveOperationCountMax());
            case "greedy" -> new GreedyPolicy();
            case "fcfs" -> new FirstComePolicy();
            default ->
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "unknown policy \"" + name + "\": expected one of batch, greedy, fcfs");
        };
    }
}
