package io.hailstorm.migration;

/** Appends to the {@code control} stream. */
@FunctionalInterface
public interface ControlJournal {
    /** Asks for a change. What became of it shows when the record, durable, is read back and applied. */
    void propose(ControlRecord.Proposal proposal);
}
