package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What could not be kept, on record: one line a gap in a small file, replaced atomically. The log's thread; any may read. */
final class GeoGaps {
    static final String FILE_NAME = "gaps";

    private final Disk disk;
    private final Path path;
    private final int reportsMax;
    private volatile List<GeoStatus.Gap> gaps;

    GeoGaps(Disk disk, Path logDirectory, int reportsMax) {
        this.disk = disk;
        this.reportsMax = reportsMax;
        path = logDirectory.resolve(FILE_NAME);
        gaps = disk.readAll(path).map(this::decode).orElse(List.of());
    }

    private List<GeoStatus.Gap> decode(byte[] content) {
        List<GeoStatus.Gap> found = new ArrayList<>();
        for (String line : new String(content, StandardCharsets.US_ASCII).split("\n", -1)) {
            String[] words = line.split(" ", -1);
            if (words.length == 7) {
                found.add(gap(words));
            } else if (!line.isEmpty()) {
                throw new HailstormException(ErrorCode.DATA_LOSS, path + ": not a gap: \"" + line + "\"");
            }
        }
        return List.copyOf(found);
    }

    private static GeoStatus.Gap gap(String[] words) {
        return new GeoStatus.Gap(
                StreamName.valueOf(words[0]),
                Integer.parseInt(words[1]),
                Long.parseLong(words[2]),
                Long.parseLong(words[3]),
                Long.parseLong(words[4]),
                AckLevel.valueOf(words[5]),
                Boolean.parseBoolean(words[6]));
    }

    List<GeoStatus.Gap> all() {
        return gaps;
    }

    /** Durable when this returns. What is exact takes the place of what was estimated of the same term. */
    void add(GeoStatus.Gap gap) {
        List<GeoStatus.Gap> changed = new ArrayList<>(gaps);
        changed.removeIf(each -> !each.exact()
                && each.stream() == gap.stream()
                && each.partition() == gap.partition()
                && each.term() == gap.term());
        changed.add(gap);
        while (changed.size() > reportsMax) {
            changed.removeFirst();
        }
        StringBuilder text = new StringBuilder();
        for (GeoStatus.Gap each : changed) {
            text.append(each.stream().name())
                    .append(' ')
                    .append(each.partition())
                    .append(' ')
                    .append(each.from());
            text.append(' ')
                    .append(each.to())
                    .append(' ')
                    .append(each.term())
                    .append(' ')
                    .append(each.level().name());
            text.append(' ').append(each.exact()).append('\n');
        }
        disk.writeAtomically(path, text.toString().getBytes(StandardCharsets.US_ASCII));
        gaps = List.copyOf(changed);
    }
}
