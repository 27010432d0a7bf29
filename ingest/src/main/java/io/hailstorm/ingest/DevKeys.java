package io.hailstorm.ingest;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.gen.OctetKeyPairGenerator;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;

/**
 * The Ed25519 key pair (RFC 8037) that signs and checks a deployment's tokens, made at the first start and kept as a JWK
 * in a file that only its owner can read.
 */
public final class DevKeys {
    static final String FILE_NAME = "token-key.jwk";

    private final OctetKeyPair keyPair;

    private DevKeys(OctetKeyPair keyPair) {
        this.keyPair = keyPair;
    }

    /** A key pair that lives as long as this process. */
    public static DevKeys ephemeral() {
        try {
            return new DevKeys(
                    new OctetKeyPairGenerator(Curve.Ed25519).keyID("dev").generate());
        } catch (JOSEException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot make an Ed25519 key: " + e.getMessage(), e);
        }
    }

    /**
     * The directory's key pair; made when there is none yet, by one of however many processes ask at once.
     *
     * @throws HailstormException FAILED_PRECONDITION naming the file when it cannot be read, written or understood
     */
    public static DevKeys loadOrCreate(Path directory) {
        Path file = directory.resolve(FILE_NAME);
        try {
            byte[] jwk = KeyFile.readOrCreate(
                    file, () -> ephemeral().keyPair.toJSONString().getBytes(StandardCharsets.UTF_8));
            return new DevKeys(OctetKeyPair.parse(new String(jwk, StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot read or write the token key " + file + ": " + e.getMessage()
                            + "; make the directory writable, or name another",
                    e);
        } catch (ParseException e) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "the token key " + file + " is not a JWK: " + e.getMessage()
                            + "; restore it, or delete it to have a new one made (tokens signed by the old one end"
                            + " then)",
                    e);
        }
    }

    OctetKeyPair keyPair() {
        return keyPair;
    }
}
