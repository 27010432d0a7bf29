package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.matching.TripState.Kind;
import org.junit.jupiter.api.Test;

/** Which pairs a round considers, and at what cost. */
class CandidateTest {
    private static final MatchingConfig.Rounds ROUNDS =
            MatchingConfig.defaults().rounds();

    @Test
    void widensTheChoiceWhereRidersExceedDistinctCandidates() {
        assertThat(offersToTwelveRidersAtOnePlace(2, 16)).isEqualTo(12);
        assertThat(offersToTwelveRidersAtOnePlace(2, 2)).as("without widening").isEqualTo(2);
    }

    private static int offersToTwelveRidersAtOnePlace(int candidateCount, int candidateCountMax) {
        MatchingConfig.Rounds rounds = new MatchingConfig.Rounds(
                ROUNDS.intervalMsMin(),
                ROUNDS.intervalMsMax(),
                ROUNDS.intervalMsPerWaitingPerIdle(),
                ROUNDS.pickupEtaMsMax(),
                candidateCount,
                candidateCountMax,
                ROUNDS.solveOperationCountMax());
        Fleet fleet = new Fleet(MatchingConfig.defaults().withRounds(rounds), "batch");
        for (int d = 0; d < 12; d++) {
            fleet.idle(100 + d, 50 * d);
        }
        for (int r = 1; r <= 12; r++) {
            fleet.request(r);
        }
        fleet.tick();
        return fleet.rounds.getFirst().offerCount();
    }

    @Test
    void prefersTheDriverWhoIdledLongestAmongEquallyNear() {
        Fleet fleet = new Fleet();
        fleet.idle(9, 300);
        for (int i = 0; i < 10; i++) {
            fleet.nowMs += 60_000;
            fleet.idle(9, 300);
        }
        fleet.idle(3, 300);
        fleet.request(1);
        fleet.tick();
        assertThat(fleet.driverOf(1)).isEqualTo(9);
    }

    @Test
    void countsIdlingFromTheEndOfTheLastTrip() {
        Fleet fleet = new Fleet();
        fleet.bring(1, Kind.STARTED);
        fleet.nowMs += 900_000;
        fleet.idle(3, 300);
        fleet.nowMs += 60_000;
        fleet.idle(3, 300);
        fleet.idle(7, 300);
        fleet.report(1, 7, TripCommand.Step.COMPLETE);
        fleet.request(2);
        fleet.tick();
        assertThat(fleet.driverOf(2)).isEqualTo(3);
    }

    @Test
    void breaksATieByDriver() {
        Fleet fleet = new Fleet();
        fleet.idle(9, 300);
        fleet.idle(3, 300);
        fleet.request(1);
        fleet.tick();
        assertThat(fleet.driverOf(1)).isEqualTo(3);
    }

    @Test
    void takesAFarDriverOnlyOnceTheRiderHasWaitedForANearerOne() {
        Fleet fleet = new Fleet();
        fleet.idle(7, 2_500);
        fleet.request(1);
        fleet.tick();
        assertThat(fleet.kind(1)).isEqualTo(Kind.MATCHING);
        fleet.tickAfter(40_000);
        assertThat(fleet.kind(1)).isEqualTo(Kind.OFFERED);
    }

    @Test
    void findsTheSameDriversByWalkingCellsAsByLookingAtEach() {
        Fleet few = new Fleet();
        Fleet many = new Fleet();
        for (int d = 0; d < 40; d++) {
            few.idle(d, 70 * d - 1_000);
            many.idle(d, 70 * d - 1_000);
        }
        for (int d = 0; d < 400; d++) {
            many.idle(1_000 + d, 60_000);
        }
        for (int r = 1; r <= 5; r++) {
            few.request(r, Fleet.east(r * 300));
            many.request(r, Fleet.east(r * 300));
        }
        few.tick();
        many.tick();
        for (int r = 1; r <= 5; r++) {
            assertThat(many.driverOf(r)).isEqualTo(few.driverOf(r));
        }
    }

    @Test
    void freesADriverForTheNextRiderAfterAnOfferRanOut() {
        Fleet fleet = new Fleet();
        fleet.bring(1, Kind.OFFERED);
        fleet.request(2);
        fleet.tickAfter(fleet.config.saga().offerDeadlineMs() + 1);
        fleet.drive(7, 300, DriverState.IDLE);
        fleet.tickAfter(20_000);
        assertThat(fleet.driverOf(2)).isEqualTo(7);
    }
}
