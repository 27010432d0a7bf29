package io.hailstorm.log;

import static io.hailstorm.log.SegmentDescriptor.*;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import org.agrona.DirectBuffer;

/** Judges a segment's header. */
final class SegmentHeader {
    private SegmentHeader() {}

    /** Never synced: the crash came before the first sync of the segment. */
    static boolean isBlank(DirectBuffer buffer) {
        for (int at = 0; at < MARK_OFFSET; at += Long.BYTES) {
            if (buffer.getLong(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether the header is whole, whatever it says. */
    static boolean checksOut(Segment segment) {
        DirectBuffer buffer = segment.buffer;
        return buffer.getLong(MAGIC_OFFSET) == MAGIC
                && buffer.getInt(HEADER_CRC_OFFSET) == crc(buffer, 0, HEADER_CRC_OFFSET)
                && (buffer.getInt(VERSION_OFFSET) == 1 || flagsCheckOut(buffer));
    }

    /** Whether the part with flags and key is whole; version 1 has none. */
    static boolean flagsCheckOut(DirectBuffer buffer) {
        return buffer.getInt(FLAGS_CRC_OFFSET) == flagsCrc(buffer);
    }

    static boolean belongs(Segment segment, StreamName stream, int partition) {
        DirectBuffer buffer = segment.buffer;
        return buffer.getLong(BASE_OFFSET_OFFSET) == segment.baseOffset
                && buffer.getInt(STREAM_OFFSET) == streamCode(stream)
                && buffer.getInt(PARTITION_OFFSET) == partition;
    }

    /** Refuses a file of another kind, version, stream, partition or place; a blank header passes. */
    static void refuseForeign(Segment segment, StreamName stream, int partition) {
        DirectBuffer buffer = segment.buffer;
        if (buffer.capacity() < StreamConfig.SEGMENT_BYTES_MIN) {
            throw segment.corrupt(buffer.capacity(), "the file ends here, too short for a segment");
        }
        if (isBlank(buffer)) {
            return;
        }
        if (buffer.getLong(MAGIC_OFFSET) != MAGIC) {
            throw segment.corrupt(MAGIC_OFFSET, "not a segment of a Hailstorm log");
        }
        int version = buffer.getInt(VERSION_OFFSET);
        boolean checksOut = buffer.getInt(HEADER_CRC_OFFSET) == crc(buffer, 0, HEADER_CRC_OFFSET);
        if (checksOut && version > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION, newer(segment.path.toString(), version, VERSION));
        }
        if (!checksOut) {
            throw segment.corrupt(HEADER_CRC_OFFSET, "the header's checksum does not match");
        }
        if (!belongs(segment, stream, partition)) {
            throw segment.corrupt(BASE_OFFSET_OFFSET, "the header belongs to another stream, partition or offset");
        }
        if (version > 1 && !flagsCheckOut(buffer)) {
            throw segment.corrupt(FLAGS_CRC_OFFSET, "the header's second checksum does not match");
        }
    }

    /** What is said of any file of a later version. */
    static String newer(String what, long version, long understood) {
        return what + ": written by a newer Hailstorm: version=" + version + ", understood up to " + understood
                + "; use that one";
    }
}
