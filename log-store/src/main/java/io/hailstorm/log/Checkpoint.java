package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Where recovery of a partition starts: everything before {@code offset} is durable, and every segment before the one it
 * names is sealed. A small file, replaced atomically when a segment was first synced, every
 * {@link Checkpoints#INTERVAL_BYTES} within one, and when the log is opened and closed.
 *
 * <pre>
 *   0        8        12       16                24       32            40       48       52     56          60      64
 *   +--------+--------+--------+-----------------+--------+-------------+--------+--------+------+-----------+-------+----------
 *   | magic  |version |headLen |segmentBaseOffset| offset |durableOffset| hlcMax |position|flags |producerLen|crc32c | producers
 *   |  u64   |  i32   |  i32   |       i64       |  i64   |     i64     |  i64   |  i32   | i32  |    i32    | u32   |
 *   +--------+--------+--------+-----------------+--------+-------------+--------+--------+------+-----------+-------+----------
 * </pre>
 *
 * <p>Version 1 ({@code "HAILCKP1"}: segmentBaseOffset, durableOffset, length, crc32c) always started at a segment's
 * beginning; it is still read.
 *
 * @param offset of the first batch to check
 * @param position of that batch in the segment
 * @param hlcMax highest clock before {@code offset} in that segment; {@link Long#MIN_VALUE} when there is none
 * @param durableOffset known to be durable when the checkpoint was written
 * @param clean whether the log was closed with nothing behind {@code offset}
 * @param producers the producer table as of {@code offset}
 */
@SuppressWarnings("ArrayRecordComponent") // internal; never changed, never compared
record Checkpoint(
        long segmentBaseOffset,
        long offset,
        int position,
        long hlcMax,
        long durableOffset,
        boolean clean,
        byte[] producers) {
    static final String FILE_NAME = "checkpoint";
    static final int VERSION = 2;

    /** "HAILCKPT" in file order. */
    private static final long MAGIC = 0x54504B43_4C494148L;
    /** "HAILCKP1" in file order. */
    private static final long MAGIC_VERSION_1 = 0x31504B43_4C494148L;

    private static final int HEADER_LENGTH = 64;
    private static final int HEADER_LENGTH_VERSION_1 = 32;
    private static final int FLAG_CLEAN = 1;

    /** At the beginning of a segment. */
    static Checkpoint atSegmentStart(long segmentBaseOffset, long durableOffset, byte[] producers) {
        return new Checkpoint(
                segmentBaseOffset,
                segmentBaseOffset,
                SegmentDescriptor.HEADER_LENGTH,
                Long.MIN_VALUE,
                durableOffset,
                false,
                producers);
    }

    /** The same place, for a log that is about to be appended to. */
    Checkpoint opened() {
        return new Checkpoint(segmentBaseOffset, offset, position, hlcMax, durableOffset, false, producers);
    }

    void write(Disk disk, Path directory) {
        disk.writeAtomically(directory.resolve(FILE_NAME), encode());
    }

    byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(HEADER_LENGTH + producers.length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(VERSION).putInt(HEADER_LENGTH);
        out.putLong(segmentBaseOffset).putLong(offset).putLong(durableOffset).putLong(hlcMax);
        out.putInt(position).putInt(clean ? FLAG_CLEAN : 0).putInt(producers.length);
        out.putInt(0).put(producers);
        out.putInt(HEADER_LENGTH - 4, crc(out.array(), HEADER_LENGTH));
        return out.array();
    }

    /**
     * @throws HailstormException {@code FAILED_PRECONDITION} when a newer Hailstorm wrote it, {@code DATA_LOSS} when it
     *     does not check out
     */
    static Optional<Checkpoint> read(Disk disk, Path directory) {
        Path path = directory.resolve(FILE_NAME);
        return disk.readAll(path).map(content -> parse(path, content));
    }

    static Checkpoint parse(Path path, byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length >= HEADER_LENGTH_VERSION_1 && in.getLong(0) == MAGIC_VERSION_1) {
            requireChecked(path, content, HEADER_LENGTH_VERSION_1, in.getInt(24));
            return atSegmentStart(
                    in.getLong(8),
                    in.getLong(16),
                    Arrays.copyOfRange(content, HEADER_LENGTH_VERSION_1, content.length));
        }
        if (content.length < HEADER_LENGTH || in.getLong(0) != MAGIC) {
            throw new HailstormException(ErrorCode.DATA_LOSS, path + ": not a checkpoint of a Hailstorm log");
        }
        if (in.getInt(8) > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    path + ": written by a newer Hailstorm: version=" + in.getInt(8) + ", understood up to " + VERSION);
        }
        requireChecked(path, content, HEADER_LENGTH, in.getInt(56));
        return new Checkpoint(
                in.getLong(16),
                in.getLong(24),
                in.getInt(48),
                in.getLong(40),
                in.getLong(32),
                (in.getInt(52) & FLAG_CLEAN) != 0,
                Arrays.copyOfRange(content, HEADER_LENGTH, content.length));
    }

    private static void requireChecked(Path path, byte[] content, int headerLength, int producersLength) {
        int crc = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).getInt(headerLength - 4);
        if (crc != crc(content, headerLength) || producersLength != content.length - headerLength) {
            throw new HailstormException(ErrorCode.DATA_LOSS, path + ": checksum does not match, the file is corrupt");
        }
    }

    private static int crc(byte[] content, int headerLength) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, headerLength - 4);
        crc.update(content, headerLength, content.length - headerLength);
        return (int) crc.getValue();
    }
}
