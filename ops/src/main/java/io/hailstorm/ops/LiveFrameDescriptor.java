package io.hailstorm.ops;

/**
 * Byte layout of a frame of {@code /live}. Little endian. The response body is frames back to back; a frame says its
 * own length, so chunk borders mean nothing. Every frame is a whole picture, never a difference: a reader that
 * missed some has lost nothing.
 *
 * <pre>
 *   header, 40 bytes
 *   0        4     6     8        12       16                24       28       32     33     34        40
 *   +--------+-----+-----+--------+--------+-----------------+--------+--------+------+------+---------+
 *   | magic  | ver |flags| length | number |     timeMs      |vehicles| cells  |sample|  -   |    -    |
 *   | "HLF1" | u16 | u16 |  u32   |  u32   |      i64        |  u32   |  u32   |  u8  |  u8  | 6 bytes |
 *   +--------+-----+-----+--------+--------+-----------------+--------+--------+------+------+---------+
 *
 *   stats, 64 bytes
 *   0        4        8        12       16       20       24       28       32       36       40
 *   +--------+--------+--------+--------+--------+--------+--------+--------+--------+--------+
 *   | offline|  idle  |en route|on trip | open   | fixes  |requests| offers |complet.| wait   |
 *   |  u32   |  u32   |  u32   |  u32   |trips u32| /s f32 | /s f32 | /s f32 | /s f32 |p50Ms u32|
 *   +--------+--------+--------+--------+--------+--------+--------+--------+--------+--------+
 *   40       44       48       52       56                64
 *   +--------+--------+--------+--------+-----------------+
 *   | wait   | price  |multipl.|multipl.|   lag records   |
 *   |p95Ms u32|version u32|max u32|mean u32|     u64      |
 *   +--------+--------+--------+--------+-----------------+
 *
 *   vehicle, 24 bytes each
 *   0                 8        12       16    18    20    21    22    24
 *   +-----------------+--------+--------+-----+-----+-----+-----+-----+
 *   |     driver      | latE7  | lonE7  |head.|speed|state| age |  -  |
 *   |      u64        |  i32   |  i32   | u16 | u16 | u8  | u8  | u16 |
 *   +-----------------+--------+--------+-----+-----+-----+-----+-----+
 *
 *   cell, 16 bytes each
 *   0                 8          10       12       14       16
 *   +-----------------+----------+--------+--------+--------+
 *   |      cell       |multiplier| supply | demand | owner  |
 *   |      u64        |milli u16 |  u16   |  u16   |  u16   |
 *   +-----------------+----------+--------+--------+--------+
 * </pre>
 *
 * <p>{@code flags}: {@link #FLAG_HEARTBEAT} for a frame of header and stats alone, sent when nothing has changed: the
 * picture last sent still holds. {@code number} counts pictures; gaps are frames a slow reader did not get.
 * {@code timeMs}: the node's clock. {@code sample}: {@code s} means that one driver in 2^s is shown, always the same
 * ones. {@code head.}: centidegrees from north, 0xFFFF unknown. {@code speed}: cm/s, 0xFFFF unknown. {@code state}: a
 * {@link io.hailstorm.kernel.DriverState} code. {@code age}: seconds since the driver was heard, at most 255. {@code
 * owner}: partition, 0xFFFF none. Multipliers are in thousandths. Counts that do not fit are clamped.
 */
public final class LiveFrameDescriptor {
    /** "HLF1" read as a little-endian u32. */
    public static final int MAGIC = 'H' | 'L' << 8 | 'F' << 16 | '1' << 24;

    public static final int VERSION = 1;
    /** The frame has no vehicles and cells; the ones last sent still hold. */
    public static final int FLAG_HEARTBEAT = 1;
    /** Heading, speed or owner not known. */
    public static final int UNKNOWN_U16 = 0xFFFF;

    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int FLAGS_OFFSET = 6;
    public static final int LENGTH_OFFSET = 8;
    public static final int NUMBER_OFFSET = 12;
    public static final int TIME_MS_OFFSET = 16;
    public static final int VEHICLE_COUNT_OFFSET = 24;
    public static final int CELL_COUNT_OFFSET = 28;
    public static final int SAMPLE_SHIFT_OFFSET = 32;
    public static final int HEADER_LENGTH = 40;

    public static final int STATS_OFFSET = HEADER_LENGTH;
    public static final int STATS_LENGTH = 64;
    public static final int VEHICLES_OFFSET = STATS_OFFSET + STATS_LENGTH;
    public static final int VEHICLE_LENGTH = 24;
    public static final int CELL_LENGTH = 16;

    private LiveFrameDescriptor() {}
}
