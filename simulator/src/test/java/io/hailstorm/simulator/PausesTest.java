package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.Directive;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class PausesTest {
    private static final long MS = 1_000_000L;
    private static final long START_MS = 1_772_672_400_000L;
    private static final int STEP_MS = 100;
    private static final int HERE = 377_700_000;
    private static final int ELSEWHERE = 378_700_000;
    private static int worlds;

    private final VirtualTime time = new VirtualTime(START_MS);
    private final Pauses pauses = new Pauses(time);

    private void waited(long sentMs, long ackedMs, int latE7) {
        pauses.waited(sentMs * MS, ackedMs * MS, latE7, 0);
    }

    private static Pauses.Concerned at(int wanted) {
        return (latE7, lonE7) -> latE7 == wanted;
    }

    @Test
    void aPauseIsTheLongestWaitOfAPhoneConcernedThatOverlapsTheDisturbance() {
        time.advanceMs(1_000);
        Pauses.Disturbance move = pauses.begin(at(HERE));
        waited(900, 999, HERE); // over before it began
        waited(990, 1_020, HERE);
        waited(1_010, 1_900, ELSEWHERE);
        time.advanceMs(50);
        move.end();
        waited(1_040, 1_100, HERE);
        waited(1_060, 1_900, HERE); // sent when it was over

        Pauses.Figures figures = pauses.disturbances();
        assertEquals(1, figures.count());
        assertEquals(60, figures.maxMs(), 0.1);
        assertEquals(5, pauses.waits().count());
    }

    @Test
    void aDisturbanceThatConcernedNobodyOrCameToNothingHasNoPause() {
        Pauses.Disturbance quiet = pauses.begin(at(ELSEWHERE));
        Pauses.Disturbance refused = pauses.begin(Pauses.Concerned.ALL);
        waited(0, 10, HERE);
        quiet.end();
        refused.drop();

        assertEquals(0, pauses.disturbances().count());
    }

    @Test
    void anAcknowledgementLongAfterTheEndDoesNotLengthenThePause() {
        Pauses.Disturbance first = pauses.begin(at(HERE));
        waited(0, 20, HERE);
        time.advanceMs(30);
        first.end();
        time.advanceMs(Pauses.MARGIN_NS / MS + 1);
        pauses.begin(at(ELSEWHERE)); // settles what is long over
        waited(10, 11_000, HERE);

        assertEquals(20, pauses.disturbances().maxMs(), 0.1);
    }

    @Test
    void whatIsDoneToTheServerWhileItWarmsUpDoesNotCount() {
        Pauses.Disturbance cold = pauses.begin(at(HERE));
        waited(0, 900, HERE);
        pauses.handedOver(700 * MS);
        time.advanceMs(1_000);
        pauses.steady();
        cold.end();
        Pauses.Disturbance warm = pauses.begin(at(HERE));
        waited(990, 1_010, HERE);
        warm.end();

        assertEquals(1, pauses.disturbances().count());
        assertEquals(20, pauses.disturbances().maxMs(), 0.1);
        assertEquals(0, pauses.handOvers().count());
        assertEquals(1, pauses.waits().count());
    }

    @Test
    void theDipIsTheWorstSecondAgainstTheMedianWhereverItBegins() {
        pauses.steady();
        // A hundred each tenth of a second, but for three tenths across the boundary of two seconds.
        for (int tenth = 0; tenth < 100; tenth++) {
            boolean stalled = tenth >= 48 && tenth < 51;
            pauses.acked(tenth * 100L * MS, stalled ? 0 : 100);
        }
        time.advanceMs(10_000);
        pauses.stop();

        Pauses.Throughput throughput = pauses.throughput();
        assertEquals(10, throughput.seconds(), 1e-9);
        assertEquals(1_000, throughput.median());
        assertEquals(700, throughput.lowest());
        assertEquals(30, throughput.dipPercent(), 1e-9);
    }

    @Test
    void warmUpAndDrainAreLeftOutOfTheDip() {
        time.advanceMs(2_000);
        pauses.steady();
        for (int tenth = 20; tenth < 60; tenth++) {
            pauses.acked(tenth * 100L * MS, 10);
        }
        time.advanceMs(4_000);
        pauses.stop();
        time.advanceMs(10_000);

        assertEquals(0, pauses.throughput().dipPercent(), 1e-9);
        assertEquals(4, pauses.throughput().seconds(), 1e-9);
    }

    @Test
    void withoutAnythingMeasuredThereIsNoDip() {
        assertEquals(0, pauses.throughput().dipPercent());
        pauses.steady();
        time.advanceMs(1_000);
        assertEquals(0, pauses.throughput().dipPercent());
    }

    /** Two servers of one log, in one thread. */
    private static final class World implements AutoCloseable {
        final FakeServer first;
        final FakeServer second;
        final VirtualTime time = new VirtualTime(START_MS);
        final Pauses pauses = new Pauses(time);
        final Simulation simulation;
        long nowMs = START_MS;

        World(int phones) throws IOException {
            String name = "pauses-test-" + worlds++;
            NavigableMap<Long, FakeServer.DriverSide> drivers = new TreeMap<>();
            first = new FakeServer(name + "-first", drivers, Map.of());
            second = new FakeServer(name + "-second", drivers, Map.of());
            SimulationConfig config = SimulationConfig.of(City.sf())
                    .withVehicles(phones)
                    .withSeed(5)
                    .withRealism(Realism.off())
                    .withTripsPerVehicleHour(0);
            Endpoints endpoints = Endpoints.of(
                    List.of("first:7100"),
                    endpoint -> List.of((endpoint.startsWith("first") ? first : second).channel()));
            simulation = Simulation.create(
                    config, endpoints, (role, id) -> role + "-" + id, time, Optional.empty(), START_MS, pauses);
        }

        /** They have one log, so either would acknowledge for both. */
        void acking(boolean value) {
            first.acking = value;
            second.acking = value;
        }

        void run(long durationMs) {
            for (long until = nowMs + durationMs; nowMs < until; ) {
                nowMs += STEP_MS;
                time.advanceMs(STEP_MS);
                simulation.step(nowMs);
                first.work(nowMs);
                second.work(nowMs);
            }
        }

        @Override
        public void close() {
            simulation.close();
            first.close();
            second.close();
        }
    }

    @Test
    void aWaitGoesFromTheFirstSendingToTheAcknowledgementOnAnyStream() throws IOException {
        try (World world = new World(1)) {
            world.run(20_000);
            Pauses.Disturbance move = world.pauses.begin(Pauses.Concerned.ALL);
            world.acking(false);
            world.run(30_000);
            world.first.breakStreams(); // what was sent is durable: the next greeting says so
            world.acking(true);
            world.run(20_000);
            move.end();

            double pauseMs = world.pauses.disturbances().maxMs();
            assertTrue(pauseMs >= 15_000 && pauseMs < 40_000, "pause " + pauseMs + " ms");
        }
    }

    @Test
    void aHandOverLastsFromBeingSentElsewhereUntilWhatWasSentIsAcknowledgedThere() throws IOException {
        try (World world = new World(3)) {
            world.run(20_000);
            world.first.directAll(Directive.Kind.RECONNECT, 700, "second:7100");
            world.run(20_000);

            Pauses.Figures figures = world.pauses.handOvers();
            assertEquals(3, figures.count());
            assertTrue(figures.p50Ms() >= 700, figures.toString());
            assertTrue(figures.maxMs() < 10_000, figures.toString());
        }
    }

    @Test
    void beingSentBackToTheSameServerIsNoHandOver() throws IOException {
        try (World world = new World(3)) {
            world.run(20_000);
            world.first.directAll(Directive.Kind.RECONNECT, 0);
            world.run(20_000);

            assertEquals(0, world.pauses.handOvers().count());
        }
    }
}
