package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Objects;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the bodies of batches into a buffer of its own, which grows to the largest, at most
 * {@link BatchDescriptor#RAW_LENGTH_MAX}. Remembers the last one. One thread at a time. Steady state: allocates only for
 * encrypted batches.
 */
final class BatchDecoder implements AutoCloseable {
    private static final int INITIAL_CAPACITY = 64 << 10;

    private final LZ4SafeDecompressor lz4 = LZ4Factory.fastestInstance().safeDecompressor();
    private final UnsafeBuffer records = new UnsafeBuffer(0, 0);
    private @Nullable ZstdDecompressCtx zstd;
    private ByteBuffer scratch = ByteBuffer.allocateDirect(0);
    private @Nullable Segment heldSegment;
    private int heldAt;

    /**
     * Decodes the batch at a position, whose checksum was seen to match.
     *
     * @return its records, up to the next call
     * @throws HailstormException {@code DATA_LOSS} when it does not decode, {@code FAILED_PRECONDITION} when the key is
     *     lost or the codec unknown
     */
    UnsafeBuffer decode(Segment segment, int at, ByteBuffer view) {
        if (heldSegment == segment && heldAt == at) {
            return records;
        }
        heldSegment = null;
        UnsafeBuffer buffer = segment.buffer;
        int codec = buffer.getByte(at + CODEC_OFFSET) & 0xFF;
        int length = buffer.getInt(at + LENGTH_OFFSET);
        int rawLength = buffer.getInt(at + RAW_LENGTH_OFFSET);
        int storedLength = buffer.getInt(at + STORED_LENGTH_OFFSET);
        boolean plausible = length >= STORED_OFFSET
                && storedLength > 0
                && storedLength <= length - STORED_OFFSET
                && rawLength > 0
                && (rawLength <= RAW_LENGTH_MAX || (codec & CODEC_COMPRESSION_MASK) == 0)
                && rawLength <= Integer.MAX_VALUE - HEADER_LENGTH;
        if (!plausible) {
            throw segment.corrupt(at, "implausible lengths: raw=" + rawLength + ", stored=" + storedLength);
        }
        int decoded;
        try {
            decoded = (codec & CODEC_ENCRYPTED) != 0
                    ? decrypt(segment, at, storedLength, rawLength, codec)
                    : decompress(codec, view, at + STORED_OFFSET, storedLength, rawLength);
        } catch (GeneralSecurityException e) {
            throw segment.corrupt(at, "a batch does not decrypt; it was changed, or moved here from elsewhere");
        } catch (LZ4Exception | ZstdException e) {
            throw segment.corrupt(at, "a batch does not decompress: " + e.getMessage());
        }
        if (decoded != rawLength) {
            throw segment.corrupt(at, "a batch decodes to " + decoded + " bytes, expected " + rawLength);
        }
        records.wrap(scratch, 0, rawLength);
        heldSegment = segment;
        heldAt = at;
        return records;
    }

    private int decrypt(Segment segment, int at, int storedLength, int rawLength, int codec)
            throws GeneralSecurityException {
        byte[] stored = new byte[storedLength];
        segment.buffer.getBytes(at + STORED_OFFSET, stored);
        byte[] plain = segment.key().decrypt(stored, SegmentKey.associated(segment.buffer, at));
        if ((codec & CODEC_COMPRESSION_MASK) == 0) {
            reserve(plain.length).put(0, plain);
            return plain.length;
        }
        ByteBuffer compressed = ByteBuffer.allocateDirect(plain.length).put(0, plain);
        return decompress(codec, compressed, 0, plain.length, rawLength);
    }

    private int decompress(int codec, ByteBuffer from, int index, int length, int rawLength) {
        from.clear();
        ByteBuffer to = reserve(rawLength);
        int compression = codec & CODEC_COMPRESSION_MASK;
        if (compression == Compression.LZ4.code()) {
            return lz4.decompress(from, index, length, to, 0, rawLength);
        }
        if (compression == Compression.ZSTD.code()) {
            if (zstd == null) {
                zstd = new ZstdDecompressCtx();
            }
            return Objects.requireNonNull(zstd).decompressDirectByteBuffer(to, 0, rawLength, from, index, length);
        }
        throw new HailstormException(
                ErrorCode.FAILED_PRECONDITION,
                SegmentHeader.newer("a batch of unknown compression", compression, Compression.ZSTD.code()));
    }

    private ByteBuffer reserve(int length) {
        if (scratch.capacity() < length) {
            scratch = ByteBuffer.allocateDirect(Math.max(INITIAL_CAPACITY, length));
        }
        return scratch;
    }

    @Override
    public void close() {
        if (zstd != null) {
            zstd.close();
        }
    }
}
