package io.hailstorm.matching;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.matching.TripCommand.AnswerOffer;
import io.hailstorm.matching.TripCommand.CancelTrip;
import io.hailstorm.matching.TripCommand.ReportProgress;
import io.hailstorm.matching.TripState.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Half an hour of a small random city: what must hold whatever happens. */
class RoundSimulationTest {
    private static final int DRIVER_COUNT = 60;
    private static final int SECOND_COUNT = 1_800;

    @ParameterizedTest
    @ValueSource(strings = {"batch", "greedy", "fcfs"})
    void neverOffersADriverTwiceAtOnceAndEndsTrips(String policy) {
        for (int i = 0; i < 3; i++) {
            long seed = Problems.SEED + i;
            Fleet fleet = run(seed, policy, SECOND_COUNT);
            requireOneOfferADriver(fleet, seed);
            assertThat(fleet.matcher.tripCount(Kind.COMPLETED))
                    .as("seed=%d", seed)
                    .isGreaterThan(50);
            assertThat(fleet.rounds).as("seed=%d", seed).hasSizeGreaterThan(50);
            assertThat(fleet.rounds.getLast().policy()).isEqualTo(policy);
        }
    }

    @Test
    void doesTheSameAgainOnTheSameInputAndSomethingElseOnAnother() {
        Fleet first = run(Problems.SEED, "batch", SECOND_COUNT);
        Fleet again = run(Problems.SEED, "batch", SECOND_COUNT);
        assertThat(again.log).isEqualTo(first.log);
        assertThat(again.matcher.digest()).isEqualTo(first.matcher.digest());
        assertThat(run(Problems.SEED + 1, "batch", SECOND_COUNT).matcher.digest())
                .isNotEqualTo(first.matcher.digest());
    }

    @Test
    void recoversToTheStateThatLiveReached() {
        Fleet live = run(Problems.SEED, "batch", SECOND_COUNT);
        Fleet recovered = live.recoveredFrom(live.log.size());
        assertThat(recovered.matcher.digest()).isEqualTo(live.matcher.digest());
        for (Kind kind : Kind.values()) {
            assertThat(recovered.matcher.tripCount(kind)).as("%s", kind).isEqualTo(live.matcher.tripCount(kind));
        }
        recovered.matcher.finishRecovery(recovered.nowMs);
        assertThat(recovered.log).as("nothing was pending").isEmpty();
    }

    @Test
    void decidesEveryCommandThatTheCrashLeftWithoutOutcome() {
        Fleet live = run(Problems.SEED, "batch", 300);
        for (int cut = 1; cut < live.log.size(); cut++) {
            if (!(live.log.get(cut - 1).content() instanceof TripCommand)) {
                continue;
            }
            Fleet recovered = live.recoveredFrom(cut);
            recovered.matcher.finishRecovery(live.log.get(cut - 1).timeMs());
            long pendingId = live.log.get(cut - 1).eventId();
            List<Object> outcomes = recovered.log.stream()
                    .filter(line -> line.causationId() == pendingId)
                    .map(Fleet.Line::content)
                    .toList();
            List<Object> liveOutcomes = live.log.stream()
                    .filter(line -> line.causationId() == pendingId)
                    .map(Fleet.Line::content)
                    .toList();
            assertThat(outcomes).as("seed=%d cut=%d", Problems.SEED, cut).isEqualTo(liveOutcomes);
        }
    }

    @Test
    void givesEveryCommandExactlyOneOutcome() {
        Fleet fleet = run(Problems.SEED + 2, "batch", SECOND_COUNT);
        Map<Long, Integer> outcomes = new HashMap<>();
        for (Fleet.Line line : fleet.log) {
            if (line.content() instanceof TripCommand) {
                outcomes.put(line.eventId(), 0);
            } else if (line.causationId() != Matcher.NO_CAUSE) {
                outcomes.merge(line.causationId(), 1, Integer::sum);
            }
        }
        assertThat(outcomes.values())
                .as("seed=%d", Problems.SEED + 2)
                .isNotEmpty()
                .allMatch(count -> count == 1);
    }

    @Test
    void keepsADriversEngagementWhenItsFirstFixComesAfterTheTrip() {
        Fleet live = new Fleet();
        live.bring(1, Kind.ACCEPTED);
        Fleet recovered = live.recoveredFrom(live.log.size());
        recovered.idle(7, 300);
        assertThat(recovered.matcher.idleDriverCount()).isZero();
    }

    @Test
    void countsSilenceOnlyFromTheEndOfRecovery() {
        Fleet live = new Fleet();
        live.bring(1, Kind.ACCEPTED);
        Fleet recovered = live.recoveredFrom(live.log.size());
        recovered.nowMs += 3_600_000;
        recovered.matcher.finishRecovery(recovered.nowMs);
        recovered.tick();
        assertThat(recovered.kind(1)).isEqualTo(Kind.ACCEPTED);
        recovered.tickAfter(recovered.config.saga().driverLostAfterMs() + 1);
        assertThat(recovered.kind(1)).isEqualTo(Kind.MATCHING);
    }

    @Test
    void ignoresAnEventWhoseRequestIsNoLongerInTheLog() {
        Fleet recovering = new Fleet(MatchingConfig.defaults(), "batch", PickupRule.everywhere());
        recovering.matcher.replay(new TripEvent.DriverArrived(Fleet.tripOf(1), new DriverId(7)), 5, 1);
        assertThat(recovering.matcher.orphanEventCount()).isEqualTo(1);
    }

