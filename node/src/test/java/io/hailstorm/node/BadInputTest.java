package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people get wrong on the command line, and what they are told. */
final class BadInputTest {
    @TempDir
    private Path directory;

    @Test
    void namesAnUnknownFlag() {
        CommandRun run = CommandRun.of("demo", "--vehicels", "10");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--vehicels");
    }

    @Test
    void namesTheValueAndTheOriginOfABadSetting() {
        CommandRun run = CommandRun.of("node", "--partitions", "0");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("partitions").contains("\"0\"").contains("flag --partitions");
    }

    @Test
    void reportsEachMalformedRowAndFailsWhenNoneIsUsable() throws Exception {
        Path csv = Files.writeString(directory.resolve("bad.csv"), """
            vehicle_id,epoch_ms,lat,lon
            a,yesterday,37.7,-122.4
            b,1211353200000,NaN,-122.4
            """);

        CommandRun run = CommandRun.of(
                "demo",
                "--fixes",
                csv.toString(),
                "--in-process",
                "--speed",
                "max",
                "--http-port",
                "0",
                "--data-dir",
                directory.resolve("data").toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("bad.csv").contains("yesterday").contains("NaN");
    }

    @Test
    void namesTheOccupiedPort() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CommandRun run = CommandRun.of(
                    "node",
                    "--grpc-host",
                    "127.0.0.1",
                    "--grpc-port",
                    Integer.toString(taken.getLocalPort()),
                    "--http-port",
                    "0",
                    "--data-dir",
                    directory.resolve("data").toString());

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .contains(Integer.toString(taken.getLocalPort()))
                    .contains("--grpc-port");
        }
    }

    @Test
    void namesADataDirectoryThatIsAFile() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");

        CommandRun run = CommandRun.of("node", "--data-dir", file.toString(), "--http-port", "0");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(file.toString()).contains("--data-dir");
    }

    @Test
    void saysThatNoNodeRanThere() {
        CommandRun run = CommandRun.of("log", "verify", "--data-dir", directory.toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(directory.toString()).contains("--data-dir");
    }

    @Test
    void refusesAnUnknownKeyInTheFile() throws Exception {
        Path yaml = Files.writeString(directory.resolve("node.yaml"), "grpc-prot: 7100\n");

        CommandRun run = CommandRun.of("config", "show", "--config", yaml.toString());

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("grpc-prot").contains("grpc-port");
    }
}
