package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a node keeps things: {@code log/}, {@code directory/} (drivers) and {@code keys/}. */
record DataDirectory(Path root) {
    /** @throws HailstormException {@code FAILED_PRECONDITION} when it cannot be created or written */
    static DataDirectory create(Path root) {
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
        return new DataDirectory(root);
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

    Path keys() {
        return root.resolve("keys");
    }
}
