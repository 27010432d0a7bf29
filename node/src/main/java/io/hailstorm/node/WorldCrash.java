package io.hailstorm.node;

/** The machine of a simulated node dies here, inside whatever it was doing. An error, so that nobody handles it. */
final class WorldCrash extends Error {
    private static final long serialVersionUID = 1;

    WorldCrash() {
        super("a simulated machine died", null, false, false);
    }
}
