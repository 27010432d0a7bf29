package io.hailstorm.kernel;

/** Identity of one offer of a trip to a driver; unique within its trip's home partition. */
public record OfferId(long value) {
    @Override
    public String toString() {
        return Long.toString(value);
    }
}
