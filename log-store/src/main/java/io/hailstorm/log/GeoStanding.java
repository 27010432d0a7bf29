package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Of which regions this directory holds everything that was ever acknowledged: it was there when the region began, or has had all of its
 * primary since. The register names members, not disks; a machine that comes back under its old name with an empty one would
 * otherwise be taken for the copy it was. One small file, region names a line each, replaced atomically. The log's thread.
 */
final class GeoStanding {
    static final String FILE_NAME = "standing";

    private final Disk disk;
    private final Path path;
    private final Set<String> regions = new TreeSet<>();

    /** @param known all regions, of which a directory from before there was this file is believed to hold everything */
    GeoStanding(Disk disk, Path logDirectory, Collection<String> known) {
        this.disk = disk;
        path = logDirectory.resolve(FILE_NAME);
        byte[] content = disk.readAll(path).orElse(null);
        if (content != null) {
            regions.addAll(List.of(new String(content, StandardCharsets.UTF_8).split("\n", -1)));
            return;
        }
        if (disk.readAll(logDirectory.resolve(GeoTerms.FILE_NAME)).isPresent()) {
            regions.addAll(known);
        }
        save();
    }

    boolean holdsAllOf(String region) {
        return regions.contains(region);
    }

    /** Durable when this returns. */
    void holdAllOf(String region) {
        if (regions.add(region)) {
            save();
        }
    }

    private void save() {
        disk.writeAtomically(path, String.join("\n", regions).getBytes(StandardCharsets.UTF_8));
    }
}
