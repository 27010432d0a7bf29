package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.LogKeyset;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** Keyset files of a log's encryption: Tink JSON, readable by the owner alone. */
final class LogKeysets {
    private LogKeysets() {}

    /** @throws HailstormException {@code NOT_FOUND} or {@code INVALID_ARGUMENT} naming the file */
    static LogKeyset read(Path file) {
        try {
            return LogKeyset.parse(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "cannot read the keyset " + file + " (" + e.getMessage()
                            + "); make one with hailstorm log keys rotate --keyset FILE",
                    e);
        }
    }

    /** {@link LogKeyset#NONE} without a file. */
    static LogKeyset readOrNone(@Nullable Path file) {
        return file == null ? LogKeyset.NONE : read(file);
    }

    /** Replaces the file as a whole, so that no crash loses a key. */
    static void write(Path file, LogKeyset keyset) {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try {
            Files.deleteIfExists(temporary);
            Files.createFile(
                    temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                channel.write(StandardCharsets.UTF_8.encode(keyset.json()));
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.PERMISSION_DENIED, "cannot write the keyset " + file + ": " + e.getMessage(), e);
        }
    }
}
