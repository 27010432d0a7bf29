package io.hailstorm.node;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.ingest.SessionSnapshot;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of every driver must outlive a restart, checkpointed into a persisted Chronicle Map that other processes may
 * read while the node runs. A cache of the log: {@link #offsets} says up to where it is complete, the log's tail from
 * there is folded on top, and an unreadable directory is rebuilt from the log alone.
 *
 * <p>One writing thread. Files: {@code drivers.map}, {@code offsets.json} (written after the entries it speaks for),
 * {@code clean} (present only after an orderly close; without it the map is opened with recovery, since a killed
 * process may have left a lock behind).
 */
final class DriverDirectory implements SessionStore, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DriverDirectory.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final ChronicleMap<Long, byte[]> map;
    private final boolean writable;

    private DriverDirectory(Path directory, ChronicleMap<Long, byte[]> map, boolean writable) {
        this.directory = directory;
        this.map = map;
        this.writable = writable;
    }

    /** Opens for the node that owns the data directory, creating or recovering as needed. */
    static DriverDirectory open(Path directory, int driversMax) {
        try {
            Files.createDirectories(directory);
            Path file = directory.resolve("drivers.map");
            boolean clean = Files.deleteIfExists(directory.resolve("clean"));
            if (!Files.exists(file)) {
                // Offsets without the entries they speak for would hide the log's records from recovery.
                Files.deleteIfExists(directory.resolve("offsets.json"));
            }
            ChronicleMap<Long, byte[]> map = clean || !Files.exists(file)
                    ? openClean(directory, file, driversMax)
                    : recover(directory, file, driversMax);
            return new DriverDirectory(directory, map, true);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot open the driver directory " + directory + ": " + e.getMessage(),
                    e);
        }
    }

    private static ChronicleMap<Long, byte[]> openClean(Path directory, Path file, int driversMax) throws IOException {
        try {
            return builder(driversMax).createPersistedTo(file.toFile());
        } catch (IOException | RuntimeException e) {
            LOG.warn("driver directory {} does not open: {}", file, e.toString());
            return recover(directory, file, driversMax);
        }
    }

    private static ChronicleMap<Long, byte[]> recover(Path directory, Path file, int driversMax) throws IOException {
        AtomicBoolean corrupt = new AtomicBoolean();
        try {
            ChronicleMap<Long, byte[]> map =
                    builder(driversMax).recoverPersistedTo(file.toFile(), true, corruption -> corrupt.set(true));
            if (corrupt.get()) {
                LOG.warn("driver directory {} lost entries, completing it from the log", file);
                Files.deleteIfExists(directory.resolve("offsets.json"));
            }
            return map;
        } catch (IOException | RuntimeException e) {
            LOG.warn("driver directory {} is beyond recovery, rebuilding it from the log: {}", file, e.toString());
            Files.deleteIfExists(directory.resolve("offsets.json"));
            Files.move(file, directory.resolve("drivers.map.broken"), StandardCopyOption.REPLACE_EXISTING);
            return builder(driversMax).createPersistedTo(file.toFile());
        }
    }

    /**
     * Opens the map of a node that may be running, for looking things up.
     *
     * @throws HailstormException {@code NOT_FOUND} when there is no directory there
     */
    static DriverDirectory openShared(Path directory) {
        Path file = directory.resolve("drivers.map");
        if (!Files.exists(file)) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "no driver directory at " + file + ": give the --data-dir of a node that has run");
        }
        try {
            return new DriverDirectory(directory, builder(1).createPersistedTo(file.toFile()), false);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "cannot open the driver directory " + file + ": " + e.getMessage(), e);
        }
    }

    private static ChronicleMapBuilder<Long, byte[]> builder(int driversMax) {
        return ChronicleMapBuilder.of(Long.class, byte[].class)
                .name("drivers")
                .entries(driversMax)
                .skipCloseOnExitHook(true) // the node closes it, after its last write
                .constantValueSizeBySample(new byte[DriverEntryDescriptor.LENGTH]);
    }

    @Override
    public void put(SessionSnapshot snapshot) {
        map.put(snapshot.driver(), DriverEntryDescriptor.encode(snapshot));
    }

    Optional<SessionSnapshot> get(long driver) {
        byte[] bytes = map.get(driver);
        return bytes == null ? Optional.empty() : Optional.of(DriverEntryDescriptor.decode(driver, bytes));
    }

    @Override
    public void forEach(Consumer<SessionSnapshot> consumer) {
        map.forEach((driver, bytes) -> consumer.accept(DriverEntryDescriptor.decode(driver, bytes)));
    }

    int size() {
        return map.size();
    }

    @Override
    public void commitOffsets(Map<String, List<Long>> offsets) {
        Path temporary = directory.resolve("offsets.json.tmp");
        try {
            Files.write(temporary, JSON.writeValueAsBytes(offsets));
            Files.move(
                    temporary,
                    directory.resolve("offsets.json"),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot write " + temporary + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Map<String, List<Long>> offsets() {
        return offsets(directory);
    }

    /** The same of a directory that is not open. */
    static Map<String, List<Long>> offsets(Path directory) {
        Path file = directory.resolve("offsets.json");
        if (!Files.exists(file)) {
            return Map.of();
        }
        try {
            return JSON.readValue(Files.readAllBytes(file), new TypeReference<>() {});
        } catch (IOException e) {
            LOG.warn("unreadable {}, folding the whole log instead: {}", file, e.toString());
            return Map.of();
        }
    }

    @Override
    public void close() {
        map.close();
        if (writable) {
            try {
                Files.write(directory.resolve("clean"), new byte[0]);
            } catch (IOException e) {
                LOG.warn("the driver directory will be opened with recovery next time: {}", e.toString());
            }
        }
    }
}
