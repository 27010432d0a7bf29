package io.hailstorm.matching;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/** Everything about matching that an operator may turn, by concern. Each part names its defaults. */
public record MatchingConfig(Saga saga, Rounds rounds, Cost cost, Eta eta, Bounds bounds) {
    public static MatchingConfig defaults() {
        return new MatchingConfig(
                Saga.defaults(), Rounds.defaults(), Cost.defaults(), Eta.defaults(), Bounds.defaults());
    }

    public MatchingConfig withSaga(Saga changed) {
        return new MatchingConfig(changed, rounds, cost, eta, bounds);
    }

    public MatchingConfig withRounds(Rounds changed) {
        return new MatchingConfig(saga, changed, cost, eta, bounds);
    }

    public MatchingConfig withCost(Cost changed) {
        return new MatchingConfig(saga, rounds, changed, eta, bounds);
    }

    public MatchingConfig withEta(Eta changed) {
        return new MatchingConfig(saga, rounds, cost, changed, bounds);
    }

    public MatchingConfig withBounds(Bounds changed) {
        return new MatchingConfig(saga, rounds, cost, eta, changed);
    }

    /**
     * Deadlines and fees of a trip's life.
     *
     * @param offerDeadlineMs how long a driver has to answer
     * @param tripExpiryMs a trip that nobody accepted expires this long after it began to wait
     * @param driverLostAfterMs silence after which the driver of an accepted or arrived trip counts as lost
     * @param driverLostOnTripAfterMs the same with the rider on board
     * @param redispatchCountMax how often a trip goes back to matching after losing its driver, before it is cancelled
     * @param idleStaleAfterMs an idle driver silent for longer is offered nothing
     * @param noShowWaitMs how long an arrived driver waits before a no-show is allowed
     * @param cancelFreeMs a rider may cancel without a fee for this long after a driver accepted
     * @param cancelFeeMinorUnits fee of a later cancellation, or of a no-show
     */
    public record Saga(
            long offerDeadlineMs,
            long tripExpiryMs,
            long driverLostAfterMs,
            long driverLostOnTripAfterMs,
            int redispatchCountMax,
            long idleStaleAfterMs,
            long noShowWaitMs,
            long cancelFreeMs,
            long cancelFeeMinorUnits) {
        public Saga {
            requirePositive("offerDeadlineMs", offerDeadlineMs);
            requirePositive("tripExpiryMs", tripExpiryMs);
            requirePositive("driverLostAfterMs", driverLostAfterMs);
            requirePositive("driverLostOnTripAfterMs", driverLostOnTripAfterMs);
            requirePositive("idleStaleAfterMs", idleStaleAfterMs);
        }

        public static Saga defaults() {
            return new Saga(15_000, 600_000, 90_000, 1_800_000, 1, 120_000, 300_000, 120_000, 500);
        }

        public Saga withTripExpiryMs(long changed) {
            return new Saga(
                    offerDeadlineMs,
                    changed,
                    driverLostAfterMs,
                    driverLostOnTripAfterMs,
                    redispatchCountMax,
                    idleStaleAfterMs,
                    noShowWaitMs,
                    cancelFreeMs,
                    cancelFeeMinorUnits);
        }
    }

    /**
     * When rounds happen and how wide they look: a round is due {@code clamp(intervalMsMin, intervalMsMax,
     * intervalMsPerWaitingPerIdle × waiting ÷ idle)} after the last; waiting longer helps only when drivers are scarce.
     *
     * @param pickupEtaMsMax a driver further away than this is no candidate
     * @param candidateCount drivers considered a rider (K)
     * @param candidateCountMax what K may grow to where riders exceed distinct candidates
     * @param solveOperationCountMax edge visits a round may spend on exactness; the rest of it is greedy
     */
    public record Rounds(
            long intervalMsMin,
            long intervalMsMax,
            long intervalMsPerWaitingPerIdle,
            int pickupEtaMsMax,
            int candidateCount,
            int candidateCountMax,
            long solveOperationCountMax) {
        public Rounds {
            requirePositive("intervalMsMin", intervalMsMin);
            requirePositive("pickupEtaMsMax", pickupEtaMsMax);
            requirePositive("candidateCount", candidateCount);
        }

        public static Rounds defaults() {
            return new Rounds(2_000, 20_000, 10_000, 600_000, 16, 128, 50_000_000);
        }
    }

    /**
     * What a pair costs, in milliseconds of pickup time: {@code eta − α·ln p(accept) − fairness(idle time)}.
     *
     * @param acceptAlphaMs α
     * @param acceptEtaMsMid pickup ETA that half the drivers would accept
     * @param acceptEtaMsScale how sharply acceptance falls around it (logistic)
     * @param fairnessMsPerIdleMinute what a minute of idling takes off
     * @param fairnessMsMax and at most this
     * @param unmatchedBaseMs price of leaving a rider unmatched who just asked
     * @param unmatchedGrowthPerMs what each millisecond of waiting adds to it
     */
    public record Cost(
            int acceptAlphaMs,
            int acceptEtaMsMid,
            int acceptEtaMsScale,
            int fairnessMsPerIdleMinute,
            int fairnessMsMax,
            int unmatchedBaseMs,
            int unmatchedGrowthPerMs) {
        public static Cost defaults() {
            return new Cost(20_000, 600_000, 180_000, 1_000, 60_000, 300_000, 10);
        }
    }

    /**
     * The pickup estimator.
     *
     * @param detourMilli road distance over great-circle distance, thousandths
     * @param speedMmPerS before anything was learned
     * @param pickupOverheadMs stopping, finding each other
     * @param speedCellCountMax routing cells learned apart; further cells share the region's speed
     */
    public record Eta(int detourMilli, int speedMmPerS, int pickupOverheadMs, int speedCellCountMax) {
        public Eta {
            requirePositive("detourMilli", detourMilli);
            requirePositive("speedMmPerS", speedMmPerS);
            requirePositive("speedCellCountMax", speedCellCountMax);
        }

        public static Eta defaults() {
            return new Eta(1_300, 7_000, 20_000, 2_048);
        }
    }

    /**
     * Bounds of memory.
     *
     * @param driverCountMax slots of the driver index; when full, a long silent driver makes room, else the new one is
     *     refused and counted
     * @param openTripCountMax when reached, requests are refused
     * @param endedTripRetentionMs how long an ended trip can still be looked up
     * @param endedTripCountMax ended trips remembered as duplicates; the oldest is forgotten first
     */
    public record Bounds(int driverCountMax, int openTripCountMax, long endedTripRetentionMs, int endedTripCountMax) {
        public Bounds {
            requirePositive("driverCountMax", driverCountMax);
            requirePositive("openTripCountMax", openTripCountMax);
            requirePositive("endedTripCountMax", endedTripCountMax);
        }

        public static Bounds defaults() {
            return new Bounds(1 << 20, 100_000, 600_000, 1_000_000);
        }
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, name + " must be positive, got " + value);
        }
    }
}
