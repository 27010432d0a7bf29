package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.testing.GoldenDirectory;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.LogVerifier;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.TripRequested;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logs written by every generation of events so far are read, and carried on, by this one. Generation 1 wrote every
 * payload type in its version 1; each new version of any type begins the next. {@code -Dgolden.write=true} writes the
 * current one's; earlier ones are never rewritten.
 */
final class GoldenEventsTest {
    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden");
    private static final int GENERATION = GoldenEvents.generation();
    private static final int CITY_PARTITION_COUNT = 4;
    private static final int CITY_TURNS = 2_000;

    @TempDir
    private Path directory;

    @BeforeAll
    static void writeTheCurrentGenerationWhenAsked(@TempDir Path scratch) throws IOException {
        if (!GoldenDirectory.isWriting()) {
            return;
        }
        Path into = Files.createDirectories(GOLDEN.resolve("v" + GENERATION));
        Path events = scratch.resolve("events");
        GoldenEvents.writeEveryPayload(events);
        write(events, into, "events");
        Path run = scratch.resolve("run");
        Files.deleteIfExists(into.resolve("city.ledger"));
        CommandRun demo = CommandRun.of(
                "demo",
                "--in-process",
                "--speed",
                "max",
                "--virtual-duration",
                "6m",
                "--vehicles",
                "25",
                "--seed",
                "7",
                "--http-port",
                "0",
                "--ledger",
                into.resolve("city.ledger").toString(),
                "--data-dir",
                run.toString());
        assertThat(demo.exitCode()).as(demo.err()).isZero();
        Path city = scratch.resolve("city");
        GoldenEvents.copy(run, city, CITY_PARTITION_COUNT);
        write(city, into, "city");
    }

    private static void write(Path dataDir, Path into, String name) throws IOException {
        GoldenDirectory.pack(dataDir, into.resolve(name + ".zip"), Set.of("lock"));
        try (LogReader reader = LogReader.open(new MappedDisk(), dataDir)) {
            Files.write(into.resolve(name + ".jsonl"), GoldenEvents.render(reader.partitions()));
        }
    }

    static IntStream generations() {
        return IntStream.rangeClosed(1, GENERATION);
    }

    @ParameterizedTest
    @MethodSource("generations")
    void hasALogOfEveryGeneration(int generation) {
        assertThat(golden(generation, "events.zip"))
                .as(
                        "golden logs of event generation %d: write them once, with -Dtest=GoldenEventsTest "
                                + "-Dgolden.write=true",
                        generation)
                .exists();
    }

    @ParameterizedTest
    @MethodSource("generations")
    void bringsEveryPayloadToItsCurrentVersion(int generation) {
        List<Event> events = new ArrayList<>();
        try (LogReader reader = LogReader.open(new MappedDisk(), unpack(generation, "events"))) {
            for (PartitionReader partition : reader.partitions()) {
                HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                    events.add(EventReader.read(buffer, index, length));
                    return true;
                });
            }
        }

        assertThat(events)
                .isNotEmpty()
                .allSatisfy(event ->
                        assertThat(event.getSchemaVersion()).isEqualTo(SchemaVersion.current(event.getPayloadCase())));
    }

    /** Generation 1 did not say how long a ride is. */
    @Test
    void derivesTheDistanceOfRidesThatGenerationOneRequested() {
        List<TripRequested> requests = new ArrayList<>();
        try (LogReader reader = LogReader.open(new MappedDisk(), unpack(1, "city"))) {
            for (PartitionReader partition : reader.partitions()) {
                HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                    if (type == RecordType.EVENT) {
                        Event event = EventReader.read(buffer, index, length);
                        if (event.hasTripRequested()) {
                            requests.add(event.getTripRequested());
                        }
                    }
                    return true;
                });
            }
        }

        assertThat(requests).hasSizeGreaterThan(3).allSatisfy(request -> {
            double meters =
                    EventCodec.point(request.getPickup()).distanceMeters(EventCodec.point(request.getDropoff()));
            assertThat(request.getTripDistanceMeters()).isPositive().isEqualTo((int) Math.round(meters * 1.3));
        });
    }

    @ParameterizedTest
    @MethodSource("generations")
    void readsEveryPayloadAsItWasMeant(int generation) throws IOException {
        assertThat(read(generation, "events")).isEqualTo(expected(generation, "events"));
    }

    @ParameterizedTest
    @MethodSource("generations")
    void readsAWholeCity(int generation) throws IOException {
        assertThat(read(generation, "city")).isEqualTo(expected(generation, "city"));
    }

    @ParameterizedTest
    @MethodSource("generations")
    void runsANodeOnItsLog(int generation) throws Exception {
        Path data = unpack(generation, "city");
        Settings settings = Settings.resolve(Map.of(Setting.DATA_DIR, data.toString()), Map.of(), null);
        NodeConfig config = NodeConfig.of(settings).keepingAllFixes();
        try (HailstormNode node = HailstormNode.open(config, new SystemTimeSource())) {
            node.startInProcess();
            for (int turn = 0; turn < CITY_TURNS; turn++) {
                node.turn();
            }
            assertThat(node.isHealthy()).isTrue();
        }

        assertThat(LogVerifier.verify(new MappedDisk(), data).problems()).isEmpty();
        try (LogReader reader = LogReader.open(new MappedDisk(), data)) {
            List<String> now = GoldenEvents.render(reader.partitions());
            assertThat(now).containsAll(expected(generation, "city"));
            assertThat(now).hasSizeGreaterThan(expected(generation, "city").size());
            assertThat(reader.partition(StreamName.TRIPS, 0).durableOffset()).isPositive();
        }
        CommandRun history = CommandRun.of(
                "log",
                "check-history",
                "--data-dir",
                data.toString(),
                "--clients",
                golden(generation, "city.ledger").toString(),
                "--json");
        assertThat(history.exitCode()).as(history.out()).isZero();
        assertThat(new ObjectMapper().readTree(history.out()).get("acked").asLong())
                .isPositive();
    }

    @Test
    void holdsEveryPayloadType() throws IOException {
        List<String> written = expected(GENERATION, "events");
        assertThat(GoldenEvents.payloads())
                .allSatisfy(payload ->
                        assertThat(written).anyMatch(line -> line.contains("\"" + payload.getName() + "\":{")));
    }

    private List<String> read(int generation, String name) {
        try (LogReader reader = LogReader.open(new MappedDisk(), unpack(generation, name))) {
            return GoldenEvents.render(reader.partitions());
        }
    }

    private Path unpack(int generation, String name) {
        GoldenDirectory.unpack(golden(generation, name + ".zip"), directory);
        return directory;
    }

    private static List<String> expected(int generation, String name) throws IOException {
        return Files.readAllLines(golden(generation, name + ".jsonl"));
    }

    private static Path golden(int generation, String name) {
        return GOLDEN.resolve("v" + generation).resolve(name);
    }
}
