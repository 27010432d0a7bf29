package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettingsTest {
    @TempDir
    private Path directory;

    @Test
    void flagsWinOverEnvironmentOverFileOverDefaults() throws Exception {
        Path yaml = Files.writeString(
                directory.resolve("node.yaml"), "grpc-port: 1\nhttp-port: 2\npartitions: 3\ncity: nyc\n");
        Settings settings = Settings.resolve(
                Map.of(Setting.GRPC_PORT, "10"),
                Map.of("HAILSTORM_GRPC_PORT", "20", "HAILSTORM_HTTP_PORT", "21"),
                yaml);

        assertThat(settings.value(Setting.GRPC_PORT)).isEqualTo(new Settings.Value("10", "flag --grpc-port"));
        assertThat(settings.value(Setting.HTTP_PORT)).isEqualTo(new Settings.Value("21", "env HAILSTORM_HTTP_PORT"));
        assertThat(settings.value(Setting.PARTITIONS)).isEqualTo(new Settings.Value("3", "file " + yaml));
        assertThat(settings.value(Setting.POLICY)).isEqualTo(new Settings.Value("batch", "default"));
    }

    /** A default is a promise to everybody who did not set it; changing one shows here. */
    @Test
    void defaultsAreThese() {
        assertThat(Arrays.stream(Setting.values()).map(setting -> setting.text() + "=" + setting.defaultValue()))
                .containsExactly(
                        "grpc-host=0.0.0.0",
                        "grpc-port=7100",
                        "http-host=127.0.0.1",
                        "http-port=8100",
                        "data-dir=hailstorm-data",
                        "keys-dir=",
                        "log=embedded",
                        "bootstrap=",
                        "kafka-prefix=hailstorm",
                        "kafka-replication=3",
                        "node-id=",
                        "advertise=",
                        "regions=",
                        "regions-file=",
                        "region=",
                        "peers=",
                        "endpoints=",
                        "witness=",
                        "region-host=0.0.0.0",
                        "region-port=7200",
                        "region-ack=GEO",
                        "region-return=false",
                        "region-suspect-ms=1500",
                        "city=sf",
                        "partitions=4",
                        "balance=false",
                        "policy=batch",
                        "fixes-ack=DISK",
                        "fixes-commit-ms=5",
                        "trips-commit-ms=2",
                        "fixes-retention-hours=6",
                        "fixes-compact-hours=0",
                        "log-compression=NONE",
                        "log-keyset=",
                        "checkpoint-s=10",
                        "drivers-max=200000",
                        "rate-limits=true",
                        "event-loops=1");
    }
}
