package io.hailstorm.kernel;

/** Name of a region: lower case letters, digits and dashes, such as {@code sf} or {@code sf-north}. */
public record RegionId(String value) {
    public RegionId {
        if (!value.matches("[a-z][a-z0-9-]{0,62}")) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "malformed region name: expected [a-z][a-z0-9-]*, at most 63 characters, got \"" + value + "\"");
        }
    }

    @Override
    public String toString() {
        return value;
    }
}
