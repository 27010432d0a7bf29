package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.TripState;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Phones and riders of two servers: sent about, left without an answer, or left alone by one that dies. */
final class SeveralServersTest {
    /** A Wednesday, 17:00 in San Francisco. */
    private static final long START_MS = 1_772_672_400_000L;

    private static final int STEP_MS = 100;
    private static final String FIRST = "first:7100";
    private static final String SECOND = "second:7100";
    private static int worlds;

    /** Two servers and a simulation that is told of some of them, in one thread. */
    private static final class World implements AutoCloseable {
        final Map<String, FakeServer> servers = new HashMap<>();
        final Map<String, Integer> connected = new HashMap<>();
        final FakeServer first;
        final FakeServer second;
        final VirtualTime time = new VirtualTime(START_MS);
        final Simulation simulation;
        long nowMs = START_MS;

        World(SimulationConfig config, boolean oneLog, String... known) throws IOException {
            String name = "several-servers-test-" + worlds++;
            NavigableMap<Long, FakeServer.DriverSide> drivers = new TreeMap<>();
            Map<String, FakeServer.TripSide> trips = new LinkedHashMap<>();
            first = new FakeServer(name + "-first", drivers, trips);
            second = oneLog
                    ? new FakeServer(name + "-second", drivers, trips)
                    : new FakeServer(name + "-second", new TreeMap<>(), trips);
            servers.put(FIRST, first);
            servers.put(SECOND, second);
            Endpoints endpoints = Endpoints.of(List.of(known), endpoint -> {
                connected.merge(endpoint, 1, Integer::sum);
                FakeServer server = servers.get(endpoint);
                return List.of((server == null ? first : server).channel());
            });
            simulation = Simulation.create(
                    config, endpoints, (role, id) -> role + "-" + id, time, Optional.empty(), START_MS);
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
            first.work(nowMs);
            second.work(nowMs);
        }

        int online() {
            return simulation.progress().online();
        }

        SimulationReport finish() {
            simulation.finish(nowMs);
            while (!simulation.isFinished()) {
                step();
            }
            return simulation.report();
        }

        @Override
        public void close() {
            simulation.close();
            first.close();
            second.close();
        }
    }

    private static SimulationConfig calm(int vehicles) {
        return SimulationConfig.of(City.sf())
                .withVehicles(vehicles)
                .withSeed(5)
                .withRealism(Realism.off())
                .withTripsPerVehicleHour(0);
    }

    @Test
    void aPhoneSentAwayBeforeItIsGreetedGoesThereAndStaysThere() throws IOException {
        try (World world = new World(calm(10), false, FIRST)) {
            world.first.sendsTo = SECOND;
            world.run(10_000);
            assertEquals(10, world.online());
            assertEquals(10, world.first.helloCount);
            assertEquals(0, world.first.receivedCount);

            world.second.directAll(Directive.Kind.RECONNECT, 0);
            world.run(10_000);
            assertEquals(10, world.first.helloCount, "it comes back to the server it was sent to");
            assertEquals(20, world.second.helloCount);

            SimulationReport report = world.finish();
            assertEquals(10, report.phones().redirects());
            assertEquals(10, report.phones().endpointSwitches());
            assertEquals(0, report.phones().bounces());
            assertTrue(report.fixes().isAccounted(), report.toString());
            assertEquals(0, report.fixes().unacked());
            assertEquals(Map.of(FIRST, 1, SECOND, 1), world.connected, "channels are made once");
        }
    }

