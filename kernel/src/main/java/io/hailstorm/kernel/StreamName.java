package io.hailstorm.kernel;

/**
 * The streams of a region's log, co-partitioned: partition {@code p} of each belongs to the same writer.
 * The text name is what configuration, directories and commands use.
 */
public enum StreamName {
    /** Location fixes as {@link FixDescriptor} records, and the seals and opens of range moves. */
    FIXES("fixes"),
    /** Riders' and drivers' commands and the events of every trip; rounds. */
    TRIPS("trips"),
    /** Versioned prices per cell and tick. */
    PRICES("prices"),
    /** Ownership: proposals, applied in log order by every reader. Partition 0 only. */
    CONTROL("control"),
    /** Fixes that came too late or out of order for the visible record; never silently dropped. */
    LATE("late"),
    /** Records no reader could process, with cause, origin and attempts. */
    DEAD_LETTERS("dead-letters");

    private final String text;

    StreamName(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }

    /** @throws HailstormException with {@link ErrorCode#INVALID_ARGUMENT} listing the known names */
    public static StreamName parse(String text) {
        for (StreamName stream : values()) {
            if (stream.text.equals(text)) {
                return stream;
            }
        }
        throw new HailstormException(
                ErrorCode.INVALID_ARGUMENT,
                "unknown stream \"" + text + "\": expected one of fixes, trips, prices, control, late, dead-letters");
    }

    @Override
    public String toString() {
        return text;
    }
}
