package io.hailstorm.ingest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A secret in a file that only its owner can read, made by whoever needs it first. Any number of processes may ask for the
 * same one at the same time: all get the bytes of one winner, and nobody ever sees half of them.
 */
public final class KeyFile {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private KeyFile() {}

    /**
     * The file's bytes; of a new secret when there is no file yet.
     *
     * @param secret asked at most once, and in vain when another process is first
     * @throws IOException when the file can be neither read nor made
     */
    public static byte[] readOrCreate(Path file, Supplier<byte[]> secret) throws IOException {
        if (!Files.exists(file)) {
            create(file, secret.get());
        }
        return Files.readAllBytes(file);
    }

    /** Written beside, made durable, and given its name in one step that fails when the name is taken. */
    private static void create(Path file, byte[] secret) throws IOException {
        Path directory = Files.createDirectories(file.toAbsolutePath().getParent());
        Path draft = Files.createTempFile(
                directory, file.getFileName().toString(), ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(secret);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            name(draft, file);
        } catch (FileAlreadyExistsException e) {
            return; // Another process was first; its secret is the one.
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** By a hard link; where the file system has none, by a move, which leaves two first starts at one instant a gap. */
    private static void name(Path draft, Path file) throws IOException {
        try {
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(draft, file);
        }
    }
}
