package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps a reader's state and its input's offset as one atomic unit: a file a snapshot, replaced as a whole, the newest
 * that checks out counts. Two are kept, so that one bad file costs a longer replay and nothing else. Until both are past an
 * offset the log must keep it: {@link #oldestKept} says from where.
 *
 * <pre>
 *   DIRECTORY/NAME-00000000000000000007.snapshot           {@link SnapshotFormat}
 *   DIRECTORY/NAME-00000000000000000006.snapshot           the one before
 *   DIRECTORY/NAME-00000000000000000005.snapshot.corrupt   put aside, never deleted
 * </pre>
 *
 * <p>One thread at a time, one process (the log's lock sees to it).
 */
public final class SnapshotStore {
    private static final String SUFFIX = ".snapshot";
    private static final String CORRUPT_SUFFIX = ".corrupt";
    private static final int KEPT = 2;
    private static final int NUMBER_DIGITS = 20;

    private final Disk disk;
    private final Path directory;
    private final String prefix;

    /**
     * What {@link #load} found.
     *
     * @param problems what was put aside and why, a sentence each
     */
    public record Loaded(Optional<Snapshot> newest, List<String> problems) {}

    /** @param name of the reader; a file name */
    public SnapshotStore(Disk disk, Path directory, String name) {
        this.disk = disk;
        this.directory = directory;
        prefix = name + "-";
        disk.createDirectories(directory);
    }

    /**
     * The newest snapshot that checks out. Puts the others aside.
     *
     * @throws HailstormException {@code DATA_LOSS} when there are snapshots and none checks out; {@code FAILED_PRECONDITION}
     *     when a newer Hailstorm wrote one
     */
    public Loaded load() {
        List<String> problems = new ArrayList<>();
        List<String> names = names();
        for (int i = names.size() - 1; i >= 0; i--) {
            Path path = directory.resolve(names.get(i));
            try {
                return new Loaded(Optional.of(read(path)), problems);
            } catch (HailstormException e) {
                if (e.code() != ErrorCode.DATA_LOSS) {
                    throw e;
                }
                problems.add(e.getMessage() + "; put aside as " + path.getFileName() + CORRUPT_SUFFIX);
                disk.rename(path, directory.resolve(path.getFileName() + CORRUPT_SUFFIX));
                disk.syncDirectory(directory);
            }
        }
        if (!problems.isEmpty()) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "no snapshot checks out: " + String.join("; ", problems)
                            + "; starting again folds the log from its start, if it is still all there");
        }
        return new Loaded(Optional.empty(), problems);
    }

    private Snapshot read(Path path) {
        return SnapshotFormat.decode(path, disk.readAll(path).orElse(new byte[0]));
    }

    /** Names of the snapshots, oldest first. */
    private List<String> names() {
        return disk.list(directory).stream()
                .filter(name -> name.startsWith(prefix)
                        && name.endsWith(SUFFIX)
                        && name.length() == prefix.length() + NUMBER_DIGITS + SUFFIX.length())
                .toList();
    }

    /**
     * Stores a snapshot, durably; after a crash at any moment {@link #load} finds this one or the one before, whole.
     *
     * @return false when fenced: a member of a later generation has stored one already, and this one changed nothing
     */
    public boolean store(Snapshot snapshot) {
        List<String> names = names();
        long number = 0;
        if (!names.isEmpty()) {
            String newest = names.getLast();
            if (read(directory.resolve(newest)).generation() > snapshot.generation()) {
                return false;
            }
            number = 1 + Long.parseLong(newest, prefix.length(), prefix.length() + NUMBER_DIGITS, 10);
        }
        String name = prefix + String.format("%0" + NUMBER_DIGITS + "d", number) + SUFFIX;
        disk.writeAtomically(directory.resolve(name), SnapshotFormat.encode(snapshot));
        for (int i = 0; i <= names.size() - KEPT; i++) {
            disk.delete(directory.resolve(names.get(i)));
        }
        disk.syncDirectory(directory);
        return true;
    }

    /** The oldest snapshot that {@link #load} may yet have to fall back to. */
    public Optional<Snapshot> oldestKept() {
        List<String> names = names();
        return names.isEmpty() ? Optional.empty() : Optional.of(read(directory.resolve(names.getFirst())));
    }
}
