package io.hailstorm.log;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.StreamName;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Byte layout of a segment file: a header page, then batches. Little endian.
 *
 * <pre>
 *   0                8        12       16               24       28       32       36
 *   +----------------+--------+--------+----------------+--------+--------+--------+
 *   |     magic      |version |headLen |   baseOffset   | stream | partn  | crc32c |   written once, when the
 *   |      u64       |  i32   |  i32   |      i64       |  i32   |  i32   |  u32   |   segment becomes active
 *   +----------------+--------+--------+----------------+--------+--------+--------+
 *   64               72
 *   +----------------+
 *   |      mark      |  the durable offset, 48 bits, and 16 bits of check: one atomic word, after every sync
 *   +----------------+
 *   128              136              144      148      152
 *   +----------------+----------------+--------+--------+
 *   |   endOffset    |     hlcMax     | endPos | crc32c |  the seal, written once the segment is full and durable
 *   +----------------+----------------+--------+--------+
 *   192      196      200      204      208           ≤ 512
 *   +--------+--------+--------+--------+----------------+
 *   | flags  | keyId  |wrapLen | crc32c |  wrapped key   |  since version 2, written with the first part; no key: zeros
 *   |  i32   |  i32   |  i32   |  u32   |  wrapLen bytes |
 *   +--------+--------+--------+--------+----------------+
 *   4096
 *   +-------------------------------------------
 *   | batches …, then zeros to the end of the file
 * </pre>
 *
 * <p>All of the header lies in one sector, so a device writes it whole or not at all.
 */
final class SegmentDescriptor {
    /** "HAILSEG1" as bytes in file order. */
    static final long MAGIC = 0x31474553_4C494148L;

    /** 1 had neither coded nor sparse batches and no third part of the header. */
    static final int VERSION = 2;

    static final int MAGIC_OFFSET = 0;
    static final int VERSION_OFFSET = 8;
    static final int HEADER_LENGTH_OFFSET = 12;
    static final int BASE_OFFSET_OFFSET = 16;
    static final int STREAM_OFFSET = 24;
    static final int PARTITION_OFFSET = 28;
    static final int HEADER_CRC_OFFSET = 32;
    static final int MARK_OFFSET = 64;
    static final int SEAL_END_OFFSET_OFFSET = 128;
    static final int SEAL_HLC_MAX_OFFSET = 136;
    static final int SEAL_END_POSITION_OFFSET = 144;
    static final int SEAL_CRC_OFFSET = 148;
    static final int FLAGS_OFFSET = 192;
    static final int KEY_ID_OFFSET = 196;
    static final int WRAPPED_LENGTH_OFFSET = 200;
    static final int FLAGS_CRC_OFFSET = 204;
    static final int WRAPPED_OFFSET = 208;
    static final int WRAPPED_LENGTH_MAX = Disk.SECTOR_BYTES - WRAPPED_OFFSET;
    static final int HEADER_LENGTH = 4096;

    /** Rewritten by compaction: offsets may be missing between and in its batches. Always sealed. */
    static final int FLAG_COMPACTED = 1;

    static final String SUFFIX = ".seg";

    private static final int NAME_DIGITS = 20;
    private static final int CHECK_BITS = 16;
    private static final long CHECK_MASK = (1L << CHECK_BITS) - 1;

    private SegmentDescriptor() {}

    static String fileName(long baseOffset) {
        String digits = Long.toString(baseOffset);
        return "0".repeat(NAME_DIGITS - digits.length()) + digits + SUFFIX;
    }

    static boolean isFileName(String name) {
        return name.length() == NAME_DIGITS + SUFFIX.length()
                && name.endsWith(SUFFIX)
                && name.chars().limit(NAME_DIGITS).allMatch(c -> c >= '0' && c <= '9');
    }

    static long baseOffsetOf(String fileName) {
        return Long.parseLong(fileName.substring(0, NAME_DIGITS));
    }

    /** @param keyset wraps a new data key for the segment, unless it is empty */
    static void writeHeader(
            UnsafeBuffer buffer, StreamName stream, int partition, long baseOffset, LogKeyset keyset, int flags) {
        buffer.putLong(MAGIC_OFFSET, MAGIC);
        buffer.putLong(BASE_OFFSET_OFFSET, baseOffset);
        buffer.putInt(STREAM_OFFSET, streamCode(stream));
        buffer.putInt(PARTITION_OFFSET, partition);
        writeMark(buffer, baseOffset);
        finishHeader(buffer, keyset, flags);
    }

    /** For a segment without batches that is to be of this version and another key. */
    static void rewriteHeader(UnsafeBuffer buffer, LogKeyset keyset) {
        finishHeader(buffer, keyset, 0);
    }

