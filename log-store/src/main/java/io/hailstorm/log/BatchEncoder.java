package io.hailstorm.log;

import static io.hailstorm.log.BatchDescriptor.*;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.util.Objects;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the bodies of batches that are compressed, encrypted or both. One thread. Compressing allocates nothing in steady
 * state; encrypting copies each batch twice.
 */
final class BatchEncoder implements AutoCloseable {
    /** How much longer than its records an encrypted batch can be: lengths, nonce, tag and padding. */
    static final int ENCRYPTED_OVERHEAD_MAX = aligned(STORED_OFFSET - HEADER_LENGTH + SegmentKey.OVERHEAD_BYTES + 4);

    private static final int NOT_SMALLER = -1;

    private final Compression compression;
    private final @Nullable LZ4Compressor lz4;
    private final @Nullable ZstdCompressCtx zstd;
    private UnsafeBuffer scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(0));

    BatchEncoder(Compression compression) {
        this.compression = compression;
        lz4 = compression == Compression.LZ4 ? LZ4Factory.fastestInstance().fastCompressor() : null;
        zstd = compression == Compression.ZSTD ? new ZstdCompressCtx().setLevel(Compression.zstdLevel()) : null;
    }

    /**
     * Writes codec and body of a batch whose other header fields, but for length and checksum, are in place.
     *
     * @param records in a direct buffer
     * @param sparse whether the records carry their places in the batch
     * @return length of the batch
     */
    int write(UnsafeBuffer to, int at, DirectBuffer records, int length, @Nullable SegmentKey key, boolean sparse) {
        int compressed = compress(records, length);
        boolean isSmaller = compressed != NOT_SMALLER;
        int codec = (isSmaller ? compression.code() : CODEC_NONE)
                | (key == null ? 0 : CODEC_ENCRYPTED)
                | (sparse ? CODEC_SPARSE : 0);
        to.putInt(at + CODEC_OFFSET, codec | MAGIC << 16);
        if ((codec & CODEC_CODED_MASK) == 0) {
            to.putBytes(at + HEADER_LENGTH, records, 0, length);
            return HEADER_LENGTH + length;
        }
        to.putInt(at + RAW_LENGTH_OFFSET, length);
        DirectBuffer body = isSmaller ? scratch : records;
        int stored = isSmaller ? compressed : length;
        if (key == null) {
            to.putBytes(at + STORED_OFFSET, body, 0, stored);
        } else {
            byte[] plain = new byte[stored];
            body.getBytes(0, plain);
            byte[] sealed = key.encrypt(plain, SegmentKey.associated(to, at));
            stored = sealed.length;
            to.putBytes(at + STORED_OFFSET, sealed);
        }
        to.putInt(at + STORED_LENGTH_OFFSET, stored);
        int end = aligned(STORED_OFFSET + stored);
        for (int padding = STORED_OFFSET + stored; padding < end; padding++) {
            to.putByte(at + padding, (byte) 0);
        }
        return end;
    }

    /** Length {@link #write} would answer. */
    int measure(DirectBuffer records, int length, boolean encrypted) {
        int compressed = compress(records, length);
        if (compressed == NOT_SMALLER && !encrypted) {
            return HEADER_LENGTH + length;
        }
        int body = compressed == NOT_SMALLER ? length : compressed;
        return aligned(STORED_OFFSET + body + (encrypted ? SegmentKey.OVERHEAD_BYTES : 0));
    }

    /** Compresses into the scratch buffer. */
    private int compress(DirectBuffer records, int length) {
        if (compression == Compression.NONE || length > RAW_LENGTH_MAX) {
            return NOT_SMALLER;
        }
        ByteBuffer source = Objects.requireNonNull(records.byteBuffer(), "records of a batch lie in a direct buffer");
        int from = records.wrapAdjustment();
        ByteBuffer target =
                scratch(compression == Compression.LZ4 ? lz4Bound(length) : (int) Zstd.compressBound(length));
        int compressed =
                switch (compression) {
                    case LZ4 ->
                        Objects.requireNonNull(lz4).compress(source, from, length, target, 0, target.capacity());
                    case ZSTD ->
                        Objects.requireNonNull(zstd)
                                .compressDirectByteBuffer(target, 0, target.capacity(), source, from, length);
                    case NONE -> NOT_SMALLER;
                };
        return aligned(STORED_OFFSET + compressed) < HEADER_LENGTH + length ? compressed : NOT_SMALLER;
    }

    private int lz4Bound(int length) {
        return Objects.requireNonNull(lz4).maxCompressedLength(length);
    }

    private ByteBuffer scratch(int capacity) {
        if (scratch.capacity() < capacity) {
            scratch = new UnsafeBuffer(ByteBuffer.allocateDirect(Integer.highestOneBit(capacity) << 1));
        }
        return Objects.requireNonNull(scratch.byteBuffer());
    }

    @Override
    public void close() {
        if (zstd != null) {
            zstd.close();
        }
    }
}
