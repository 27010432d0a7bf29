package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/** The machine's file system. Stateless; any thread. */
public final class MappedDisk implements Disk {
    private static final int ZEROS_LENGTH = 1 << 20;

    @Override
    public void createDirectories(Path directory) {
        Path absolute = directory.toAbsolutePath();
        try {
            if (!Files.isDirectory(absolute)) {
                Path parent = absolute.getParent();
                if (parent != null) {
                    createDirectories(parent);
                    Files.createDirectory(absolute);
                    syncDirectory(parent);
                }
            }
        } catch (java.nio.file.FileAlreadyExistsException e) {
            if (!Files.isDirectory(absolute)) {
                throw failure("create directory", absolute, e);
            }
        } catch (IOException e) {
            throw failure("create directory", absolute, e);
        }
    }

    @Override
    public List<String> list(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> String.valueOf(entry.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw failure("list", directory, e);
        } catch (UncheckedIOException e) {
            throw failure("list", directory, e.getCause());
        }
    }

    @Override
    public Preallocation preallocate(Path path, int lengthBytes) {
        try {
            return new Allocation(
                    path,
                    lengthBytes,
                    FileChannel.open(
                            path,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw failure("create", path, e);
        }
    }

    @Override
    public MappedFile open(Path path, Access access) {
        boolean writable = access == Access.READ_WRITE;
        try (FileChannel channel = writable
                ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(path, StandardOpenOption.READ)) {
            return map(path, channel, writable);
        } catch (IOException e) {
            throw failure("open", path, e);
        }
    }

    private static Mapping map(Path path, FileChannel channel, boolean writable) throws IOException {
        long length = channel.size();
        if (length > Integer.MAX_VALUE) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS, path + ": " + length + " bytes are more than any file of the log has");
        }
        return new Mapping(
                path,
                channel.map(writable ? FileChannel.MapMode.READ_WRITE : FileChannel.MapMode.READ_ONLY, 0, length));
    }

    @Override
    public void rename(Path from, Path to) {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw failure("rename", from, e);
        }
    }

    @Override
    public void delete(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw failure("delete", path, e);
        }
    }

    @Override
    public void syncDirectory(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            throw failure("sync directory", directory, e);
        }
    }

    @Override
    public void writeAtomically(Path path, byte[] content) {
        Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE)) {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw failure("write", path, e);
        }
        Path parent = path.toAbsolutePath().getParent();
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    @Override
    public Optional<byte[]> readAll(Path path) {
        try {
            return Optional.of(Files.readAllBytes(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failure("read", path, e);
        }
    }

    @Override
    public Lock lock(Path path) {
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw failure("lock", path, e);
        }
        FileLock lock = null;
        try {
            lock = tryLock(channel);
            if (lock == null) {
                throw heldByAnother(path, channel);
            }
            channel.truncate(0);
            channel.write(
                    ByteBuffer.wrap(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        } catch (IOException e) {
            throw failure("lock", path, e);
        } finally {
            if (lock == null) {
                closeQuietly(channel);
            }
        }
        return () -> closeQuietly(channel);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static HailstormException heldByAnother(Path path, FileChannel channel) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(32);
        channel.read(content, 0);
        String holder = new String(content.array(), 0, content.position(), StandardCharsets.US_ASCII).trim();
        return new HailstormException(
                ErrorCode.FAILED_PRECONDITION,
                "data directory in use: " + path + " is locked"
                        + (holder.isEmpty() ? "" : " by process " + holder)
                        + "; stop that node or choose another --data-dir");
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure("close", Path.of("."), e);
        }
    }

    private static HailstormException failure(String action, Path path, @Nullable IOException cause) {
        String reason = cause instanceof FileSystemException named && named.getReason() != null
                ? named.getReason()
                : String.valueOf(cause == null ? "" : cause.getMessage());
        String message = "cannot " + action + " " + path + ": " + reason;
        String lower = reason.toLowerCase(Locale.ROOT);
        if (cause instanceof NoSuchFileException) {
            return new HailstormException(
                    ErrorCode.NOT_FOUND, "cannot " + action + " " + path + ": no such file", cause);
        }
        if (cause instanceof AccessDeniedException || lower.contains("read-only file system")) {
            return new HailstormException(
                    ErrorCode.PERMISSION_DENIED, message + " (not writable by this user); check --data-dir", cause);
        }
        if (lower.contains("no space left") || lower.contains("quota exceeded")) {
            return new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED, message + "; free space on that file system", cause);
        }
        if (lower.contains("map failed")) {
            return new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED, message + "; raise vm.max_map_count or free memory", cause);
        }
        return new HailstormException(ErrorCode.UNAVAILABLE, message, cause);
    }

    /** Blocks exist before anything is mapped: asked of the file system at once, or else zeros are written step by step. */
    private static final class Allocation implements Preallocation {
        private static final ByteBuffer ZEROS =
                ByteBuffer.allocateDirect(ZEROS_LENGTH).asReadOnlyBuffer();

        private final Path path;
        private final int lengthBytes;
        private final FileChannel channel;
        private boolean started;
        private int written;

        Allocation(Path path, int lengthBytes, FileChannel channel) {
            this.path = path;
            this.lengthBytes = lengthBytes;
            this.channel = channel;
        }

        @Override
        public boolean step(int bytesMax) {
            if (!started) {
                started = true;
                written = NativeFiles.allocate(path, lengthBytes) ? lengthBytes : 0;
            }
            int goal = (int) Math.min(lengthBytes, (long) written + bytesMax);
            try {
                while (written < goal) {
                    ByteBuffer zeros = ZEROS.duplicate();
                    zeros.limit(Math.min(ZEROS_LENGTH, goal - written));
                    written += channel.write(zeros, written);
                }
                channel.force(written == lengthBytes);
            } catch (IOException e) {
                throw failure("allocate " + lengthBytes + " bytes for", path, e);
            }
            return written == lengthBytes;
        }

        @Override
        public MappedFile open() {
            try (channel) {
                return map(path, channel, true);
            } catch (IOException e) {
                throw failure("map", path, e);
            }
        }

        @Override
        public void abandon() {
            try {
                channel.close();
                Files.deleteIfExists(path);
            } catch (IOException e) {
                throw failure("remove", path, e);
            }
        }
    }

    private static final class Mapping implements MappedFile {
        private final Path path;
        private final MappedByteBuffer bytes;
        private final UnsafeBuffer buffer;
        private final NativeFiles.Populating populating;

        Mapping(Path path, MappedByteBuffer bytes) {
            this.path = path;
            this.bytes = bytes;
            buffer = new UnsafeBuffer(bytes);
            populating = new NativeFiles.Populating(path, bytes);
        }

        @Override
        public int lengthBytes() {
            return bytes.capacity();
        }

        @Override
        public UnsafeBuffer buffer() {
            return buffer;
        }

        @Override
        public ByteBuffer duplicate() {
            return bytes.duplicate();
        }

        @Override
        public void force(int offset, int lengthBytes) {
            try {
                bytes.force(offset, lengthBytes);
            } catch (UncheckedIOException e) {
                throw failure("sync", path, e.getCause());
            }
        }

        @Override
        public void prepareWrites(int offset, int lengthBytes) {
            populating.populate(offset, lengthBytes);
        }

        @Override
        public void close() {
            BufferUtil.free(bytes);
        }
    }
}
