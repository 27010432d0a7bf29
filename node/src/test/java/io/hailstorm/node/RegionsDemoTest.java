package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo --regions}: phones over real connections, two regions and their witness. */
final class RegionsDemoTest {
    @TempDir
    private Path directory;

    @Test
    void driversCrossAndRangesMoveBetweenRegionsOfOneProcess() throws Exception {
        JsonNode report = run("--duration", "6s", "--migrate-every", "10s");

        assertThat(report.at("/invariants/ok").asBoolean()).as("%s", report).isTrue();
        assertThat(report.at("/durability").asText()).isEqualTo("GEO");
        assertThat(report.at("/fixes/unacked").asLong()).as("%s", report).isZero();
        assertThat(report.at("/handovers/count").asLong()).as("%s", report).isPositive();
        assertThat(report.at("/migrations/count").asLong()).as("%s", report).isPositive();
        JsonNode history = checkHistory();
        assertThat(history.at("/ok").asBoolean()).as("%s", history).isTrue();
        assertThat(history.at("/acked").asLong())
                .isEqualTo(report.at("/fixes/accepted").asLong());
    }

    /** Both regions' copies of the log, and what the phones wrote down. */
    private JsonNode checkHistory() throws Exception {
        String directories = directory.resolve("run/sf-north") + "," + directory.resolve("run/sf-south");
        CommandRun run = CommandRun.of(
                "log",
                "check-history",
                "--data-dir",
                directories,
                "--clients",
                directory.resolve("ledger").toString(),
                "--json");
        assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }

    @Test
    void virtualTimeOfOneThreadHasNoRegions() {
        CommandRun run = CommandRun.of(
                "demo", "--regions", "sf-north,sf-south", "--in-process", "--speed", "max", "--virtual-duration", "1m");

        assertThat(run.exitCode()).isNotZero();
        assertThat(run.err()).contains("--in-process").contains("--regions");
    }

    private JsonNode run(String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("demo", "--regions", "sf-north,sf-south", "--speed", "20"));
        arguments.addAll(List.of("--partitions", "2", "--vehicles", "60", "--seed", "7", "--json"));
        arguments.addAll(List.of("--grpc-port", "0", "--http-port", "0"));
        arguments.addAll(List.of("--data-dir", directory.resolve("run").toString()));
        arguments.addAll(List.of("--ledger", directory.resolve("ledger").toString()));
        arguments.addAll(List.of(more));
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return new ObjectMapper().readTree(run.out());
    }
}
