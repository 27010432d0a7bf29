package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.RepairStep.Damage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * Keeps damaged bytes, a directory each: {@code <log>/quarantine/<stream>-<partition>-<offset>-<time>/} with the bytes and
 * {@code manifest.json}, written last and durably. Nothing is overwritten before its manifest exists.
 */
final class Quarantine {
    static final String DIRECTORY_NAME = "quarantine";
    static final String MANIFEST_NAME = "manifest.json";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private final Disk disk;
    private final Path root;
    private final Instant now;

    Quarantine(Disk disk, Path logDirectory, long nowMs) {
        this.disk = disk;
        root = logDirectory.resolve(DIRECTORY_NAME);
        now = Instant.ofEpochMilli(nowMs);
    }

    /** Copies what is damaged, durably; where to. */
    Path keep(StreamName stream, int partition, Path partitionDirectory, Damage damage) {
        String name = stream.text() + "-" + partition + "-" + damage.firstOffset() + "-" + TIME.format(now);
        List<String> taken = disk.list(root);
        String free = name;
        for (int i = 2; taken.contains(free); i++) {
            free = name + "-" + i;
        }
        Path directory = root.resolve(free);
        disk.createDirectories(directory);
        String copy = "";
        if (damage.length() > 0) {
            copy = damage.file() + "@" + damage.position();
            copy(partitionDirectory.resolve(damage.file()), damage, directory.resolve(copy));
        }
        byte[] manifest = manifest(stream, partition, damage, copy).getBytes(StandardCharsets.UTF_8);
        disk.writeAtomically(directory.resolve(MANIFEST_NAME), manifest);
        return directory;
    }

    private void copy(Path from, Damage damage, Path to) {
        Disk.Preallocation allocation = disk.preallocate(to, damage.length());
        allocation.step(damage.length());
        try (MappedFile source = disk.open(from, Disk.Access.READ_ONLY);
                MappedFile target = allocation.open()) {
            target.buffer().putBytes(0, source.buffer(), damage.position(), damage.length());
            target.force(0, damage.length());
        }
    }

    private String manifest(StreamName stream, int partition, Damage damage, String copy) {
        return """
            {
              "version": 1,
              "stream": "%s",
              "partition": %d,
              "file": "%s",
              "position": %d,
              "length": %d,
              "bytes_in": "%s",
              "first_offset": %d,
              "end_offset": %d,
              "lost_records": %d,
              "reason": "%s",
              "time": "%s"
            }
            """.formatted(
                        stream.text(),
                        partition,
                        damage.file(),
                        damage.position(),
                        damage.length(),
                        copy,
                        damage.firstOffset(),
                        damage.endOffset(),
                        damage.endOffset() - damage.firstOffset(),
                        escape(damage.reason()),
                        now);
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }
}
