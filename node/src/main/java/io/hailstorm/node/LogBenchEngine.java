package io.hailstorm.node;

/**
 * A log under measurement: one partition, records of one size, batches of one size. {@link #append} belongs to the writer
 * thread, {@link #doWork} to the syncer, as in a node.
 */
interface LogBenchEngine extends AutoCloseable {
    /** What the rows of a comparison are called by. */
    String label();

    /** What an acknowledgement means here. */
    String durability();

    /** Appends one batch; false when the engine pushes back and nothing was appended. */
    boolean append();

    /** Records appended so far. Writer thread. */
    long appendedCount();

    /** Records acknowledged so far, at {@link #durability}. Any thread. */
    long acknowledgedCount();

    /** Background work, where the engine has any; 0 when there was none. */
    int doWork(long nowNs);

    /** What need not be done soon, on a thread of its own; 0 when there was none. */
    default int doMaintenance(long nowNs) {
        return 0;
    }

    /** How long the caller of {@link #doWork} may sleep, at most {@code maxNs}. */
    default long idleNs(long nowNs, long maxNs) {
        return maxNs;
    }

    /**
     * Reads back what is still retained, from its beginning, touching every payload.
     *
     * @return how many records, at most {@code recordsMax}
     */
    long read(long recordsMax);

    @Override
    void close();
}
