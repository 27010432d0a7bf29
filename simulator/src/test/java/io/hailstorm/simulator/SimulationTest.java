package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.TripState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SimulationTest {
    /** A Wednesday, 17:00 in San Francisco. */
    private static final long START_MS = 1_772_672_400_000L;

    /** The fleet after 6000 steps with seed 7; changes only when the simulator's behaviour is meant to. */
    private static final long GOLDEN_DIGEST = 7587861699673951561L;

    private static final int STEP_MS = 100;
    private static int worlds;

    /** A simulation and a fake server in one thread. */
    private static final class World implements AutoCloseable {
        final FakeServer server;
        final VirtualTime time = new VirtualTime(START_MS);
        final Simulation simulation;
        long nowMs = START_MS;

        World(SimulationConfig config) throws IOException {
            this(config, Optional.empty());
        }

        World(SimulationConfig config, Optional<LedgerFile.Writer> ledgerFile) throws IOException {
            server = new FakeServer("simulation-test-" + worlds++);
            simulation = Simulation.create(
                    config, List.of(server.channel()), (role, id) -> role + "-" + id, time, ledgerFile, START_MS);
        }

        void run(long durationMs) {
            for (long until = nowMs + durationMs; nowMs < until; ) {
                step();
            }
        }

        void step() {
            nowMs += STEP_MS;
            time.advanceMs(STEP_MS);
            simulation.step(nowMs);
            server.work(nowMs);
        }

        SimulationReport finish() {
            simulation.finish(nowMs);
            while (!simulation.isFinished()) {
                step();
            }
            return simulation.report();
        }

        /** Every promise is kept: seqs up to the acknowledged one are durable at the server. */
        void assertPromisesKept() {
            for (ClientLedger.SessionRecord record : simulation.ledger().sessions()) {
                FakeServer.SessionLog log =
                        server.driver(record.driver()).sessions.get(record.session());
                long durable = log == null ? 0 : log.contiguous;
                assertTrue(record.ackedSeq() <= durable, "driver " + record.driver());
            }
        }

        @Override
        public void close() {
            simulation.close();
            server.close();
        }
    }

    private static SimulationConfig config(int vehicles, long seed) {
        return SimulationConfig.of(City.sf()).withVehicles(vehicles).withSeed(seed);
    }

    private static Realism rough() {
        return new Realism(4, 0.01, 10, 300, 0.01, 0.05, 0.05, 2_000, 20, 10);
    }

    @Test
    void driversAnswerOffersDriveAndComplete() throws IOException {
        try (World world = new World(config(100, 7))) {
            world.run(3_600_000);
            SimulationReport report = world.finish();
            assertTrue(report.trips().completed() > 80, report.toString());
            assertEquals(
                    report.trips().requested(),
                    report.trips().completed()
                            + report.trips().cancelled()
                            + report.trips().expired()
                            + report.trips().open());
            assertTrue(report.vehicles().occupiedKm() > 100, report.toString());
            assertTrue(report.vehicles().used() > 20, report.toString());
            assertTrue(report.waitSeconds().count() >= report.trips().completed(), report.toString());
            assertTrue(report.requestToOffer().count() > 0, report.toString());
            assertEquals(
                    world.server.trips.values().stream()
                            .filter(trip -> trip.state == TripState.COMPLETED)
                            .count(),
                    report.trips().completed());
        }
    }

    @Test
    void everySentFixHasOneOutcomeWhateverTheNetworkDoes() throws IOException {
        long seed = Long.getLong("seed", 11);
        try (World world = new World(config(50, seed).withRealism(rough()))) {
            for (int i = 0; i < 20; i++) {
                world.run(60_000);
                world.server.breakStreams();
            }
            world.run(60_000);
            SimulationReport report = world.finish();
            String message = "seed " + seed + ": " + report;
            assertTrue(report.fixes().isAccounted(), message);
            assertEquals(0, report.fixes().unacked(), message);
            assertEquals(0, report.fixes().unanswered(), message);
            assertTrue(report.fixes().duplicate() > 0, message);
            assertTrue(report.fixes().late() > 0, message);
            assertTrue(report.phones().restarts() > 0, message);
            assertTrue(report.phones().resumes() > 100, message);
            assertTrue(report.phones().streamsLost() > 500, message);
            world.assertPromisesKept();
        }
    }

    @Test
    void answersLostWithTheirStreamAreLearntAgainOnTheNext() throws IOException {
        try (World world = new World(config(10, 3).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.run(10_000);
            world.server.acking = false;
            world.run(20_000);
            long unanswered = world.simulation.report().fixes().unanswered();
            assertTrue(unanswered > 0);
            assertFalse(world.simulation.report().fixes().isAccounted());
            world.server.breakStreams();
            world.server.acking = true;
            world.run(10_000);
            SimulationReport report = world.finish();
            assertTrue(report.fixes().isAccounted(), report.toString());
            assertEquals(unanswered, report.fixes().resumed());
            assertEquals(world.server.visibleCount(), report.fixes().accepted());
        }
    }

    @Test
    void aFixThatNeverArrivedIsSentAgainUnderTheSameNumber() throws IOException {
        try (World world = new World(config(1, 3).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.run(10_000);
            FakeServer.DriverSide driver = world.server.driver(1);
            world.server.acking = false;
            world.run(20_000);
            // The server forgets what it did not acknowledge, as after a crash.
            FakeServer.SessionLog log = driver.sessions.lastEntry().getValue();
            long acked = world.simulation.ledger().sessions().getFirst().ackedSeq();
            assertTrue(log.contiguous > acked);
            log.seqs.removeIf(seq -> seq > acked);
            log.visible.removeIf(fix -> fix.getSeq() > acked);
            log.contiguous = acked;
            world.server.breakStreams();
            world.server.acking = true;
            world.run(10_000);
            SimulationReport report = world.finish();
            assertTrue(report.fixes().isAccounted(), report.toString());
            assertEquals(0, report.fixes().unacked());
            assertEquals(1, driver.sessions.size());
            assertEquals(log.visible.size(), log.contiguous);
        }
    }

    @Test
    void aSecondRunHasTheSameDigestAndAnotherSeedAnother() throws IOException {
        List<Long> first = fleetDigests(7);
        assertEquals(first, fleetDigests(7));
        assertNotEquals(first, fleetDigests(8));
    }

    @Test
    void theFleetMovesAsItDidWhenThisWasWritten() throws IOException {
        assertEquals(GOLDEN_DIGEST, fleetDigests(7).get(5));
    }

    /** The fleet's hash every 1000 steps, and a hash of the trips at the end. */
    private static List<Long> fleetDigests(long seed) throws IOException {
        try (World world = new World(config(60, seed).withRealism(rough()))) {
            List<Long> digests = new java.util.ArrayList<>();
            for (int i = 0; i < 6; i++) {
                world.run(1_000L * STEP_MS);
                digests.add(world.simulation.fleetDigest());
            }
            long trips = 0;
            for (Map.Entry<String, ClientLedger.TripEnd> trip :
                    world.simulation.ledger().trips().entrySet()) {
                trips = CounterRandom.mix(trips
                        ^ trip.getKey().hashCode()
                        ^ ((long) trip.getValue().name().hashCode() << 32));
            }
            digests.add(trips);
            digests.add(world.simulation.report().fixes().sent());
            return digests;
        }
    }

    @Test
    void batchesAreReorderedWithinTheirSession() throws IOException {
        Realism reordering = new Realism(0, 0, 1, 0, 0, 0, 0.2, 0, 0, 0);
        try (World world = new World(config(1, 5).withRealism(reordering).withTripsPerVehicleHour(0))) {
            world.run(600_000);
            SimulationReport report = world.finish();
            assertNotEquals(List.copyOf(new TreeSet<>(world.server.arrivals)), world.server.arrivals);
            assertTrue(report.fixes().late() > 0);
            assertTrue(report.fixes().isAccounted());
            assertEquals(0, report.fixes().unacked());
        }
    }

    @Test
    void reconnectsOnDirectiveWithTheSameSession() throws IOException {
        try (World world = new World(config(5, 5).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.run(20_000);
            world.server.directAll(Directive.Kind.RECONNECT, 1_000);
            world.run(20_000);
            SimulationReport report = world.finish();
            assertEquals(5, report.phones().resumes());
            assertTrue(report.fixes().isAccounted());
            world.server.drivers.values().forEach(driver -> assertEquals(1, driver.sessions.size()));
        }
    }

    @Test
    void slowsDownAndStopsWhenTold() throws IOException {
        try (World world = new World(config(1, 5).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.run(20_000);
            world.server.directAll(Directive.Kind.SLOW_DOWN, 30_000);
            int before = world.server.batchSizes.size();
            world.run(60_000);
            assertTrue(world.server.batchSizes.size() - before <= 3, world.server.batchSizes.toString());
            world.server.directAll(Directive.Kind.SUPERSEDED, 0);
            world.run(60_000);
            assertEquals(1, world.simulation.report().phones().superseded());
            assertEquals(0, world.simulation.progress().online());
            assertEquals(1, world.simulation.report().phones().streamsOpened());
        }
    }

    @Test
    void mayNotAdvanceWhileTheServerOwesAnswers() throws IOException {
        try (World world = new World(config(20, 5).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.run(10_000);
            assertTrue(world.simulation.canAdvance());
            world.server.acking = false;
            world.run(10_000);
            assertFalse(world.simulation.canAdvance());
            world.server.acking = true;
            world.run(200);
            assertTrue(world.simulation.canAdvance());
        }
    }

    @Test
    void mayNotAdvanceWhileAPhoneWaitsToBeGreeted() throws IOException {
        try (World world = new World(config(1, 5).withRealism(Realism.off()).withTripsPerVehicleHour(0))) {
            world.server.greeting = false;
            world.run(10_000);
            assertFalse(world.simulation.canAdvance());
            FakeServer.DriverSide driver = world.server.driver(1);
            Objects.requireNonNull(driver.stream)
                    .greet(driver.sessions.lastEntry().getValue());
            world.run(200);
            assertTrue(world.simulation.canAdvance());
        }
    }

    @Test
    void mostSyntheticTripsAreLocalAndNoneIsAcrossTheStreet() {
        Places places = new Places(City.sf(), ServiceArea.EVERYWHERE, 7, START_MS);
        Demand demand = new Demand.Synthetic(places, 7, 100);
        double[] meters = new double[1_000];
        for (int i = 0; i < meters.length; i++) {
            meters[i] = demand.pickup(i).distanceMeters(demand.dropoff(i));
        }
        Arrays.sort(meters);
        assertTrue(meters[0] >= 800, "shortest: " + meters[0]);
        assertTrue(meters[500] < 5_000, "median: " + meters[500]);
        assertTrue(meters[950] < 20_000, "95th percentile: " + meters[950]);
    }

    @Test
    void ridersWithoutADriverLosePatience() throws IOException {
        try (World world = new World(config(20, 5))) {
            world.server.matching = false;
            world.run(1_800_000);
            SimulationReport.Trips trips = world.finish().trips();
            assertEquals(0, trips.matched());
            assertTrue(trips.cancelled() > 0 && trips.open() < trips.requested(), trips.toString());
        }
    }

    @Test
    void fewerRidersAskWhenPricesAreHigh() throws IOException {
        try (World world = new World(config(50, 5))) {
            world.server.multiplierMilli = 3_000;
            world.run(1_800_000);
            SimulationReport.Trips trips = world.finish().trips();
            assertTrue(trips.priceDeclined() > 2 * trips.requested(), trips.toString());
        }
    }

    @Test
    void aPhoneBeginsAnotherSessionWhenItsOwnWasUsedByAnEarlierRun() throws IOException {
        try (World world = new World(config(1, 5)
                .withRealism(Realism.off())
                .withTripsPerVehicleHour(0)
                .withFirstSession(START_MS + 3_600_000))) {
            FakeServer.SessionLog earlier = new FakeServer.SessionLog();
            earlier.contiguous = 900;
            world.server.driver(1).sessions.put(START_MS + 3_600_000, earlier);
            world.run(60_000);
            SimulationReport report = world.finish();
            assertTrue(report.fixes().accepted() > 5, report.toString());
            assertEquals(2, world.server.driver(1).sessions.size());
            assertTrue(earlier.visible.isEmpty());
        }
    }

    @Test
    void theLedgerFileHoldsEveryAcknowledgementTheClientsSaw(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("ledger");
        try (LedgerFile.Writer writer = LedgerFile.Writer.append(file);
                World world = new World(config(10, 5).withRealism(rough()), Optional.of(writer))) {
            world.run(600_000);
            Map<Long, Long> best = new java.util.TreeMap<>();
            // Read while the writer is still open: what a killed process leaves behind.
            for (LedgerFile.Entry entry : LedgerFile.read(file)) {
                best.merge(entry.driver() * 31 + entry.session(), entry.ackedSeq(), Math::max);
            }
            long sum = 0;
            for (ClientLedger.SessionRecord record : world.simulation.ledger().sessions()) {
                sum += record.ackedSeq();
                if (record.ackedSeq() > 0) {
                    assertEquals(record.ackedSeq(), best.get(record.driver() * 31 + record.session()));
                }
            }
            assertTrue(sum > 1_000);
        }
    }

    @Test
    void offersInTheLedgerNeverOverlapForADriver() throws IOException {
        try (World world = new World(config(30, 9))) {
            world.run(1_800_000);
            Map<Long, Long> endByDriver = new java.util.HashMap<>();
            assertFalse(world.simulation.ledger().offers().isEmpty());
            for (ClientLedger.OfferRecord offer : world.simulation.ledger().offers()) {
                Long before = endByDriver.put(offer.driver(), offer.endedMs());
                assertTrue(before == null || before <= offer.receivedMs(), "driver " + offer.driver());
            }
        }
    }
}
