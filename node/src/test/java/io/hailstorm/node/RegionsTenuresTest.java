package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.SystemTimeSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code hailstorm regions tenures} and {@code return}, against two regions in this process. */
final class RegionsTenuresTest {
    @TempDir
    private Path directory;

    @Test
    void tellsWhoWritesWhatAndReturnsWhatIsAskedOfItsWriter() throws Exception {
        Settings settings = Settings.resolve(
                Map.of(
                        Setting.REGIONS, "sf-north,sf-south",
                        Setting.PARTITIONS, "1",
                        Setting.DATA_DIR, directory.toString(),
                        Setting.GRPC_PORT, "0",
                        Setting.HTTP_PORT, "0"),
                Map.of(),
                null);
        List<NodeConfig> configs = DemoRegions.configs(settings);
        String north = "localhost:" + configs.getFirst().ingest().port();
        try (LocalRegions _ =
                LocalRegions.open(configs, DemoRegions.witness(settings), new SystemTimeSource(), _ -> {})) {
            JsonNode tenures =
                    new ObjectMapper().readTree(ask("tenures", north, "--json").out());
            assertThat(tenures.at("/region").asText()).isEqualTo("sf-north");
            assertThat(tenures.at("/homes/0/primary").asText()).isEqualTo("sf-north");
            assertThat(tenures.at("/homes/0/role").asText()).isEqualTo("OWNER");
            assertThat(tenures.at("/homes/1/primary").asText()).isEqualTo("sf-south");
            assertThat(tenures.at("/homes/1/copies")).hasSize(2);
            assertThat(ask("tenures", north).out())
                    .contains("partitions of sf-south: written by sf-south in term 1")
                    .contains("here COPY");

            assertThat(ask("return", north, "--region", "sf-north").out()).contains("sf-north writes its partitions");
            CommandRun elsewhere = ask("return", north, "--region", "sf-south");
            assertThat(elsewhere.exitCode()).isNotZero();
            assertThat(elsewhere.err()).contains("ask sf-south");
        }
    }

    private CommandRun ask(String command, String target, String... more) {
        List<String> arguments = new ArrayList<>(List.of("regions", command, "--target", target));
        arguments.addAll(List.of("--keys-dir", directory.resolve("keys").toString()));
        arguments.addAll(List.of(more));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
