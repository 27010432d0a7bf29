package io.hailstorm.pricing;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA-256 (RFC 2104, FIPS 180-4) with a key handed in. Every node of a region shares the key. */
public final class HmacSha256Signer implements QuoteSigner {
    public static final int KEY_BYTES_MIN = 32;

    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    /** @throws HailstormException {@code INVALID_ARGUMENT} when the key is shorter than {@link #KEY_BYTES_MIN} */
    public HmacSha256Signer(byte[] key) {
        if (key.length < KEY_BYTES_MIN) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "quote key too short: expected at least " + KEY_BYTES_MIN + " bytes, got " + key.length);
        }
        this.key = new SecretKeySpec(key, ALGORITHM);
    }

    @Override
    public Signature sign(byte[] message) {
        return Signature.of(mac(message));
    }

    @Override
    public boolean verify(byte[] message, Signature signature) {
        return MessageDigest.isEqual(mac(message), signature.toBytes());
    }

    private byte[] mac(byte[] message) {
        try {
            // A Mac is stateful and quotes come from several threads.
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "this JDK cannot compute " + ALGORITHM, e);
        }
    }
}
