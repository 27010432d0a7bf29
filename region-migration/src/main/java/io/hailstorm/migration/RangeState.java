package io.hailstorm.migration;

/** Where a range stands. {@link OwnershipTable} has the transition table. */
public enum RangeState {
    /** One partition owns the range and accepts its fixes. */
    ACTIVE,
    /** A target stages a copy; the source still accepts. */
    COPYING,
    /** The source may close the range with a SEAL record; it accepts up to that record. */
    SEALING,
    /** The SEAL is durable and known to all: no way back to this epoch. Nobody accepts. */
    SEALED,
    /** Was SEALING and is given up: the source makes an ABORT durable, then is the range's owner again. */
    ABORTING
}
