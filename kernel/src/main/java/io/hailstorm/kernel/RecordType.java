package io.hailstorm.kernel;

/** What the bytes of a log record are; stored with every record. Numbers are forever. */
public final class RecordType {
    /** A fix in the layout of {@link FixDescriptor}. */
    public static final int FIX = 1;
    /** A serialized {@code hailstorm.v1.Event}. */
    public static final int EVENT = 2;
    /**
     * A rejected fix in the layout of {@link FixDescriptor}, in stream {@code late}: the proof that its number was
     * answered, so that a restart does not wait for it. Not a late fix; count those by {@link #FIX}.
     */
    public static final int REJECTED_FIX = 3;
    /** UTF-8 text: a line that an operator or a test put there. Nothing in a node acts on it. */
    public static final int TEXT = 4;

    private RecordType() {}
}
