package io.hailstorm.kernel;

import org.jspecify.annotations.Nullable;

/**
 * An operational failure with a canonical code. Expected outcomes are values, not exceptions; bugs go
 * through {@link Invariants}. The message carries the offending values and what the reader can do.
 */
public class HailstormException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public HailstormException(ErrorCode code, String message) {
        this(code, message, null);
    }

    public HailstormException(ErrorCode code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ErrorCode code() {
        return code;
    }
}
