package io.hailstorm.migration;

/** What became of a record of the {@code control} stream; the same for every reader. */
public sealed interface ControlOutcome {
    long offset();

    ControlRecord record();

    record Applied(long offset, ControlRecord record) implements ControlOutcome {}

    /**
     * Changed nothing.
     *
     * @param reason for people, with the values that did not fit
     */
    record Voided(long offset, ControlRecord record, String reason) implements ControlOutcome {}
}
