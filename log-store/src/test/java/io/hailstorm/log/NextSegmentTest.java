package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class NextSegmentTest {
    private static final Path DIRECTORY = Path.of("/log/fixes-0");
    private static final int SEGMENT_BYTES = 4 * Disk.PAGE_BYTES;

    private final FaultyDisk disk = new FaultyDisk();
    private final NextSegment next = new NextSegment(disk, DIRECTORY, SEGMENT_BYTES);

    @Test
    void theSyncerLeavesATakenFileAloneUntilItBearsItsOwnName() {
        disk.createDirectories(DIRECTORY);
        while (next.take() == null) {
            next.doWork(0, true, 0);
        }
        MappedFile taken = Objects.requireNonNull(next.take());
        taken.buffer().putInt(0, 42);

        assertThat(next.doWork(1, true, 0))
                .as("work between taking and renaming")
                .isZero();

        Path segment = DIRECTORY.resolve("segment");
        disk.rename(next.path(), segment);
        next.released();
        assertThat(next.doWork(2, true, 0)).as("work after renaming").isEqualTo(1);
        byte[] content = disk.readAll(segment).orElseThrow();
        assertThat(content).hasSize(SEGMENT_BYTES);
        assertThat(content[0]).isEqualTo((byte) 42);
    }
}
