package io.hailstorm.kernel;

import com.google.errorprone.annotations.FormatMethod;

/** Checks that can only fail through a bug. A failure is an {@link InvariantViolation}, which stops the node. */
public final class Invariants {
    private Invariants() {}

    /** Thrown when a bug was found; never caught and continued from. */
    public static final class InvariantViolation extends Error {
        private static final long serialVersionUID = 1L;

        InvariantViolation(String message) {
            super(message);
        }
    }

    public static void require(boolean condition, String message) {
        if (!condition) {
            throw new InvariantViolation(message);
        }
    }

    /** Formats only on failure, but boxes its arguments: not for hot paths. */
    @FormatMethod
    public static void require(boolean condition, String format, Object... args) {
        if (!condition) {
            throw new InvariantViolation(String.format(java.util.Locale.ROOT, format, args));
        }
    }
}
