package io.hailstorm.log;

/** What a stream's acknowledgement promises; a property of the stream. */
public enum AckLevel {
    /** In the page cache: survives the process, not the machine. Synced in the background. */
    MEMORY,
    /** After fsync, in group commits: survives the machine. */
    DISK
}
