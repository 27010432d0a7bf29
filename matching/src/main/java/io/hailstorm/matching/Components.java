package io.hailstorm.matching;

/** Connected components of a round's graph, by union-find over drivers; knows the size of each. */
final class Components {
    private int[] parent = new int[0];
    private int[] edgeCount = new int[0];
    private int[] riderCount = new int[0];
    private int[] driverCount = new int[0];

    void label(RoundProblem problem) {
        int columns = problem.driverCount;
        if (parent.length < columns) {
            parent = new int[2 * columns];
            edgeCount = new int[2 * columns];
            riderCount = new int[2 * columns];
            driverCount = new int[2 * columns];
        }
        for (int c = 0; c < columns; c++) {
            parent[c] = c;
            edgeCount[c] = 0;
            riderCount[c] = 0;
            driverCount[c] = 0;
        }
        for (int r = 0; r < problem.riderCount; r++) {
            int start = problem.edgeStart[r];
            for (int e = start + 1; e < problem.edgeStart[r + 1]; e++) {
                union(problem.edgeDriver[start], problem.edgeDriver[e]);
            }
        }
        for (int c = 0; c < columns; c++) {
            driverCount[find(c)]++;
        }
        for (int r = 0; r < problem.riderCount; r++) {
            int edges = problem.edgeStart[r + 1] - problem.edgeStart[r];
            if (edges > 0) {
                int root = find(problem.edgeDriver[problem.edgeStart[r]]);
                riderCount[root]++;
                edgeCount[root] += edges;
            }
        }
    }

    /** Edges in the component of a rider; 0 for one without. */
    int edgeCountOf(RoundProblem problem, int rider) {
        int root = rootOf(problem, rider);
        return root < 0 ? 0 : edgeCount[root];
    }

    /** Whether more riders than drivers share the component of a rider. */
    boolean isShortOfDrivers(RoundProblem problem, int rider) {
        int root = rootOf(problem, rider);
        return root >= 0 && riderCount[root] > driverCount[root];
    }

    private int rootOf(RoundProblem problem, int rider) {
        int start = problem.edgeStart[rider];
        return start == problem.edgeStart[rider + 1] ? -1 : find(problem.edgeDriver[start]);
    }

    private int find(int column) {
        int at = column;
        while (parent[at] != at) {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        return at;
    }

    private void union(int a, int b) {
        int rootA = find(a);
        int rootB = find(b);
        // The lower number wins, so that labels do not depend on the order of edges.
        if (rootA < rootB) {
            parent[rootB] = rootA;
        } else {
            parent[rootA] = rootB;
        }
    }
}
