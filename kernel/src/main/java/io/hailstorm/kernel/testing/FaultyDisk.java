package io.hailstorm.kernel.testing;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A disk in memory that behaves as badly as a real one may. Every file has a volatile image, what processes see, and a
 * durable one, what survives; {@link #crash} builds the disk a restarted machine would find: durable images, plus a seeded
 * choice of unsynced pages and sectors, plus a seeded prefix of unsynced names. {@link #writeBack} does to a seeded
 * choice of pages what an operating system may do at any moment.
 *
 * <p>Capacity can be bounded, syncs of files and directories made to fail, to lie, or to take their time; a failed sync
 * marks its pages clean, as Linux does, so a later sync "succeeds" without them. The whole disk can turn read-only, opening
 * and mapping can fail, and power can go after any number of changes. Methods are synchronized; the mapped bytes are not.
 */
public final class FaultyDisk implements Disk {
    private final TreeMap<Path, FaultyInode> names = new TreeMap<>();
    private final TreeMap<Path, FaultyInode> durableNames = new TreeMap<>();
    private final List<NameChange> unsyncedNames = new ArrayList<>();
    private final Set<Path> directories = new HashSet<>();
    private final Set<Path> locks = new HashSet<>();
    private long capacityBytes = Long.MAX_VALUE;
    private int failingSyncCount;
    private boolean ignoringSyncs;
    private long syncCount;
    private int failingDirectorySyncCount;
    private boolean ignoringDirectorySyncs;
    private boolean ignoringWriteAgain;
    private int failingOpenCount;
    private int failingMapCount;
    private boolean readOnly;
    private int changesLeft = Integer.MAX_VALUE;
    private Runnable onSync = () -> {};

    private final boolean isOnHeap;

    private record NameChange(Path path, Optional<FaultyInode> inode) {}

    public FaultyDisk() {
        this(false);
    }

    private FaultyDisk(boolean isOnHeap) {
        this.isOnHeap = isOnHeap;
    }

    /** A disk for one thread that opens thousands of them: its mapped bytes are on the heap. */
    public static FaultyDisk onHeap() {
        return new FaultyDisk(true);
    }

    /** From now on, files may hold this many bytes together. */
    public synchronized void limitCapacity(long bytes) {
        capacityBytes = bytes;
    }

    /** The next {@code count} syncs of file content fail and lose what they should have written. */
    public synchronized void failSyncs(int count) {
        failingSyncCount = count;
    }

    /** From now on, syncs of file content report success and do nothing: a lying device. */
    public synchronized void ignoreSyncs() {
        ignoringSyncs = true;
    }

    /** The next {@code count} syncs of directories fail. */
    public synchronized void failDirectorySyncs(int count) {
        failingDirectorySyncCount = count;
    }

    /** From now on, syncs of directories report success and do nothing. */
    public synchronized void ignoreDirectorySyncs() {
        ignoringDirectorySyncs = true;
    }

    /** From now on, pages that a failed sync lost stay clean until their content changes. */
    public synchronized void ignoreWriteAgain() {
        ignoringWriteAgain = true;
    }

    /** The next {@code count} openings of existing files fail. */
    public synchronized void failOpens(int count) {
        failingOpenCount = count;
    }

    /** The next {@code count} mappings of new files fail, for want of address space. */
    public synchronized void failMaps(int count) {
        failingMapCount = count;
    }

    /** Whether everything that would change a file fails, as on a file system remounted after an error. */
    public synchronized void setReadOnly(boolean isReadOnly) {
        readOnly = isReadOnly;
    }

    /** After {@code count} more changes of files or names, every change fails: the power is going. */
    public synchronized void failAfterChanges(int count) {
        changesLeft = count;
    }

    /** Called within every sync of file content: a slow disk advances the clock there. */
    public synchronized void onSync(Runnable action) {
        onSync = action;
    }

    /** Successful syncs of file content so far. */
    public synchronized long syncCount() {
        return syncCount;
    }

    /** Bytes all files hold. */
    public synchronized long usedBytes() {
        return names.values().stream().mapToLong(inode -> inode.length).sum();
    }

    /** A mutable view of a file, to corrupt it with; what is written here is durable. */
    public synchronized void corrupt(Path path, int index, int xorMask) {
        FaultyInode inode = existing(path);
        byte changed = (byte) (inode.live.getByte(index) ^ xorMask);
        inode.live.putByte(index, changed);
        inode.durable[index] = changed;
    }

    /** Replaces a stretch of a file; what is written here is durable. */
    public synchronized void overwrite(Path path, int index, byte[] content) {
        FaultyInode inode = existing(path);
        inode.live.putBytes(index, content);
        System.arraycopy(content, 0, inode.durable, index, content.length);
    }

    /** Length of a file. */
    public synchronized int lengthBytes(Path path) {
        return existing(path).length;
    }

    /** Writes a seeded choice of dirty pages back, in no particular order. */
    public synchronized void writeBack(long seed) {
        Random random = new Random(seed);
        for (FaultyInode inode : names.values()) {
            for (int page = 0; page < inode.pageCount(); page++) {
                if (random.nextBoolean()) {
                    inode.writeBackPage(page);
                }
            }
        }
    }

    /** The disk a restarted machine finds. This one goes on as a ghost that nobody reads any more. */
    public synchronized FaultyDisk crash(long seed) {
        Random random = new Random(seed);
        FaultyDisk after = new FaultyDisk(isOnHeap);
        after.directories.addAll(directories);
        TreeMap<Path, FaultyInode> surviving = new TreeMap<>(durableNames);
        int survivingChanges = unsyncedNames.isEmpty() ? 0 : random.nextInt(unsyncedNames.size() + 1);
        for (NameChange change : unsyncedNames.subList(0, survivingChanges)) {
            apply(change, surviving);
        }
        surviving.forEach((path, inode) -> {
            FaultyInode copy = inode.afterCrash(random);
            after.names.put(path, copy);
            after.durableNames.put(path, copy);
        });
        return after;
    }

    /** The disk as another process finds it after this one was killed: the page cache survives. */
    public synchronized FaultyDisk kill() {
        FaultyDisk after = new FaultyDisk(isOnHeap);
        after.directories.addAll(directories);
        after.names.putAll(names);
        after.durableNames.putAll(durableNames);
        after.unsyncedNames.addAll(unsyncedNames);
        return after;
    }

    /** A disk with the same files, all of them durable, that shares nothing with this one. */
    public synchronized FaultyDisk copy() {
        FaultyDisk copy = new FaultyDisk(isOnHeap);
        copy.directories.addAll(directories);
        names.forEach((path, inode) -> {
            FaultyInode same = inode.copy();
            copy.names.put(path, same);
            copy.durableNames.put(path, same);
        });
        return copy;
    }

    private void change(Path path) {
        if (readOnly) {
            throw new HailstormException(
                    ErrorCode.PERMISSION_DENIED, "cannot write " + path + ": read-only file system");
        }
        if (changesLeft == 0) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot write " + path + ": the power is gone");
        }
        changesLeft--;
    }

    private static void apply(NameChange change, Map<Path, FaultyInode> to) {
        if (change.inode.isPresent()) {
            to.put(change.path, change.inode.get());
        } else {
            to.remove(change.path);
        }
    }

    private FaultyInode existing(Path path) {
        FaultyInode inode = names.get(path);
        if (inode == null) {
            throw new HailstormException(ErrorCode.NOT_FOUND, "no such file: " + path);
        }
        return inode;
    }

    private void setName(Path path, FaultyInode inode) {
        names.put(path, inode);
        unsyncedNames.add(new NameChange(path, Optional.of(inode)));
    }

    private void requireSpace(Path path, long bytes) {
        if (usedBytes() + bytes > capacityBytes) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED,
                    "cannot allocate " + bytes + " bytes for " + path + ": no space left on the faulty disk");
        }
    }

    @Override
    public synchronized void createDirectories(Path directory) {
        if (directories.contains(directory)) {
            return;
        }
        change(directory);
        for (Path each = directory; each != null; each = each.getParent()) {
            directories.add(each);
        }
    }

    @Override
    public synchronized List<String> list(Path directory) {
        Set<Path> children = new java.util.TreeSet<>();
        for (Path path : names.keySet()) {
            if (directory.equals(path.getParent())) {
                children.add(path);
            }
        }
        for (Path path : directories) {
            if (directory.equals(path.getParent())) {
                children.add(path);
            }
        }
        return children.stream().map(path -> String.valueOf(path.getFileName())).toList();
    }

    @Override
    public synchronized Preallocation preallocate(Path path, int lengthBytes) {
        change(path);
        return new Allocation(path, lengthBytes);
    }

    @Override
    public synchronized MappedFile open(Path path, Access access) {
        if (failingOpenCount > 0) {
            failingOpenCount--;
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot open " + path + ": injected failure");
        }
        if (readOnly && access == Access.READ_WRITE) {
            change(path);
        }
        return new Mapping(existing(path));
    }

    @Override
    public synchronized void rename(Path from, Path to) {
        change(from);
        FaultyInode inode = existing(from);
        setName(to, inode);
        removeName(from);
    }

    @Override
    public synchronized void delete(Path path) {
        change(path);
        removeName(path);
    }

    private void removeName(Path path) {
        if (names.remove(path) != null) {
            unsyncedNames.add(new NameChange(path, Optional.empty()));
        }
    }

    @Override
    public synchronized void syncDirectory(Path directory) {
        if (failingDirectorySyncCount > 0) {
            failingDirectorySyncCount--;
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "cannot sync directory " + directory + ": injected failure");
        }
        if (ignoringDirectorySyncs) {
            return;
        }
        unsyncedNames.removeIf(change -> {
            boolean inside = directory.equals(change.path.getParent());
            if (inside) {
                apply(change, durableNames);
            }
            return inside;
        });
    }

    @Override
    public synchronized void writeAtomically(Path path, byte[] content) {
        change(path);
        requireSpace(path, content.length);
        failIfTold(path);
        FaultyInode inode = new FaultyInode(content.length, isOnHeap);
        inode.live.putBytes(0, content);
        inode.force(0, content.length);
        setName(path, inode);
        Path parent = path.getParent();
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    @Override
    public synchronized Optional<byte[]> readAll(Path path) {
        FaultyInode inode = names.get(path);
        if (inode == null) {
            return Optional.empty();
        }
        byte[] content = new byte[inode.length];
        inode.live.getBytes(0, content);
        return Optional.of(content);
    }

    @Override
    public synchronized Lock lock(Path path) {
        if (readOnly) {
            change(path);
        }
        if (!locks.add(path)) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "data directory in use: " + path);
        }
        return () -> locks.remove(path);
    }

    private void failIfTold(Path path) {
        if (failingSyncCount > 0) {
            failingSyncCount--;
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot sync " + path + ": injected failure");
        }
    }

    private final class Allocation implements Preallocation {
        private final Path path;
        private final int lengthBytes;
        private int allocated;

        Allocation(Path path, int lengthBytes) {
            this.path = path;
            this.lengthBytes = lengthBytes;
        }

        @Override
        public boolean step(int bytesMax) {
            synchronized (FaultyDisk.this) {
                allocated = (int) Math.min(lengthBytes, (long) allocated + bytesMax);
                requireSpace(path, allocated);
                if (allocated == lengthBytes) {
                    setName(path, new FaultyInode(lengthBytes, isOnHeap));
                }
                return allocated == lengthBytes;
            }
        }

        @Override
        public MappedFile open() {
            synchronized (FaultyDisk.this) {
                if (failingMapCount > 0) {
                    failingMapCount--;
                    throw new HailstormException(
                            ErrorCode.RESOURCE_EXHAUSTED, "cannot map " + path + ": injected failure");
                }
                return FaultyDisk.this.open(path, Access.READ_WRITE);
            }
        }

        @Override
        public void abandon() {
            synchronized (FaultyDisk.this) {
                removeName(path);
            }
        }
    }

    private final class Mapping implements MappedFile {
        private final FaultyInode inode;

        Mapping(FaultyInode inode) {
            this.inode = inode;
        }

        @Override
        public int lengthBytes() {
            return inode.length;
        }

        @Override
        public UnsafeBuffer buffer() {
            return inode.live;
        }

        @Override
        public ByteBuffer duplicate() {
            return inode.bytes.duplicate();
        }

        @Override
        public void force(int offset, int lengthBytes) {
            synchronized (FaultyDisk.this) {
                onSync.run();
                change(Path.of("a mapped file"));
                if (failingSyncCount > 0) {
                    failingSyncCount--;
                    inode.lose(offset, lengthBytes);
                    throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot sync: injected failure");
                }
                if (!ignoringSyncs) {
                    inode.force(offset, lengthBytes);
                }
                syncCount++;
            }
        }

        @Override
        public void writeAgain(int offset, int lengthBytes) {
            synchronized (FaultyDisk.this) {
                if (!ignoringWriteAgain) {
                    inode.writeAgain(offset, lengthBytes);
                }
            }
        }

        @Override
        public void close() {}
    }
}
