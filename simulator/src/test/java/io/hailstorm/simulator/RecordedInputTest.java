package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecordedInputTest {
    private static final String FIXES = """
        vehicle_id,epoch_ms,lat,lon,occupied
        a,1000,37.78,-122.41,0
        b,1000,37.79,-122.40,1
        a,3000,37.7801,-122.4101,0
        a,3000,37.7801,-122.4101,0
        b,62000,37.80,-122.42,0
        a,63000,95.5,-122.42,0
        """;
    private static final String TRIPS = """
        duration_s,epoch_ms,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon
        60,20000,37.781,-122.411,37.79,-122.40
        60,5000,37.791,-122.401,37.78,-122.41
        """;

    @TempDir
    Path folder;

    private final List<String> messages = new ArrayList<>();

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private RecordedFixes fixes(Path file) {
        return RecordedFixes.read(file, Optional.empty(), Optional.empty(), messages::add);
    }

    private RecordedTrips trips(Path file) {
        return RecordedTrips.read(file, Optional.empty(), Optional.empty(), messages::add);
    }

    @Test
    void readsPlainAndGzipByTheirFirstBytes() throws IOException {
        Path gzip = folder.resolve("fixes.csv"); // the name does not tell
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
            out.write(FIXES.getBytes(StandardCharsets.UTF_8));
        }
        for (RecordedFixes read : List.of(fixes(file("plain", FIXES)), fixes(gzip))) {
            assertEquals(6, read.size());
            assertEquals(2, read.vehicleCount());
            assertEquals(1_000, read.startMs());
            assertEquals(63_000, read.endMs());
            assertEquals(377_800_000, read.latE7(0));
            assertTrue(read.isOccupied(1));
            assertEquals(RecordedFixes.driverIdOf("b"), read.driver(read.vehicle(1)));
        }
        assertTrue(messages.isEmpty());
    }

    @Test
    void reportsMalformedRowsWithFileLineAndReasonAndGoesOn() throws IOException {
        Path file = file("bad.csv", """
            vehicle_id,epoch_ms,lat,lon
            a,1000,37.78
            a,soon,37.78,-122.41
            a,1000,NaN,-122.41
            a,1000,37.78,Infinity
            a,1000,37.78,999
            ,1000,37.78,-122.41
            a,1000,37.78,-122.41
            """);
        RecordedFixes read = fixes(file);
        assertEquals(1, read.size());
        assertEquals(6, read.malformedCount());
        assertEquals(6, messages.size());
        assertEquals(file + ":2: malformed row: expected 4 values, got 3", messages.get(0));
        assertEquals(file + ":3: malformed row: epoch_ms is not a whole number: \"soon\"", messages.get(1));
        assertEquals(file + ":4: malformed row: lat is not a coordinate: \"NaN\"", messages.get(2));
        assertEquals(file + ":6: malformed row: lon is not a coordinate: \"999\"", messages.get(4));
    }

    @Test
    void reportsTheFirstMalformedRowsAndThenACount() throws IOException {
        Path file = file("many.csv", "vehicle_id,epoch_ms,lat,lon\n" + "x\n".repeat(100) + "a,1000,37.78,-122.41\n");
        assertEquals(100, fixes(file).malformedCount());
        assertEquals(CsvRows.REPORTED_MAX + 1, messages.size());
        assertEquals(file + ": 100 malformed rows in all", messages.getLast());
    }

    @Test
    void refusesAFileWithoutAUsableRow() throws IOException {
        List<Path> files = List.of(
                file("empty", ""),
                file("header", "vehicle_id,epoch_ms,lat,lon\n"),
                file("garbage", "\u0000\u0001garbage\nmore\n"),
                file("column", "vehicle_id,time,lat,lon\na,1,2,3\n"),
                Files.write(folder.resolve("torn.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0, 0}),
                folder.resolve("absent"));
        for (Path file : files) {
            HailstormException e = assertThrows(HailstormException.class, () -> fixes(file), file.toString());
            assertTrue(String.valueOf(e.getMessage()).contains(file.toString()), String.valueOf(e.getMessage()));
        }
    }

    @Test
    void keepsOnlyTheWindowAndSortsByTime() throws IOException {
        RecordedFixes read = RecordedFixes.read(
                file("fixes", FIXES),
                Optional.of(Instant.ofEpochMilli(3_000)),
                Optional.of(Instant.ofEpochMilli(63_000)),
                messages::add);
        assertEquals(3, read.size());
        assertEquals(3_000, read.startMs());
        assertEquals(62_000, read.endMs());
        RecordedTrips trips = trips(file("trips", TRIPS));
        assertEquals(5_000, trips.startMs());
        assertEquals(377_910_000, trips.pickup(0).latE7());
        assertEquals(377_810_000, trips.pickup(1).latE7());
    }

    @Test
    void recordedFixesAreStreamedAsTheyAre() throws IOException {
        RecordedFixes recorded = fixes(file("fixes", FIXES));
        try (FakeServer server = new FakeServer("open-loop")) {
            SimulationReport report = run(server, SimulationConfig.of(City.sf()).withFixes(recorded), recorded);
            assertEquals(6, report.fixes().sent());
            assertEquals(5, report.fixes().accepted());
            assertEquals(1, report.fixes().rejected().get("coordinates_out_of_range"));
            assertTrue(report.fixes().isAccounted());
            assertEquals(0, report.trips().requested());
            List<Fix> a = visible(server, "a");
            assertEquals(
                    List.of(1_000L, 3_000L, 3_000L),
                    a.stream().map(Fix::getDeviceTimeMs).toList());
            assertEquals(List.of(1L, 2L, 3L), a.stream().map(Fix::getSeq).toList());
            List<Fix> b = visible(server, "b");
            assertEquals(DriverState.ON_TRIP, b.getFirst().getState());
            assertEquals(DriverState.IDLE, b.getLast().getState());
        }
    }

    @Test
    void recordedTripsAreAskedForByTheRecordedFleetDuringItsShifts() throws IOException {
        RecordedFixes recorded = fixes(file("fixes", FIXES));
        RecordedTrips trips = trips(file("trips", TRIPS));
        try (FakeServer server = new FakeServer("recorded-both")) {
            SimulationReport report = run(
                    server,
                    SimulationConfig.of(City.sf())
                            .withRealism(Realism.off())
                            .withFixes(recorded)
                            .withTrips(trips),
                    recorded);
            assertEquals(2, report.trips().requested());
            assertEquals(2, report.vehicles().fleet());
            assertTrue(report.fixes().isAccounted());
            for (String vehicle : List.of("a", "b")) {
                List<Fix> fixes = visible(server, vehicle);
                assertEquals(
                        vehicle.equals("a") ? 377_800_000 : 377_900_000,
                        fixes.getFirst().getLatE7());
                assertEquals(DriverState.OFFLINE, fixes.getLast().getState(), vehicle);
            }
        }
    }

    @Test
    void simulatedVehiclesStartAtRecordedPickups() throws IOException {
        RecordedTrips trips = trips(file("trips", TRIPS));
        try (FakeServer server = new FakeServer("recorded-trips")) {
            SimulationConfig config = SimulationConfig.of(City.sf())
                    .withRealism(Realism.off())
                    .withVehicles(4)
                    .withTrips(trips);
            VirtualTime time = new VirtualTime(trips.startMs());
            try (Simulation simulation = Simulation.create(
                    config, List.of(server.channel()), (role, id) -> role + "-" + id, time, Optional.empty(), 5_000)) {
                for (long now = 5_000; now < 600_000; now += 100) {
                    simulation.step(now);
                    server.work(now);
                }
                assertTrue(simulation.isInputExhausted());
                assertEquals(2, simulation.report().trips().requested());
                server.drivers.values().forEach(driver -> {
                    int lat = driver.sessions
                            .firstEntry()
                            .getValue()
                            .visible
                            .getFirst()
                            .getLatE7();
                    assertTrue(lat == 377_810_000 || lat == 377_910_000);
                });
            }
        }
    }

    private static SimulationReport run(FakeServer server, SimulationConfig config, RecordedFixes recorded) {
        VirtualTime time = new VirtualTime(recorded.startMs());
        try (Simulation simulation = Simulation.create(
                config,
                List.of(server.channel()),
                (role, id) -> role + "-" + id,
                time,
                Optional.empty(),
                recorded.startMs())) {
            long now = recorded.startMs();
            for (; now < 3_600_000; now += 100) {
                simulation.step(now);
                server.work(now);
            }
            assertTrue(simulation.isInputExhausted());
            simulation.finish(now);
            while (!simulation.isFinished()) {
                now += 100;
                simulation.step(now);
                server.work(now);
            }
            return simulation.report();
        }
    }

    private static List<Fix> visible(FakeServer server, String vehicle) {
        return server.driver(RecordedFixes.driverIdOf(vehicle))
                .sessions
                .firstEntry()
                .getValue()
                .visible;
    }
}
