package io.hailstorm.kernel;

/** What the bytes of a log record are; stored with every record. Numbers are forever. */
public final class RecordType {
    /** A fix in the layout of {@link FixDescriptor}. */
    public static final int FIX = 1;
    /** A serialized {@code hailstorm.v1.Event}. */
    public static final int EVENT = 2;

    private RecordType() {}
}
