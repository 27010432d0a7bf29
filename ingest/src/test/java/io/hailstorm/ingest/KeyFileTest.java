package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeyFileTest {
    private static final int STARTERS = 8;

    @TempDir
    private Path directory;

    @Test
    void everybodyWhoStartsAtOnceGetsTheSameSecret() throws Exception {
        for (int round = 0; round < 20; round++) {
            Path file = directory.resolve("keys").resolve("secret-" + round);
            List<byte[]> seen = startTogether(file);
            assertThat(seen).allSatisfy(secret -> assertThat(secret).isEqualTo(seen.getFirst()));
            assertThat(Files.readAllBytes(file)).isEqualTo(seen.getFirst());
        }
        try (var files = Files.list(directory.resolve("keys"))) {
            assertThat(files).as("no draft is left").hasSize(20);
        }
    }

    private static List<byte[]> startTogether(Path file) throws Exception {
        CyclicBarrier together = new CyclicBarrier(STARTERS);
        AtomicInteger next = new AtomicInteger();
        try (var threads = Executors.newFixedThreadPool(STARTERS)) {
            List<Future<byte[]>> starts = new ArrayList<>();
            for (int i = 0; i < STARTERS; i++) {
                starts.add(threads.submit(() -> KeyFile.readOrCreate(file, () -> {
                    await(together); // nobody has seen the file, and everybody has a secret of their own
                    return new byte[] {(byte) next.getAndIncrement(), 1, 2, 3};
                })));
            }
            List<byte[]> seen = new ArrayList<>();
            for (Future<byte[]> start : starts) {
                seen.add(start.get());
            }
            return seen;
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aSecretThatExistsIsReadAndNotMadeAgain() throws Exception {
        Path file = Files.write(directory.resolve("secret"), new byte[] {7});
        assertThat(KeyFile.readOrCreate(file, () -> {
                    throw new AssertionError("asked for another one");
                }))
                .containsExactly(7);
    }

    @Test
    void onlyTheOwnerReadsIt() throws Exception {
        Path file = directory.resolve("secret");
        assertThat(KeyFile.readOrCreate(file, () -> new byte[] {1, 2})).containsExactly(1, 2);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }
}
