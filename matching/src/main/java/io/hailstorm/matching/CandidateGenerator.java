package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverId;
import java.util.Arrays;
import java.util.List;

/**
 * Fills a {@link RoundProblem}: for each waiting trip the K cheapest feasible drivers within the pickup cap. Feasible
 * means available in the {@link DriverIndex}, heard of lately, and not excluded by the trip. Where a component has more
 * riders than drivers and somebody's candidates were cut, K doubles there and the round is built again: leaving edges
 * out costs more than solving them.
 *
 * <p>Only idle drivers are candidates; those about to finish a ride are not counted yet.
 */
final class CandidateGenerator {
    /** Costs of acceptance are tabulated per this many milliseconds of ETA (a power of two). */
    private static final int ACCEPT_STEP_BITS = 10;

    private static final int WIDEN_COUNT_MAX = 3;

    private final MatchingConfig config;
    private final Cells cells;
    private final DriverIndex drivers;
    private final EtaEstimator etas;
    private final RingSearch search;
    private final DriverOrder order;
    private final Components components = new Components();
    private final int[] acceptCostMs;
    private int[] etaOfFound = new int[256];
    private int[] candidateCount = new int[64];
    private boolean[] cut = new boolean[64];
    private int[] numberOfSlot = new int[0];
    private int[] stampOfSlot = new int[0];
    private int stamp;

    CandidateGenerator(MatchingConfig config, Cells cells, DriverIndex drivers, EtaEstimator etas) {
        this.config = config;
        this.cells = cells;
        this.drivers = drivers;
        this.etas = etas;
        this.search = new RingSearch(cells);
        this.order = new DriverOrder(
                Math.max(config.rounds().candidateCount(), config.rounds().candidateCountMax()));
        this.acceptCostMs = new int[(config.rounds().pickupEtaMsMax() >> ACCEPT_STEP_BITS) + 1];
        for (int i = 0; i < acceptCostMs.length; i++) {
            double x = ((i << ACCEPT_STEP_BITS) - config.cost().acceptEtaMsMid())
                    / (double) config.cost().acceptEtaMsScale();
            acceptCostMs[i] = (int) Math.round(config.cost().acceptAlphaMs() * StrictMath.log1p(StrictMath.exp(x)));
        }
    }

    /** Builds the round of the trips waiting now. */
    void build(RoundProblem problem, List<Trip> riders, long nowMs) {
        if (candidateCount.length < riders.size()) {
            candidateCount = new int[2 * riders.size()];
            cut = new boolean[2 * riders.size()];
        }
        Arrays.fill(candidateCount, 0, riders.size(), config.rounds().candidateCount());
        addAll(problem, riders, nowMs);
        for (int i = 0; i < WIDEN_COUNT_MAX && widen(problem, riders.size()); i++) {
            addAll(problem, riders, nowMs);
        }
    }

    private boolean widen(RoundProblem problem, int riderCount) {
        components.label(problem);
        boolean widened = false;
        for (int r = 0; r < riderCount; r++) {
            if (cut[r]
                    && candidateCount[r] < config.rounds().candidateCountMax()
                    && components.isShortOfDrivers(problem, r)) {
                candidateCount[r] =
                        Math.min(2 * candidateCount[r], config.rounds().candidateCountMax());
                widened = true;
            }
        }
        return widened;
    }

    private void addAll(RoundProblem problem, List<Trip> riders, long nowMs) {
        problem.clear();
        stamp++;
        for (int r = 0; r < riders.size(); r++) {
            addRider(problem, riders.get(r), r, nowMs);
        }
    }

    private void addRider(RoundProblem problem, Trip trip, int rider, long nowMs) {
        int latE7 = trip.pickup().latE7();
        int lonE7 = trip.pickup().lonE7();
        long speedMmPerS = etas.speedMmPerS(cells.cellOf(latE7, lonE7, Cells.ROUTING_RESOLUTION), nowMs);
        int etaMsMax = config.rounds().pickupEtaMsMax();
        problem.addRider(unmatchedCostMs(trip, nowMs));
        int found = search.collect(
                drivers,
                latE7,
                lonE7,
                2 * candidateCount[rider] + trip.excluded().size(),
                etas.metersWithin(etaMsMax, speedMmPerS),
                nowMs - config.saga().idleStaleAfterMs());
        if (etaOfFound.length < found) {
            etaOfFound = new int[2 * found];
        }
        order.reset(candidateCount[rider]);
        for (int i = 0; i < found; i++) {
            int slot = search.slots[i];
            int etaMs = etas.etaMs(search.meters[i], speedMmPerS);
            if (etaMs > etaMsMax || isExcluded(trip, drivers.driver(slot))) {
                continue;
            }
            etaOfFound[i] = etaMs;
            order.offer(pairCostMs(slot, etaMs, nowMs), drivers.driver(slot), i);
        }
        for (int i = 0; i < order.count(); i++) {
            int item = order.item(i);
            problem.addEdge(numberOf(problem, search.slots[item]), order.key(i), etaOfFound[item]);
        }
        cut[rider] = order.dropped() || !search.complete;
    }

    private static boolean isExcluded(Trip trip, long driver) {
        List<DriverId> excluded = trip.excluded();
        for (int i = 0; i < excluded.size(); i++) {
            if (excluded.get(i).value() == driver) {
                return true;
            }
        }
        return false;
    }

    private int numberOf(RoundProblem problem, int slot) {
        if (slot >= stampOfSlot.length) {
            stampOfSlot = Arrays.copyOf(stampOfSlot, 2 * slot + 64);
            numberOfSlot = Arrays.copyOf(numberOfSlot, 2 * slot + 64);
        }
        if (stampOfSlot[slot] != stamp) {
            stampOfSlot[slot] = stamp;
            numberOfSlot[slot] = problem.addDriver(drivers.driver(slot));
        }
        return numberOfSlot[slot];
    }

    private int pairCostMs(int slot, int etaMs, long nowMs) {
        MatchingConfig.Cost cost = config.cost();
        long idleMs = Math.max(0, nowMs - drivers.idleSinceMs(slot));
        long fairnessMs = Math.min(cost.fairnessMsMax(), idleMs * cost.fairnessMsPerIdleMinute() / 60_000);
        return (int) (etaMs + acceptCostMs[etaMs >> ACCEPT_STEP_BITS] - fairnessMs);
    }

    private int unmatchedCostMs(Trip trip, long nowMs) {
        MatchingConfig.Cost cost = config.cost();
        long ageMs = Math.max(0, nowMs - trip.requestTimeMs());
        return (int) Math.min(1 << 30, cost.unmatchedBaseMs() + ageMs * cost.unmatchedGrowthPerMs());
    }
}
