package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.testing.VirtualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokensTest {
    private final VirtualTime time = new VirtualTime(1_800_000_000_000L);
    private final DevKeys keys = DevKeys.ephemeral();
    private final TokenVerifier verifier = new TokenVerifier(keys, time);

    @Test
    void aTokenSaysWhoItsBearerIs() {
        String token = new TokenIssuer(keys, time).issue(Role.DRIVER, 42, Duration.ofMinutes(1));
        assertThat(verifier.verify(token)).isEqualTo(new Principal(Role.DRIVER, 42, time.epochMs() + 60_000));
        assertThat(verifier.verify(token).id()).as("from the cache").isEqualTo(42);
    }

    @Test
    void aTokenEndsEvenWhenRemembered() {
        String token = new TokenIssuer(keys, time).issue(Role.DRIVER, 42, Duration.ofMinutes(1));
        verifier.verify(token);
        time.advanceMs(60_000);
        assertThatThrownBy(() -> verifier.verify(token))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("expired");
    }

    @Test
    void refusesATokenOfAnotherKeyAnAlteredOneAndGarbage() {
        String foreign = new TokenIssuer(DevKeys.ephemeral(), time).issue(Role.DRIVER, 42, Duration.ofMinutes(1));
        assertThatThrownBy(() -> verifier.verify(foreign)).hasMessageContaining("signature");
        String own = new TokenIssuer(keys, time).issue(Role.DRIVER, 42, Duration.ofMinutes(1));
        String otherClaims = new TokenIssuer(keys, time).issue(Role.ADMIN, 1, Duration.ofMinutes(1));
        String mixed = own.substring(0, own.indexOf('.'))
                + otherClaims.substring(otherClaims.indexOf('.'), otherClaims.lastIndexOf('.'))
                + own.substring(own.lastIndexOf('.'));
        assertThatThrownBy(() -> verifier.verify(mixed)).hasMessageContaining("signature");
        assertThatThrownBy(() -> verifier.verify("garbage")).hasMessageContaining("not a signed JWT");
    }

    @Test
    void keepsTheKeyInAFileOnlyTheOwnerReads(@TempDir Path directory) throws IOException {
        DevKeys made = DevKeys.loadOrCreate(directory.resolve("new"));
        DevKeys loaded = DevKeys.loadOrCreate(directory.resolve("new"));
        Path file = directory.resolve("new").resolve(DevKeys.FILE_NAME);
        assertThat(loaded.keyPair()).isEqualTo(made.keyPair());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var files = Files.list(file.resolveSibling("."))) {
            assertThat(files).as("no draft is left").hasSize(1);
        }
        Files.writeString(file, "broken");
        assertThatThrownBy(() -> DevKeys.loadOrCreate(directory.resolve("new"))).hasMessageContaining(file.toString());
    }
}
