package io.hailstorm.matching;

/** Who ended a trip early, and why. */
public enum CancelReason {
    BY_RIDER,
    BY_DRIVER,
    /** The driver's phone fell silent. */
    DRIVER_LOST,
    RIDER_NO_SHOW,
    BY_OPERATOR
}
