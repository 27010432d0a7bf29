package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The production node, fleet and riders in one thread on virtual time, from a fixed seed. */
final class WholeNodeSimulationTest {
    private static final long SEED = Long.getLong("seed", 7);

    @TempDir
    private Path dataDir;

    @Test
    void sameSeedGivesTheSameTripsAndAnotherSeedOthers() throws Exception {
        JsonNode first = run(SEED, "first");
        JsonNode again = run(SEED, "again");
        JsonNode other = run(SEED + 1, "other");

        assertThat(again.get("digest")).as("seed %d", SEED).isEqualTo(first.get("digest"));
        assertThat(other.get("digest")).as("seed %d", SEED + 1).isNotEqualTo(first.get("digest"));
    }

    @Test
    void everyFixIsAccountedForAndEveryInvariantHolds() throws Exception {
        JsonNode report = run(SEED, "whole");

        JsonNode fixes = report.get("fixes");
        long rejected = 0;
        for (JsonNode count : fixes.get("rejected")) {
            rejected += count.asLong();
        }
        assertThat(fixes.get("accepted").asLong()
                        + fixes.get("duplicate").asLong()
                        + fixes.get("late").asLong()
                        + rejected)
                .as("outcomes of %s", fixes)
                .isEqualTo(fixes.get("sent").asLong());
        assertThat(report.get("invariants").get("ok").asBoolean())
                .as("%s", report)
                .isTrue();
        assertThat(report.get("trips").get("completed").asLong())
                .as("%s", report)
                .isPositive();
        assertThat(report.get("prices").get("changes").asLong()).isPositive();
    }

    private JsonNode run(long seed, String name) throws Exception {
        CommandRun run = CommandRun.of(
                "demo",
                "--in-process",
                "--speed",
                "max",
                "--virtual-duration",
                "20m",
                "--vehicles",
                "120",
                "--seed",
                Long.toString(seed),
                "--http-port",
                "0",
                "--data-dir",
                dataDir.resolve(name).toString(),
                "--json");
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}
