package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.simulator.Pauses;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo --migrate-every}: ranges move all the time, and but for the report nobody can tell. */
final class MigrationDriverTest {
    private static final long SEED = Long.getLong("seed", 7);
    private static final List<String> NONE = List.of();
    private static final List<String> OFTEN = List.of("--migrate-every", "2s");

    @TempDir
    private Path directory;

    @Test
    void roundsPricesAndTripsAreTheSameWhetherOrNotRangesMoved() throws Exception {
        JsonNode still = run("still", NONE);
        JsonNode moved = run("moved", OFTEN);

        assertThat(still.at("/migrations/count").asLong()).isZero();
        assertThat(moved.at("/migrations/count").asLong())
                .as("seed %d, %s", SEED, moved)
                .isGreaterThan(200);
        assertThat(moved.at("/invariants/ok").asBoolean()).as("%s", moved).isTrue();
        Decisions without = Decisions.of(directory.resolve("still"));
        Decisions with = Decisions.of(directory.resolve("moved"));
        assertThat(with.prices()).as("seed %d", SEED).isNotEmpty().isEqualTo(without.prices());
        assertThat(with.rounds()).as("seed %d", SEED).isNotEmpty().isEqualTo(without.rounds());
        assertThat(with.trips()).as("seed %d", SEED).isNotEmpty().isEqualTo(without.trips());
        // The log itself is another one: the comparison would notice nothing if nothing had moved.
        assertThat(moved.get("digest")).isNotEqualTo(still.get("digest"));
    }

    @Test
    void sameSeedMovesTheSameRanges() throws Exception {
        JsonNode first = run("first", OFTEN);
        JsonNode again = run("again", OFTEN);

        assertThat(again.get("digest")).as("seed %d", SEED).isEqualTo(first.get("digest"));
        assertThat(again.get("migrations")).as("seed %d", SEED).isEqualTo(first.get("migrations"));
    }

    /** Scripts read these; a key is added, never renamed. */
    @Test
    void theKeysOfTheReportAreAContract() {
        Pauses.Figures figures = new Pauses.Figures(3, 1.25, 2.5, 3.75);
        Pauses.Throughput throughput = new Pauses.Throughput(10, 200, 190, 5);
        ObjectNode root = new ObjectMapper().createObjectNode();
        new MigrationReport(3, 1, figures, 17, throughput, Optional.of(figures)).putInto(root);

        assertThat(root)
                .hasToString("{\"migrations\":{\"count\":3,\"aborted\":1,"
                        + "\"pause_ms\":{\"p50\":1.25,\"p99\":2.5,\"max\":3.75},"
                        + "\"buffered_max\":17,\"dip_percent\":5.0},"
                        + "\"handovers\":{\"count\":3,\"pause_ms\":{\"p50\":1.25,\"p99\":2.5}}}");
    }

    @Test
    void aReportHasTheseKeys() throws Exception {
        List<String> keys = new ArrayList<>();
        run("keys", NONE).fieldNames().forEachRemaining(keys::add);

        assertThat(keys)
                .containsExactly(
                        "fixes",
                        "trips",
                        "wait_s",
                        "pickup_eta_s",
                        "vehicles",
                        "phones",
                        "rounds",
                        "prices",
                        "latency_ms",
                        "invariants",
                        "migrations",
                        "digest",
                        "seed",
                        "policy",
                        "durability",
                        "virtual_seconds",
                        "wall_seconds");
    }

    private JsonNode run(String name, List<String> more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "demo",
                "--in-process",
                "--speed",
                "max",
                "--virtual-duration",
                "10m",
                "--vehicles",
                "120",
                "--seed",
                Long.toString(SEED),
                "--http-port",
                "0",
                "--data-dir",
                directory.resolve(name).toString(),
                "--json"));
        arguments.addAll(more);
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}
