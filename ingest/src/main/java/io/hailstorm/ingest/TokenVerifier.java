package io.hailstorm.ingest;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.Ed25519Verifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import java.text.ParseException;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks tokens. A signature costs about as much as a thousand fixes, so the {@value #CACHE_SIZE} tokens used last are
 * remembered, and checked again only for their expiry. Any thread.
 */
public final class TokenVerifier {
    static final int CACHE_SIZE = 1 << 16;

    private final Ed25519Verifier verifier;
    private final TimeSource time;
    private final Map<String, Principal> verified = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Principal> eldest) {
            return size() > CACHE_SIZE;
        }
    };

    public TokenVerifier(DevKeys keys, TimeSource time) {
        this.time = time;
        try {
            verifier = new Ed25519Verifier(keys.keyPair().toPublicJWK());
        } catch (JOSEException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "unusable token key: " + e.getMessage(), e);
        }
    }

    /**
     * Whom the token stands for.
     *
     * @throws HailstormException UNAUTHENTICATED saying what is wrong with it
     */
    public Principal verify(String token) {
        Principal principal;
        synchronized (verified) {
            principal = verified.get(token);
        }
        if (principal == null) {
            principal = check(token);
        }
        if (principal.expireMs() <= time.epochMs()) {
            throw refused("token expired at epoch_ms=" + principal.expireMs() + "; get a new one", null);
        }
        synchronized (verified) {
            verified.put(token, principal);
        }
        return principal;
    }

    @SuppressWarnings("JavaUtilDate") // what nimbus gives
    private Principal check(String token) {
        JWTClaimsSet claims;
        try {
            SignedJWT jwt = SignedJWT.parse(token);
            if (!JWSAlgorithm.EdDSA.equals(jwt.getHeader().getAlgorithm())) {
                throw refused(
                        "token algorithm: expected EdDSA, got "
                                + jwt.getHeader().getAlgorithm(),
                        null);
            }
            if (!jwt.verify(verifier)) {
                throw refused("token signature does not match this deployment's key; get a token from it", null);
            }
            claims = jwt.getJWTClaimsSet();
        } catch (ParseException | JOSEException e) {
            throw refused("token is not a signed JWT: " + e.getMessage(), e);
        }
        if (!TokenIssuer.ISSUER.equals(claims.getIssuer())) {
            throw refused("token issuer: expected " + TokenIssuer.ISSUER + ", got " + claims.getIssuer(), null);
        }
        Date expiration = claims.getExpirationTime();
        if (expiration == null) {
            throw refused("token has no exp claim", null);
        }
        return new Principal(role(claims), subject(claims), expiration.getTime());
    }

    private static Role role(JWTClaimsSet claims) {
        Object text = claims.getClaim(TokenIssuer.ROLE_CLAIM);
        for (Role role : Role.values()) {
            if (role.text().equals(text)) {
                return role;
            }
        }
        throw refused("token role: expected driver, rider or admin, got " + text, null);
    }

    private static long subject(JWTClaimsSet claims) {
        String subject = claims.getSubject();
        try {
            long id = subject == null ? 0 : Long.parseLong(subject);
            if (id > 0) {
                return id;
            }
        } catch (NumberFormatException e) {
            throw refused("token subject: expected a positive number, got " + subject, e);
        }
        throw refused("token subject: expected a positive number, got " + subject, null);
    }

    private static HailstormException refused(String message, @Nullable Throwable cause) {
        return new HailstormException(ErrorCode.UNAUTHENTICATED, message, cause);
    }
}
