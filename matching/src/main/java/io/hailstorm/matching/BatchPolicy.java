package io.hailstorm.matching;

/** The choice of least total cost, unmatched riders included: {@link SparseAssignment}. */
final class BatchPolicy implements MatchingPolicy {
    private final SparseAssignment assignment;

    BatchPolicy(long operationCountMax) {
        assignment = new SparseAssignment(operationCountMax);
    }

    @Override
    public String name() {
        return "batch";
    }

    @Override
    public boolean choose(RoundProblem problem, int[] edgeOfRider) {
        return assignment.solve(problem, edgeOfRider);
    }
}