    @Test
    void aPhoneSentAwayTakesItsUnacknowledgedFixesAlongOnceAndInOrder() throws IOException {
        try (World world = new World(calm(1), false, FIRST)) {
            world.run(20_000);
            world.first.acking = false;
            world.run(20_000);
            FakeServer.DriverSide there = world.first.driver(1);
            long session = there.sessions.firstKey();
            FakeServer.SessionLog left = there.sessions.firstEntry().getValue();
            long acked = world.simulation.ledger().sessions().iterator().next().ackedSeq();
            long received = world.first.receivedCount;
            assertTrue(acked > 0 && received > acked, "acked " + acked + " of " + received);
            // What the first server did not acknowledge it never made durable; the second begins where that ended.
            FakeServer.SessionLog durable = new FakeServer.SessionLog();
            left.visible.stream().filter(fix -> fix.getSeq() <= acked).forEach(durable.visible::add);
            LongStream.rangeClosed(1, acked).forEach(durable.seqs::add);
            durable.contiguous = acked;
            world.second.driver(1).sessions.put(session, durable);

            world.first.directAll(Directive.Kind.RECONNECT, 0, SECOND);
            world.run(20_000);
            SimulationReport report = world.finish();

            assertEquals(1, world.second.driver(1).sessions.size(), "the session goes on");
            long last = world.second.arrivals.getLast();
            assertTrue(last > received);
            assertEquals(
                    LongStream.rangeClosed(acked + 1, last).boxed().toList(),
                    world.second.arrivals,
                    "all that was not acknowledged, once, in order, and nothing else");
            assertEquals(
                    last, world.simulation.ledger().sessions().iterator().next().ackedSeq());
            assertEquals(0, report.fixes().unacked());
            assertTrue(report.fixes().isAccounted(), report.toString());
        }
    }

    @Test
    void whenAServerDiesPhonesAndRidersGoOnWithTheOther() throws IOException {
        SimulationConfig config =
                SimulationConfig.of(City.sf()).withVehicles(60).withSeed(5);
        try (World world = new World(config, true, FIRST, SECOND)) {
            world.run(600_000);
            assertTrue(world.first.helloCount > 0 && world.second.helloCount > 0, "phones begin at both");
            world.first.kill();
            int hellos = world.second.helloCount;
            int calls = world.second.callCount;
            world.run(5_000);
            assertTrue(world.online() >= 55, "online: " + world.online());
            assertTrue(world.second.helloCount > hellos);
            long completed = completed(world);
            world.run(1_200_000);
            SimulationReport report = world.finish();

            assertTrue(world.second.callCount > calls);
            assertTrue(completed(world) > completed, "trips are completed after it as well");
            assertEquals(completed(world), report.trips().completed(), "riders hear of it at the other server");
            assertEquals(0, report.trips().failed());
            assertTrue(report.phones().endpointSwitches() > 0 && report.phones().riderSwitches() > 0);
            assertTrue(report.fixes().isAccounted(), report.toString());
            assertEquals(0, report.fixes().unacked());
            for (ClientLedger.SessionRecord record : world.simulation.ledger().sessions()) {
                FakeServer.SessionLog log =
                        world.second.driver(record.driver()).sessions.get(record.session());
                assertTrue(record.ackedSeq() <= (log == null ? 0 : log.contiguous), "driver " + record.driver());
            }
        }
    }

    private static long completed(World world) {
        return world.second.trips.values().stream()
                .filter(trip -> trip.state == TripState.COMPLETED)
                .count();
    }

    @Test
    void aPhoneBetweenTwoServersThatSendItToEachOtherSlowsDown() throws IOException {
        try (World world = new World(calm(10), false, FIRST, SECOND)) {
            world.first.sendsTo = SECOND;
            world.second.sendsTo = FIRST;
            world.run(10_000);
            int hurried = world.first.helloCount + world.second.helloCount;
            world.run(110_000);
            int before = world.first.helloCount + world.second.helloCount;
            world.run(60_000);
            int calmed = world.first.helloCount + world.second.helloCount - before;
            // Full jitter up to 4 s and a step of 0.1 s: about 28 a minute and phone. Undamped it is about 170.
            assertTrue(calmed < 10 * 40, "connections in a minute: " + calmed);
            assertTrue(hurried * 6 > calmed, hurried + " in 10 s, then " + calmed + " a minute");
            SimulationReport sentAbout = world.simulation.report();
            assertTrue(sentAbout.phones().bounces() > 100, sentAbout.toString());
            assertEquals(0, world.online());

            world.second.sendsTo = "";
            world.run(10_000);
            assertEquals(10, world.online(), "nobody waits long when it is over");
            assertEquals(0, world.finish().fixes().unacked());
        }
    }

