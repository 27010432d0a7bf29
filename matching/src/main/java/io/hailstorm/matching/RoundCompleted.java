package io.hailstorm.matching;

/**
 * One batch of matching. The node adds the cut of every input when it writes this down.
 *
 * @param round 1, 2, 3 …
 * @param riderCount trips that waited
 * @param driverCount distinct drivers that were a candidate of some trip
 * @param edgeCount feasible pairs considered
 * @param offerCount pairs chosen
 * @param costTotalMs cost of the pairs chosen plus the price of the riders left unmatched
 * @param policy name of the {@link MatchingPolicy}
 */
public record RoundCompleted(
        long round, int riderCount, int driverCount, int edgeCount, int offerCount, long costTotalMs, String policy) {}
