package io.hailstorm.node;

import io.hailstorm.ingest.KeyFile;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.pricing.HmacSha256Signer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;

/** The key that quotes are signed with: made at first start, readable by the owner only. */
final class QuoteKey {
    static final String FILE_NAME = "quote.key";

    private QuoteKey() {}

    static HmacSha256Signer loadOrCreate(Path keys) {
        Path file = keys.resolve(FILE_NAME);
        try {
            return new HmacSha256Signer(KeyFile.readOrCreate(file, QuoteKey::random));
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot read or make the quote key " + file + ": " + e.getMessage(),
                    e);
        }
    }

    private static byte[] random() {
        byte[] key = new byte[HmacSha256Signer.KEY_BYTES_MIN];
        new SecureRandom().nextBytes(key);
        return key;
    }
}
