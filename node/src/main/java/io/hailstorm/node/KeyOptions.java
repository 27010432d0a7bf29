package io.hailstorm.node;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags of every command that signs tokens itself: with whose keys. */
final class KeyOptions {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "hailstorm-data",
            description = "data directory of the node, for its signing keys (hailstorm-data)")
    private Path dataDir = Path.of("hailstorm-data");

    @Option(names = "--keys-dir", paramLabel = "DIR", description = "the node's keys, when they live elsewhere")
    @Nullable
    private Path keysDir;

    DataDirectory directory() {
        return keysDir == null ? new DataDirectory(dataDir) : new DataDirectory(dataDir, keysDir);
    }
}
