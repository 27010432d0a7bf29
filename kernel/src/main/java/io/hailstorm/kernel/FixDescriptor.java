package io.hailstorm.kernel;

/**
 * Byte layout of a fix in the log and in the rings between threads. Little endian, 64 bytes: one cache
 * line, no padding surprises.
 *
 * <pre>
 *   0        8        16       24       32       40   44   48   52   54   56  57  58      60     64
 *   +--------+--------+--------+--------+--------+----+----+----+----+----+---+---+-------+------+
 *   | driver | session|  seq   |deviceMs|  cell  |lat |lon | de |head|spd |st |flg|accur. |ingest|
 *   |  i64   |  i64   |  i64   |  i64   |  i64   |i32 |i32 |i32 |u16 |u16 |u8 |u8 | u16   | i32  |
 *   +--------+--------+--------+--------+--------+----+----+----+----+----+---+---+-------+------+
 * </pre>
 *
 * <p>{@code deviceMs}: event time, epoch milliseconds, corrected by the session's clock offset.
 * {@code cell}: H3 index at resolution 9. {@code head}: centidegrees, 0..35999, {@link #UNKNOWN_U16} when
 * unknown. {@code spd}: cm/s. {@code accur.}: decimetres. {@code ingest}: milliseconds from {@code deviceMs}
 * to arrival at the gateway, clamped to an int.
 */
public final class FixDescriptor {
    public static final int LENGTH = 64;
    public static final int DRIVER_OFFSET = 0;
    public static final int SESSION_OFFSET = 8;
    public static final int SEQ_OFFSET = 16;
    public static final int DEVICE_MS_OFFSET = 24;
    public static final int CELL_OFFSET = 32;
    public static final int LAT_OFFSET = 40;
    public static final int LON_OFFSET = 44;
    public static final int DE_OFFSET = 48;
    public static final int HEADING_OFFSET = 52;
    public static final int SPEED_OFFSET = 54;
    public static final int STATE_OFFSET = 56;
    public static final int FLAGS_OFFSET = 57;
    public static final int ACCURACY_OFFSET = 58;
    public static final int INGEST_DELAY_OFFSET = 60;

    /** Flag: the record is a state change at the last known place, not a measured position. */
    public static final int FLAG_STATE_ONLY = 1;
    /** Flags from this bit on: why a {@link RecordType#REJECTED_FIX} was rejected, by number; 0 otherwise. */
    public static final int FLAG_REJECTION_SHIFT = 4;
    /** Resolution of {@code cell}. */
    public static final int CELL_RESOLUTION = 9;
    /** Heading, speed or accuracy the phone did not know. */
    public static final int UNKNOWN_U16 = 0xFFFF;

    private FixDescriptor() {}
}
