package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a node keeps things: {@code log/}, {@code directory/} (drivers) and, unless named apart, {@code keys/}.
 *
 * @param keys what signs tokens and quotes; nodes given the same directory accept each other's
 */
record DataDirectory(Path root, Path keys) {
    /** With its own keys. */
    DataDirectory(Path root) {
        this(root, root.resolve("keys"));
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} when it cannot be created or written */
    static DataDirectory create(Path root, Path keys) {
        try {
            Files.createDirectories(root);
            Path probe = Files.createTempFile(root, ".writable", "");
            Files.delete(probe);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "data directory " + root.toAbsolutePath() + " is not writable (" + e.getMessage()
                            + "); give another one with --data-dir",
                    e);
        }
        return new DataDirectory(root, keys);
    }

    /** @throws HailstormException {@code NOT_FOUND} when no node ever ran there */
    static DataDirectory existing(Path root) {
        if (!Files.isDirectory(root.resolve("log"))) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "no log in " + root.toAbsolutePath() + "; give the --data-dir of a node that has run");
        }
        return new DataDirectory(root);
    }

    Path drivers() {
        return root.resolve("directory");
    }
}
