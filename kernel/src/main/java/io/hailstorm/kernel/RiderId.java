package io.hailstorm.kernel;

/** Identity of a rider; comes only from an authenticated token. */
public record RiderId(long value) {
    @Override
    public String toString() {
        return Long.toString(value);
    }
}
