package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.agrona.concurrent.UnsafeBuffer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Every structure of a log says its version, and what a newer Hailstorm wrote is refused by name. */
final class VersionTest {
    private static final Path DIRECTORY = LogFixture.partitionDirectory(StreamName.TRIPS);

    private final LogFixture fixture = new LogFixture();
    private final FaultyDisk disk = new FaultyDisk();

    private void writeLog() {
        try (EmbeddedLog log = fixture.open(disk)) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(fixture.batch(0, 3));
            fixture.sync(log);
            trips.commit("matching", 2, 1);
        }
    }

    private void change(Path path, Consumer<UnsafeBuffer> change) {
        byte[] before = disk.readAll(path).orElseThrow();
        byte[] after = before.clone();
        change.accept(new UnsafeBuffer(after));
        for (int at = 0; at < before.length; at++) {
            if (before[at] != after[at]) {
                disk.corrupt(path, at, before[at] ^ after[at]);
            }
        }
    }

    private static void refusesAsNewer(ThrowingCallable opening, Path path, int version, int understood) {
        assertThatThrownBy(opening)
                .isInstanceOfSatisfying(
                        HailstormException.class,
                        e -> org.assertj.core.api.Assertions.assertThat(e.code())
                                .isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessageContaining(path.toString())
                .hasMessageContaining("written by a newer Hailstorm: version=" + version)
                .hasMessageContaining("understood up to " + understood);
    }

    @Test
    void refusesASegmentOfANewerVersion() {
        writeLog();
        Path segment = DIRECTORY.resolve(SegmentDescriptor.fileName(0));
        int newer = SegmentDescriptor.VERSION + 1;
        change(segment, buffer -> {
            buffer.putInt(SegmentDescriptor.VERSION_OFFSET, newer);
            buffer.putInt(
                    SegmentDescriptor.HEADER_CRC_OFFSET,
                    SegmentDescriptor.crc(buffer, 0, SegmentDescriptor.HEADER_CRC_OFFSET));
        });
        refusesAsNewer(() -> fixture.open(disk.kill()), segment, newer, SegmentDescriptor.VERSION);
        refusesAsNewer(() -> LogReader.open(disk, LogFixture.DATA_DIR), segment, newer, SegmentDescriptor.VERSION);
    }

    @Test
    void refusesACheckpointOfANewerVersion() {
        writeLog();
        Path checkpoint = DIRECTORY.resolve(Checkpoint.FILE_NAME);
        change(checkpoint, buffer -> buffer.putInt(8, Checkpoint.VERSION + 1));
        refusesAsNewer(() -> fixture.open(disk), checkpoint, Checkpoint.VERSION + 1, Checkpoint.VERSION);
    }

    @Test
    void refusesGroupsOfANewerVersion() {
        writeLog();
        Path groups = DIRECTORY.resolve(GroupFile.FILE_NAME);
        int newer = GroupFile.FORMAT_VERSION + 1;
        change(groups, buffer -> {
            buffer.putLong(GroupFile.TRAILER_OFFSET, GroupFile.MAGIC);
            buffer.putInt(GroupFile.TRAILER_OFFSET + Long.BYTES, newer);
        });
        refusesAsNewer(() -> fixture.open(disk), groups, newer, GroupFile.FORMAT_VERSION);
    }

    @Test
    void refusesALogOfANewerVersionAsAWhole() {
        writeLog();
        Path meta = LogFixture.DATA_DIR.resolve("log").resolve(LogMeta.FILE_NAME);
        disk.writeAtomically(meta, "hailstorm-log 3 shards 17\n".getBytes(StandardCharsets.US_ASCII));
        refusesAsNewer(() -> fixture.open(disk.kill()), meta, 3, LogMeta.VERSION);
        refusesAsNewer(() -> LogReader.open(disk, LogFixture.DATA_DIR), meta, 3, LogMeta.VERSION);
    }
}
