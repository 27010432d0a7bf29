package io.hailstorm.log;

/** What a stream's acknowledgement promises; a property of the stream. */
public enum AckLevel {
    /** In the page cache: survives the process, not the machine. Synced in the background. */
    MEMORY,
    /** After fsync, in group commits: survives the machine. */
    DISK,
    /**
     * After fsync here and in every region that {@link Tenure#copies} names: survives the loss of all but one of them. An
     * engine that knows no other regions takes it as {@link #DISK}.
     */
    GEO
}
