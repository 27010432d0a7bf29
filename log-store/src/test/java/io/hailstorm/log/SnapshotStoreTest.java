package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** State and offset are one: whatever happens, both are of the same moment. */
final class SnapshotStoreTest {
    private static final Path DIRECTORY = Path.of("/data/snapshots");
    private static final int VERSION_AT = 8;

    private static Snapshot snapshot(long generation, long offset) {
        return new Snapshot(
                generation,
                List.of(
                        new Snapshot.Position(StreamName.TRIPS, 1, offset),
                        new Snapshot.Position(StreamName.FIXES, 0, offset * 10)),
                List.of(new Snapshot.Position(StreamName.PRICES, 0, offset / 2)),
                ("state at " + offset).getBytes(StandardCharsets.UTF_8));
    }

    private static SnapshotStore store(FaultyDisk disk) {
        return new SnapshotStore(disk, DIRECTORY, "demo");
    }

    private static long offsetOf(FaultyDisk disk) {
        Snapshot newest = store(disk).load().newest().orElseThrow();
        long offset = newest.input(StreamName.TRIPS, 1);
        assertThat(new String(newest.payload(), StandardCharsets.UTF_8)).isEqualTo("state at " + offset);
        assertThat(newest.input(StreamName.FIXES, 0)).isEqualTo(offset * 10);
        assertThat(newest.input(StreamName.LATE, 0)).isEqualTo(PartitionReader.NULL_OFFSET);
        assertThat(newest.outputs()).containsExactly(new Snapshot.Position(StreamName.PRICES, 0, offset / 2));
        return offset;
    }

    private static List<String> files(FaultyDisk disk) {
        return disk.list(DIRECTORY);
    }

    @Test
    void givesBackTheNewestAndKeepsTheOneBefore() {
        FaultyDisk disk = new FaultyDisk();
        assertThat(store(disk).load().newest()).isEmpty();
        for (long offset = 10; offset <= 50; offset += 10) {
            assertThat(store(disk).store(snapshot(1, offset))).isTrue();
            assertThat(offsetOf(disk)).isEqualTo(offset);
        }
        assertThat(files(disk)).hasSize(2);
        assertThat(store(disk).oldestKept().orElseThrow().input(StreamName.TRIPS, 1))
                .isEqualTo(40);
    }

    @Test
    void hasStateAndOffsetOfOneMomentAfterACrashAtAnyStep() {
        for (long steps = 1; ; steps++) {
            FaultyDisk disk = new FaultyDisk();
            store(disk).store(snapshot(1, 10));
            store(disk).store(snapshot(1, 20));
            boolean crashed = false;
            try {
                new SnapshotStore(new CrashingDisk(disk, steps), DIRECTORY, "demo").store(snapshot(1, 30));
            } catch (CrashingDisk.Crash e) {
                crashed = true;
            }
            for (long seed = 0; seed < 8; seed++) {
                FaultyDisk after = disk.crash(seed);
                assertThat(offsetOf(after)).isIn(crashed ? List.of(20L, 30L) : List.of(30L));
                store(after).store(snapshot(1, 40));
                assertThat(offsetOf(after)).isEqualTo(40);
                assertThat(files(after)).hasSize(2);
            }
            if (!crashed) {
                assertThat(steps).isGreaterThan(3);
                return;
            }
        }
    }

    @Test
    void fallsBackAndPutsAsideTheOneWithAnyBitFlipped() {
        FaultyDisk fresh = new FaultyDisk();
        store(fresh).store(snapshot(1, 10));
        store(fresh).store(snapshot(1, 20));
        Path newest = DIRECTORY.resolve(files(fresh).getLast());
        for (int bit = 0; bit < fresh.lengthBytes(newest) * 8; bit++) {
            FaultyDisk disk = fresh.crash(1);
            disk.corrupt(newest, bit / 8, 1 << (bit % 8));
            SnapshotStore.Loaded loaded = store(disk).load();
            assertThat(loaded.newest().orElseThrow().input(StreamName.TRIPS, 1)).isEqualTo(10);
            assertThat(loaded.problems()).singleElement().asString().contains(newest.toString(), ".corrupt");
            assertThat(files(disk)).contains(newest.getFileName() + ".corrupt");
            store(disk).store(snapshot(1, 30));
            assertThat(offsetOf(disk)).isEqualTo(30);
        }
    }

    @Test
    void refusesToBeginAnewWhenNoSnapshotChecksOut() {
        FaultyDisk disk = new FaultyDisk();
        store(disk).store(snapshot(1, 10));
        disk.corrupt(DIRECTORY.resolve(files(disk).getFirst()), 40, 1);
        assertThatThrownBy(() -> store(disk).load())
                .hasMessageContaining("no snapshot checks out")
                .hasMessageContaining("its checksum does not match");
    }

    @Test
    void refusesASnapshotOfANewerVersionByName() {
        byte[] content = SnapshotFormat.encode(snapshot(1, 10));
        content[VERSION_AT] = 2;
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(content, 0, content.length - 4);
        java.nio.ByteBuffer.wrap(content)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putInt(content.length - 4, (int) crc.getValue());
        assertThatThrownBy(() -> SnapshotFormat.decode(DIRECTORY.resolve("x"), content))
                .hasMessageContaining("written by a newer Hailstorm: version=2, understood up to 1");
    }

    @Test
    void refusesTheSnapshotOfAMemberThatWasReplaced() {
        FaultyDisk disk = new FaultyDisk();
        SnapshotStore zombie = store(disk);
        zombie.store(snapshot(1, 10));
        assertThat(store(disk).store(snapshot(2, 20))).isTrue();
        assertThat(zombie.store(snapshot(1, 15))).isFalse();
        assertThat(offsetOf(disk)).isEqualTo(20);
    }
}
