package io.hailstorm.kernel;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The only way any module touches files that must survive a crash. The real one maps files into memory; the one in
 * {@code kernel.testing} keeps them in memory, forgets what was not synced, and fails when told to.
 *
 * <p>What survives a crash: a file's bytes after {@link MappedFile#force}, a directory's names after
 * {@link #syncDirectory}. Everything else may survive whole, in part (any 512-byte sectors of any pages), or not at all.
 *
 * <p>Threads: any; two threads may not work on the same path at once. Failures are {@link HailstormException}s:
 * {@code RESOURCE_EXHAUSTED} when the disk is full, {@code PERMISSION_DENIED}, {@code NOT_FOUND}, {@code UNAVAILABLE} for
 * any other input/output failure.
 */
public interface Disk {
    /** Write-back happens in pages of this many bytes. */
    int PAGE_BYTES = 4096;
    /** The unit a device writes whole or not at all. */
    int SECTOR_BYTES = 512;

    /** How a file is opened. */
    enum Access {
        READ_ONLY,
        READ_WRITE
    }

    /** Creates the directory and its missing parents, durably. */
    void createDirectories(Path directory);

    /** Names in a directory, sorted; empty when the directory does not exist. */
    List<String> list(Path directory);

    /** Starts creating a file of exactly {@code lengthBytes} zeros; replaces a leftover of the same name. */
    Preallocation preallocate(Path path, int lengthBytes);

    /** Maps an existing file whole. */
    MappedFile open(Path path, Access access);

    /** Atomically renames within a directory; durable after {@link #syncDirectory}. */
    void rename(Path from, Path to);

    /** Removes a file, if it exists; durable after {@link #syncDirectory}. */
    void delete(Path path);

    /** Makes names created, renamed and deleted in this directory durable. */
    void syncDirectory(Path directory);

    /** Replaces a small file as a whole, durably: after a crash it holds the old content or the new. */
    void writeAtomically(Path path, byte[] content);

    /** Content of a small file; empty when there is none. */
    Optional<byte[]> readAll(Path path);

    /**
     * Takes an exclusive lock that dies with the process.
     *
     * @throws HailstormException {@code FAILED_PRECONDITION} naming the path when somebody else holds it
     */
    Lock lock(Path path);

    /** A held lock. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * A file being created with real blocks, in steps, so that a full disk shows here and never as a fault on a mapped
     * write, and so that the caller can do other work between steps.
     */
    interface Preallocation {
        /**
         * Allocates and syncs up to {@code bytesMax} more bytes.
         *
         * @return true when the whole file is allocated
         */
        boolean step(int bytesMax);

        /** Maps the finished file for reading and writing. */
        MappedFile open();

        /** Gives up and removes the file. */
        void abandon();
    }
}
