package io.hailstorm.kernel.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A directory as a test resource: packed once by the version that wrote it, unpacked by every later version that must
 * still read it. The same files always give the same archive.
 */
public final class GoldenDirectory {
    /** System property that makes a test write the current version's golden files instead of comparing with them. */
    public static final String WRITE_PROPERTY = "golden.write";

    private GoldenDirectory() {}

    /** Whether this run is to write golden files. */
    public static boolean isWriting() {
        return Boolean.getBoolean(WRITE_PROPERTY);
    }

    /**
     * Packs every file below a directory.
     *
     * @param exceptNames file names to leave out, wherever they lie
     */
    public static void pack(Path directory, Path archive, Set<String> exceptNames) {
        try {
            Files.createDirectories(archive.toAbsolutePath().getParent());
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive));
                    Stream<Path> walk = Files.walk(directory)) {
                zip.setLevel(Deflater.BEST_COMPRESSION);
                List<Path> files = walk.filter(Files::isRegularFile).sorted().toList();
                for (Path file : files) {
                    if (!exceptNames.contains(file.getFileName().toString())) {
                        ZipEntry entry = new ZipEntry(
                                directory.relativize(file).toString().replace('\\', '/'));
                        entry.setTime(0);
                        zip.putNextEntry(entry);
                        Files.copy(file, zip);
                        zip.closeEntry();
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot pack " + directory + " into " + archive, e);
        }
    }

    /** Unpacks an archive that {@link #pack} wrote below a directory. */
    public static void unpack(Path archive, Path directory) {
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(archive))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = directory.resolve(entry.getName()).normalize();
                if (!file.startsWith(directory)) {
                    throw new IOException("entry outside of the directory: " + entry.getName());
                }
                Files.createDirectories(file.getParent());
                try (OutputStream out = Files.newOutputStream(file)) {
                    zip.transferTo(out);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack " + archive + " into " + directory, e);
        }
    }
}
