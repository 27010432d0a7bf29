package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.ingest.SessionSnapshot;
import io.hailstorm.kernel.HailstormException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DriverDirectoryTest {
    @TempDir
    private Path directory;

    @Test
    void keepsEntriesAndOffsetsOverAnOrderlyRestart() {
        SessionSnapshot snapshot = snapshot(7, new long[SessionSnapshot.MASK_WORDS]);
        try (DriverDirectory drivers = DriverDirectory.open(directory, 100)) {
            drivers.put(snapshot);
            drivers.commitOffsets(Map.of("fixes", List.of(3L, 4L)));
        }

        try (DriverDirectory drivers = DriverDirectory.open(directory, 100)) {
            assertThat(drivers.get(7)).contains(withoutMask(snapshot));
            assertThat(drivers.offsets()).isEqualTo(Map.of("fixes", List.of(3L, 4L)));
        }
    }

    @Test
    void keepsTheMaskOfNumbersSeenOutOfOrder() {
        long[] mask = new long[SessionSnapshot.MASK_WORDS];
        mask[3] = 0b1010;
        SessionSnapshot snapshot = snapshot(7, mask);

        assertThat(DriverEntryDescriptor.decode(7, DriverEntryDescriptor.encode(snapshot)))
                .isEqualTo(snapshot);
    }

    @Test
    void opensWithRecoveryAfterAProcessThatDidNotClose() throws Exception {
        SessionSnapshot snapshot = snapshot(9, new long[0]);
        try (DriverDirectory drivers = DriverDirectory.open(directory, 100)) {
            drivers.put(snapshot);
        }
        Files.delete(directory.resolve("clean"));

        try (DriverDirectory drivers = DriverDirectory.open(directory, 100)) {
            assertThat(drivers.get(9)).contains(snapshot);
        }
    }

    @Test
    void readsWhileAnotherHolderWrites() {
        try (DriverDirectory writer = DriverDirectory.open(directory, 100)) {
            writer.put(snapshot(1, new long[0]));
            try (DriverDirectory reader = DriverDirectory.openShared(directory)) {
                writer.put(snapshot(2, new long[0]));
                assertThat(reader.get(2)).isPresent();
            }
        }
    }

    @Test
    void saysWhereItLookedInVain() {
        assertThatThrownBy(() -> DriverDirectory.openShared(directory.resolve("none")))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("none")
                .hasMessageContaining("--data-dir");
    }

    private static SessionSnapshot withoutMask(SessionSnapshot snapshot) {
        return snapshot(snapshot.driver(), new long[0]);
    }

    private static SessionSnapshot snapshot(long driver, long[] mask) {
        return new SessionSnapshot(
                driver,
                11,
                12,
                10,
                mask,
                3,
                (byte) 1,
                377_000_000,
                -1_224_000_000,
                1_000_000,
                0x89283082803ffffL,
                2,
                5,
                4);
    }
}
