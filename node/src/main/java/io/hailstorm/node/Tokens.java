package io.hailstorm.node;

import io.hailstorm.ingest.DevKeys;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenIssuer;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.simulator.TokenSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** Tokens signed with the keys of a node, for whoever may read its directory. */
final class Tokens {
    static final Duration TTL = Duration.ofDays(30);

    private Tokens() {}

    /** For simulated phones; signs each identity once. */
    static TokenSource source(TokenIssuer issuer) {
        Map<Long, String> drivers = new HashMap<>();
        return (role, id) -> switch (role) {
            case DRIVER -> drivers.computeIfAbsent(id, driver -> issuer.issue(Role.DRIVER, driver, TTL));
            case RIDER -> issuer.issue(Role.RIDER, id, TTL);
        };
    }

    static TokenSource source(DataDirectory data, TimeSource time) {
        return source(issuer(data, time));
    }

    static String admin(DataDirectory data, TimeSource time) {
        return issuer(data, time).issue(Role.ADMIN, 1, Duration.ofMinutes(5));
    }

    /** @throws HailstormException {@code NOT_FOUND} when the directory has no keys */
    static TokenIssuer issuer(DataDirectory data, TimeSource time) {
        Path keys = data.keys();
        if (!Files.isDirectory(keys)) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "no signing keys in " + keys.toAbsolutePath()
                            + ": give the --data-dir of a node that has been started, or its --keys-dir");
        }
        return new TokenIssuer(DevKeys.loadOrCreate(keys), time);
    }
}
