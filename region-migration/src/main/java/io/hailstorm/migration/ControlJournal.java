package io.hailstorm.migration;

/** Appends to the {@code control} stream. */
@FunctionalInterface
public interface ControlJournal {
    /**
     * Asks for a change. What became of it shows when the record, durable, is read back and applied. Only where {@link #decides};
     * what a predecessor still proposes is void where it does not fit what the table says by then.
     */
    void propose(ControlRecord record);

    /** Whether this node is the one that proposes: it serves the partition whose server decides. May change between turns. */
    default boolean decides() {
        return true;
    }
}
