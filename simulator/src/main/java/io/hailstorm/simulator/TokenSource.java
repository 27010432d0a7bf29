package io.hailstorm.simulator;

/**
 * Hands out bearer tokens (signed JWTs) for the simulated phones. Called once a stream and once a call, on the thread
 * that drives the simulation; an implementation whose signing is dear caches.
 */
@FunctionalInterface
public interface TokenSource {
    /** Whose phone it is. */
    enum Role {
        DRIVER,
        RIDER
    }

    /** The compact serialised token, without the {@code Bearer} prefix. */
    String token(Role role, long id);
}
