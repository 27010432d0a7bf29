package io.hailstorm.matching;

import java.util.Arrays;

/**
 * One round's feasible pairs: riders in the order of (wait began, trip id), for each a run of edges in the order of
 * (cost, driver id). Drivers are numbered densely, in the order of their first edge. Costs are integer milliseconds, so
 * sums are exact. Arrays are reused from round to round: only the first {@code count} elements mean something.
 */
public final class RoundProblem {
    /** A rider without a driver. */
    public static final int NO_EDGE = -1;

    int riderCount;
    int driverCount;
    int edgeCount;
    /** Rider r's edges are {@code edgeStart[r]} to {@code edgeStart[r + 1]}, exclusive. */
    int[] edgeStart = new int[65];

    int[] unmatchedCostMs = new int[64];
    int[] edgeDriver = new int[1024];
    int[] edgeCostMs = new int[1024];
    int[] edgeEtaMs = new int[1024];
    /** Driver id by dense number. */
    long[] driverId = new long[64];

    RoundProblem() {}

    void clear() {
        riderCount = 0;
        driverCount = 0;
        edgeCount = 0;
        edgeStart[0] = 0;
    }

    void addRider(int costUnmatchedMs) {
        if (riderCount + 1 == edgeStart.length) {
            edgeStart = Arrays.copyOf(edgeStart, 2 * edgeStart.length);
            unmatchedCostMs = Arrays.copyOf(unmatchedCostMs, edgeStart.length);
        }
        unmatchedCostMs[riderCount++] = costUnmatchedMs;
        edgeStart[riderCount] = edgeCount;
    }

    int addDriver(long id) {
        if (driverCount == driverId.length) {
            driverId = Arrays.copyOf(driverId, 2 * driverCount);
        }
        driverId[driverCount] = id;
        return driverCount++;
    }

    /** An edge of the rider added last. */
    void addEdge(int driver, int costMs, int etaMs) {
        if (edgeCount == edgeDriver.length) {
            int length = 2 * edgeCount;
            edgeDriver = Arrays.copyOf(edgeDriver, length);
            edgeCostMs = Arrays.copyOf(edgeCostMs, length);
            edgeEtaMs = Arrays.copyOf(edgeEtaMs, length);
        }
        edgeDriver[edgeCount] = driver;
        edgeCostMs[edgeCount] = costMs;
        edgeEtaMs[edgeCount++] = etaMs;
        edgeStart[riderCount] = edgeCount;
    }

    /** What a choice costs: its edges, and the price of everyone without one. */
    long costMs(int[] edgeOfRider) {
        long total = 0;
        for (int r = 0; r < riderCount; r++) {
            total += edgeOfRider[r] == NO_EDGE ? unmatchedCostMs[r] : edgeCostMs[edgeOfRider[r]];
        }
        return total;
    }

    public int riderCount() {
        return riderCount;
    }

    public int driverCount() {
        return driverCount;
    }

    public int edgeCount() {
        return edgeCount;
    }
}
