package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.ingest.DevKeys;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenVerifier;
import io.hailstorm.kernel.SystemTimeSource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes given the same directory of keys accept each other's tokens and quotes. */
final class SharedKeysTest {
    private static final byte[] QUOTE = "a quote".getBytes(StandardCharsets.UTF_8);

    @TempDir
    private Path directory;

    @Test
    void twoNodesWithOneDirectoryOfKeysSignAlike() {
        Path shared = directory.resolve("shared");
        NodeConfig first = config("a", Map.of(Setting.KEYS_DIR, shared.toString()));
        NodeConfig second = config("b", Map.of(Setting.KEYS_DIR, shared.toString()));

        Path keysOfFirst =
                DataDirectory.create(first.dataDir(), first.keysDir()).keys();
        Path keysOfSecond =
                DataDirectory.create(second.dataDir(), second.keysDir()).keys();

        assertThat(QuoteKey.loadOrCreate(keysOfFirst).sign(QUOTE))
                .isEqualTo(QuoteKey.loadOrCreate(keysOfSecond).sign(QUOTE));
        DevKeys.loadOrCreate(keysOfFirst);
        assertThat(token("--data-dir", directory.resolve("b").toString(), "--keys-dir", shared.toString()))
                .isEqualTo(7);
    }

    @Test
    void aNodeKeepsItsKeysWithItsDataUnlessTold() {
        NodeConfig first = config("a", Map.of());
        NodeConfig second = config("b", Map.of(Setting.KEYS_DIR, " "));

        assertThat(first.keysDir()).isEqualTo(directory.resolve("a").resolve("keys"));
        assertThat(second.keysDir()).isEqualTo(directory.resolve("b").resolve("keys"));
        assertThat(QuoteKey.loadOrCreate(first.keysDir()).sign(QUOTE))
                .isNotEqualTo(QuoteKey.loadOrCreate(second.keysDir()).sign(QUOTE));
    }

    @Test
    void saysWhereItLookedForKeysThatAreNotThere() {
        Path nowhere = directory.resolve("nowhere");
        CommandRun run = CommandRun.of("token", "--role", "driver", "--subject", "7", "--keys-dir", nowhere.toString());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(nowhere.toString()).contains("--keys-dir");
        assertThat(Files.exists(nowhere)).isFalse();
    }

    /** The driver a token of the shared keys names, as the other node's verifier reads it. */
    private long token(String... where) {
        String[] arguments = new String[5 + where.length];
        System.arraycopy(new String[] {"token", "--role", "driver", "--subject", "7"}, 0, arguments, 0, 5);
        System.arraycopy(where, 0, arguments, 5, where.length);
        CommandRun run = CommandRun.of(arguments);
        assertThat(run.exitCode()).as(run.err()).isZero();
        var principal = new TokenVerifier(DevKeys.loadOrCreate(directory.resolve("shared")), new SystemTimeSource())
                .verify(run.out().trim());
        assertThat(principal.role()).isEqualTo(Role.DRIVER);
        return principal.id();
    }

    private NodeConfig config(String name, Map<Setting, String> flags) {
        Map<Setting, String> all = new java.util.EnumMap<>(Setting.class);
        all.put(Setting.DATA_DIR, directory.resolve(name).toString());
        all.putAll(flags);
        return NodeConfig.of(Settings.resolve(all, Map.of(), null));
    }
}