    @Test
    void greetingsInBetweenDoNotHurryAPhoneThatIsSentAbout() throws IOException {
        try (World world = new World(calm(10), true, FIRST, SECOND)) {
            for (int second = 0; second < 120; second++) {
                world.run(1_000);
                world.first.directAll(Directive.Kind.RECONNECT, 0, second % 2 == 0 ? FIRST : SECOND);
            }
            long early = world.simulation.report().phones().streamsOpened();
            assertTrue(early < 10 * 70, "streams in two minutes: " + early);
            assertTrue(world.simulation.report().phones().bounces() > 0);

            world.run(60_000);
            world.first.directAll(Directive.Kind.RECONNECT, 0, FIRST);
            world.run(1_000);
            assertEquals(10, world.online(), "after a steady minute the first wait is short again");
            assertTrue(world.finish().fixes().isAccounted());
        }
    }

    @Test
    void aServerThatNeverGreetsIsLeftForTheNext() throws IOException {
        try (World world = new World(calm(4), false, FIRST, SECOND)) {
            world.first.greeting = false;
            world.run(Phone.ANSWER_MAX_MS);
            assertEquals(2, world.online());
            world.run(10_000);
            assertEquals(4, world.online());
            SimulationReport report = world.finish();
            assertEquals(2, report.phones().unansweredStreams());
            assertEquals(0, report.fixes().unacked());
        }
    }

    @Test
    void aServerThatDoesNotEndAStreamItSentAwayIsNotWaitedFor() throws IOException {
        try (World world = new World(calm(1), false, FIRST)) {
            world.run(5_000);
            world.first.endsStreams = false;
            world.first.directAll(Directive.Kind.RECONNECT, 0, SECOND);
            world.run(Phone.ANSWER_MAX_MS + 1_000);
            assertEquals(1, world.second.helloCount);
            assertEquals(1, world.online());
        }
    }

    @Test
    void anEndpointThatIsNoneIsNotFollowedAndNoMoreAreKeptThanTheBound() throws IOException {
        try (World world = new World(calm(1), true, FIRST)) {
            for (String wrong : new String[] {"nowhere", ":1", "host:", "host:x", "host:123456", "host:-1"}) {
                world.run(12_000);
                world.first.directAll(Directive.Kind.RECONNECT, 0, wrong);
            }
            world.run(12_000);
            assertEquals(Map.of(FIRST, 1), world.connected);
            assertEquals(1, world.online());
            for (int port = 1; port <= 2 * Endpoints.ENDPOINTS_MAX; port++) {
                world.first.directAll(Directive.Kind.RECONNECT, 0, "host:" + port);
                world.run(12_000);
            }
            assertEquals(Endpoints.ENDPOINTS_MAX, world.connected.size());
            assertEquals(1, world.online());
            assertFalse(world.simulation.report().phones().redirects() == 0);
        }
    }

    @Test
    void theSameSeedSendsThePhonesTheSameWay() throws IOException {
        TreeSet<String> reports = new TreeSet<>();
        for (int i = 0; i < 2; i++) {
            try (World world =
                    new World(SimulationConfig.of(City.sf()).withVehicles(30).withSeed(9), true, FIRST, SECOND)) {
                world.run(120_000);
                world.first.sendsTo = SECOND;
                world.run(120_000);
                world.second.kill();
                world.first.sendsTo = "";
                world.run(120_000);
                SimulationReport report = world.finish();
                reports.add(report.fixes() + " " + report.trips() + " " + report.phones() + " "
                        + world.simulation.fleetDigest());
            }
        }
        assertEquals(1, reports.size(), reports.toString());
    }
}