    /** Mends a header over sound batches. The part with flags and key stays if it checks out. */
    static void mendHeader(UnsafeBuffer buffer, StreamName stream, int partition, long baseOffset, boolean compacted) {
        if (!SegmentHeader.flagsCheckOut(buffer)) {
            buffer.setMemory(FLAGS_OFFSET, Disk.SECTOR_BYTES - FLAGS_OFFSET, (byte) 0);
            buffer.putInt(FLAGS_OFFSET, compacted ? FLAG_COMPACTED : 0);
            buffer.putInt(FLAGS_CRC_OFFSET, flagsCrc(buffer));
        }
        buffer.putLong(MAGIC_OFFSET, MAGIC);
        buffer.putInt(VERSION_OFFSET, VERSION);
        buffer.putInt(HEADER_LENGTH_OFFSET, HEADER_LENGTH);
        buffer.putLong(BASE_OFFSET_OFFSET, baseOffset);
        buffer.putInt(STREAM_OFFSET, streamCode(stream));
        buffer.putInt(PARTITION_OFFSET, partition);
        buffer.putInt(HEADER_CRC_OFFSET, crc(buffer, 0, HEADER_CRC_OFFSET));
    }

    private static void finishHeader(UnsafeBuffer buffer, LogKeyset keyset, int flags) {
        buffer.putInt(VERSION_OFFSET, VERSION);
        buffer.putInt(HEADER_LENGTH_OFFSET, HEADER_LENGTH);
        buffer.putInt(HEADER_CRC_OFFSET, crc(buffer, 0, HEADER_CRC_OFFSET));
        buffer.setMemory(FLAGS_OFFSET, Disk.SECTOR_BYTES - FLAGS_OFFSET, (byte) 0);
        buffer.putInt(FLAGS_OFFSET, flags);
        if (!keyset.isEmpty()) {
            SegmentKey.create(keyset, buffer);
        }
        buffer.putInt(FLAGS_CRC_OFFSET, flagsCrc(buffer));
    }

    static int flagsCrc(DirectBuffer buffer) {
        int wrappedLength = Math.clamp(buffer.getInt(WRAPPED_LENGTH_OFFSET), 0, WRAPPED_LENGTH_MAX);
        byte[] bytes = new byte[FLAGS_CRC_OFFSET - FLAGS_OFFSET + wrappedLength];
        buffer.getBytes(FLAGS_OFFSET, bytes, 0, FLAGS_CRC_OFFSET - FLAGS_OFFSET);
        buffer.getBytes(WRAPPED_OFFSET, bytes, FLAGS_CRC_OFFSET - FLAGS_OFFSET, wrappedLength);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        return (int) crc.getValue();
    }

    static boolean isCompacted(DirectBuffer buffer) {
        return (buffer.getInt(FLAGS_OFFSET) & FLAG_COMPACTED) != 0;
    }

    static boolean isEncrypted(DirectBuffer buffer) {
        return buffer.getInt(WRAPPED_LENGTH_OFFSET) > 0;
    }

    /** Numbers are forever. */
    static int streamCode(StreamName stream) {
        return switch (stream) {
            case FIXES -> 1;
            case TRIPS -> 2;
            case PRICES -> 3;
            case CONTROL -> 4;
            case LATE -> 5;
            case DEAD_LETTERS -> 6;
        };
    }

    static int crc(DirectBuffer buffer, int from, int toExclusive) {
        byte[] bytes = new byte[toExclusive - from];
        buffer.getBytes(from, bytes);
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.wrap(bytes));
        return (int) crc.getValue();
    }

    static void writeMark(UnsafeBuffer buffer, long durableOffset) {
        buffer.putLongRelease(MARK_OFFSET, (durableOffset << CHECK_BITS) | check(durableOffset));
    }

    /** The durable offset in the header, or -1 when the word does not check out. */
    static long readMark(UnsafeBuffer buffer) {
        long word = buffer.getLongAcquire(MARK_OFFSET);
        long durableOffset = word >>> CHECK_BITS;
        return (word & CHECK_MASK) == check(durableOffset) ? durableOffset : -1;
    }

    private static long check(long durableOffset) {
        return CounterRandom.mix(durableOffset + 1) & CHECK_MASK;
    }

    static void writeSeal(UnsafeBuffer buffer, long endOffset, long hlcMax, int endPosition) {
        buffer.putLong(SEAL_END_OFFSET_OFFSET, endOffset);
        buffer.putLong(SEAL_HLC_MAX_OFFSET, hlcMax);
        buffer.putInt(SEAL_END_POSITION_OFFSET, endPosition);
        buffer.putInt(SEAL_CRC_OFFSET, crc(buffer, SEAL_END_OFFSET_OFFSET, SEAL_CRC_OFFSET));
    }

    static void clearSeal(UnsafeBuffer buffer) {
        buffer.setMemory(SEAL_END_OFFSET_OFFSET, SEAL_CRC_OFFSET + Integer.BYTES - SEAL_END_OFFSET_OFFSET, (byte) 0);
    }

    static boolean isSealed(UnsafeBuffer buffer) {
        return buffer.getLong(SEAL_END_OFFSET_OFFSET) != 0
                && buffer.getInt(SEAL_CRC_OFFSET) == crc(buffer, SEAL_END_OFFSET_OFFSET, SEAL_CRC_OFFSET);
    }
}
