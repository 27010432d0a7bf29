package io.hailstorm.kernel;

/** Identity of a driver; comes only from an authenticated token. Hot loops unwrap it to {@code long}. */
public record DriverId(long value) implements Comparable<DriverId> {
    @Override
    public int compareTo(DriverId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
