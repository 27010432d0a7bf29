package io.hailstorm.log;

/**
 * Keeps a partition's records from an offset on as they are: while it is held, retention neither deletes nor compacts
 * them. For whoever may have to read them again: an open migration, a snapshot. Lives as long as the process; who needs it
 * longer takes it again when it opens the log. Any thread.
 */
public interface RetentionHold extends AutoCloseable {
    /** Holds nothing. */
    RetentionHold NONE = new RetentionHold() {
        @Override
        public void moveTo(long offset) {}

        @Override
        public void close() {}
    };

    /** Lets go of everything below a higher offset; a lower one changes nothing. */
    void moveTo(long offset);

    /** Lets go of everything. */
    @Override
    void close();
}
