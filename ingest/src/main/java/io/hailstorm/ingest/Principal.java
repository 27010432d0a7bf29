package io.hailstorm.ingest;

import io.grpc.Context;

/**
 * Who speaks, as a verified token says.
 *
 * @param role what the bearer is
 * @param id the driver's or rider's number, positive
 * @param expireMs epoch milliseconds at which the token ends; a stream does not outlive it
 */
public record Principal(Role role, long id, long expireMs) {
    /** Where {@link AuthInterceptor} leaves the caller of the current call. */
    public static final Context.Key<Principal> CONTEXT_KEY = Context.key("hailstorm-principal");

    /** Who, whichever token says so. */
    record Key(Role role, long id) {}

    Key key() {
        return new Key(role, id);
    }
}
