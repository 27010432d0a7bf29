package io.hailstorm.ingest;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.Ed25519Signer;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import java.time.Duration;
import java.util.Date;

/** Signs tokens: EdDSA JWTs with claims sub (decimal id), role, iss, iat, exp. Any thread. */
public final class TokenIssuer {
    static final String ISSUER = "hailstorm";
    static final String ROLE_CLAIM = "role";

    private final Ed25519Signer signer;
    private final JWSHeader header;
    private final TimeSource time;

    public TokenIssuer(DevKeys keys, TimeSource time) {
        this.time = time;
        try {
            signer = new Ed25519Signer(keys.keyPair());
        } catch (JOSEException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "unusable token key: " + e.getMessage(), e);
        }
        header = new JWSHeader.Builder(JWSAlgorithm.EdDSA)
                .keyID(keys.keyPair().getKeyID())
                .build();
    }

    /** A token that lets {@code subject} act in {@code role} until {@code ttl} from now. */
    @SuppressWarnings("JavaUtilDate") // what nimbus takes
    public String issue(Role role, long subject, Duration ttl) {
        long nowMs = time.epochMs();
        SignedJWT token = new SignedJWT(
                header,
                new JWTClaimsSet.Builder()
                        .issuer(ISSUER)
                        .subject(Long.toString(subject))
                        .claim(ROLE_CLAIM, role.text())
                        .issueTime(new Date(nowMs))
                        .expirationTime(new Date(nowMs + ttl.toMillis()))
                        .build());
        try {
            token.sign(signer);
        } catch (JOSEException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot sign a token: " + e.getMessage(), e);
        }
        return token.serialize();
    }
}
