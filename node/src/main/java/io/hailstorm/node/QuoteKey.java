package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.pricing.HmacSha256Signer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;

/** The key that quotes are signed with: made at first start, readable by the owner only. */
final class QuoteKey {
    private QuoteKey() {}

    static HmacSha256Signer loadOrCreate(Path keys) {
        Path file = keys.resolve("quote.key");
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(keys);
                byte[] key = new byte[HmacSha256Signer.KEY_BYTES_MIN];
                new SecureRandom().nextBytes(key);
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.write(file, key);
            }
            return new HmacSha256Signer(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot read or make the quote key " + file + ": " + e.getMessage(),
                    e);
        }
    }
}