    @Test
    void holdsRoundsTheFartherApartTheScarcerDriversAre() {
        assertThat(secondRoundAfterMs(1, 30)).isEqualTo(2_000);
        assertThat(secondRoundAfterMs(12, 15)).isBetween(8_000L, 20_000L);
        assertThat(secondRoundAfterMs(40, 1)).isEqualTo(20_000);
    }

    /** Drivers too far to be matched, so that neither count changes. */
    private static long secondRoundAfterMs(int riders, int drivers) {
        Fleet fleet = new Fleet();
        for (int d = 0; d < drivers; d++) {
            fleet.idle(100 + d, 30_000);
        }
        for (int r = 0; r < riders; r++) {
            fleet.request(1 + r);
        }
        fleet.tick();
        long firstMs = fleet.nowMs;
        while (fleet.rounds.size() < 2) {
            fleet.tickAfter(500);
        }
        return fleet.nowMs - firstMs;
    }

    private static void requireOneOfferADriver(Fleet fleet, long seed) {
        Map<DriverId, OfferId> live = new HashMap<>();
        Map<DriverId, Object> bound = new HashMap<>();
        for (Fleet.Line line : fleet.log) {
            switch (line.content()) {
                case TripEvent.OfferMade made -> {
                    assertThat(live.put(made.driver(), made.offer()))
                            .as("seed=%d %s", seed, made)
                            .isNull();
                    assertThat(bound).as("seed=%d %s", seed, made).doesNotContainKey(made.driver());
                }
                case TripEvent.OfferEnded ended -> live.remove(ended.driver());
                case TripEvent.TripAccepted accepted -> {
                    live.remove(accepted.driver());
                    bound.put(accepted.driver(), accepted.trip());
                }
                case TripEvent.TripCompleted completed -> bound.remove(completed.driver());
                case TripEvent.TripCancelled cancelled -> bound.values().remove(cancelled.trip());
                case TripEvent.MatchingStarted started -> bound.values().remove(started.trip());
                default -> {}
            }
        }
    }

    /** Riders ask, cancel; drivers accept, decline, ignore, fall silent, drive; all by the seed. */
    private static Fleet run(long seed, String policy, int seconds) {
        Fleet fleet = new Fleet(MatchingConfig.defaults(), policy);
        Set<Long> silent = new HashSet<>();
        long trips = 0;
        for (int second = 0; second < seconds; second++) {
            fleet.nowMs += 1_000;
            for (long driver = 0; driver < DRIVER_COUNT; driver++) {
                if (CounterRandom.uniform(seed, driver, second, 1) < 0.0002) {
                    silent.add(driver);
                }
                if ((driver + second) % 5 == 0 && !silent.contains(driver)) {
                    boolean away = CounterRandom.uniform(seed, driver, second / 300, 2) < 0.1;
                    fleet.matcher.onFix(fleet.fixAt(
                            driver, place(seed, driver, second / 60), away ? DriverState.OFFLINE : DriverState.IDLE));
                }
            }
            if (CounterRandom.uniform(seed, 0, second, 3) < 0.15) {
                trips++;
                fleet.request(trips, place(seed, 1_000 + trips, 0));
            }
            act(fleet, seed, second);
            fleet.tick();
        }
        return fleet;
    }

    private static void act(Fleet fleet, long seed, int second) {
        List<Trip> open = new ArrayList<>();
        fleet.matcher.forEachOpenTrip(open::add);
        for (Trip trip : open) {
            double dice = CounterRandom.uniform(seed, trip.id().value(), second, 4);
            if (dice < 0.001) {
                fleet.command(new CancelTrip(trip.id(), CancelReason.BY_RIDER, trip.rider()));
                continue;
            }
            if (dice > 0.999) {
                fleet.command(new CancelTrip(trip.id(), CancelReason.BY_RIDER, new RiderId(-1)));
                continue;
            }
            switch (trip.state()) {
                case TripState.Offered offered -> {
                    if (dice < 0.3) {
                        fleet.command(new AnswerOffer(trip.id(), offered.offer(), offered.driver(), dice < 0.2));
                    }
                }
                case TripState.Accepted accepted -> {
                    TripCommand.Step step = dice < 0.004 ? TripCommand.Step.CANCEL : TripCommand.Step.ARRIVE;
                    if (dice < 0.02) {
                        fleet.command(new ReportProgress(trip.id(), accepted.driver(), step));
                    }
                }
                case TripState.Arrived arrived -> {
                    TripCommand.Step step = dice < 0.004 ? TripCommand.Step.NO_SHOW : TripCommand.Step.START;
                    if (dice < 0.05) {
                        fleet.command(new ReportProgress(trip.id(), arrived.driver(), step));
                    }
                }
                case TripState.Started started -> {
                    if (dice < 0.01) {
                        fleet.command(new ReportProgress(trip.id(), started.driver(), TripCommand.Step.COMPLETE));
                    }
                }
                default -> {}
            }
        }
    }

    private static GeoPoint place(long seed, long entity, long step) {
        return GeoPoint.ofDegrees(
                37.75 + CounterRandom.uniform(seed, entity, step, 5) * 0.05,
                -122.45 + CounterRandom.uniform(seed, entity, step, 6) * 0.05);
    }
}
