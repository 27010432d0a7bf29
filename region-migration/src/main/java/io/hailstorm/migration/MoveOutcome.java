package io.hailstorm.migration;

/** How a move ended. */
public enum MoveOutcome {
    /** The target owns the range. */
    DONE,
    /** The source kept it, and was never sealed for good. */
    GIVEN_UP,
    /** The source has it again, two epochs later. */
    TAKEN_BACK
}
