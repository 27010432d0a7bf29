package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import io.hailstorm.kernel.MappedFile;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Checks batches of one file. One thread at a time; allocates only when made. */
final class BatchChecker {
    private final UnsafeBuffer buffer;
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();

    BatchChecker(MappedFile file) {
        buffer = file.buffer();
        view = file.duplicate();
    }

    /** The file's bytes, for the same thread. */
    ByteBuffer view() {
        return view;
    }

    int crc(int position, int length) {
        crc.reset();
        view.limit(position + length).position(position + CHECKED_OFFSET);
        crc.update(view);
        return (int) crc.getValue();
    }

    /** Whether a whole batch with a matching checksum lies here, whatever its offset. */
    boolean isBatch(int position) {
        if (position + HEADER_LENGTH > buffer.capacity() || buffer.getShort(position + MAGIC_OFFSET) != MAGIC) {
            return false;
        }
        int length = buffer.getInt(position + LENGTH_OFFSET);
        boolean mayBeEmpty = (buffer.getByte(position + CODEC_OFFSET) & (CODEC_GAP | CODEC_SPARSE)) != 0;
        int lengthMin = mayBeEmpty ? HEADER_LENGTH : HEADER_LENGTH + ALIGNMENT;
        return length >= lengthMin
                && length % ALIGNMENT == 0
                && length <= buffer.capacity() - position
                && buffer.getInt(position + COUNT_OFFSET) > 0
                && buffer.getInt(position + CRC_OFFSET) == crc(position, length);
    }

    /** Whether the batch here says that its offsets are lost; what it says counts only if it checks out. */
    static boolean isGap(DirectBuffer buffer, int position) {
        return (buffer.getByte(position + CODEC_OFFSET) & CODEC_GAP) != 0;
    }

    /** Whether the batch that starts with this very offset lies here. */
    boolean isBatchAt(int position, long expectedOffset) {
        return isBatch(position) && buffer.getLong(position + BASE_OFFSET_OFFSET) == expectedOffset;
    }
}
