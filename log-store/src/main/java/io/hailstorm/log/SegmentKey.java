package io.hailstorm.log;

import static io.hailstorm.log.SegmentDescriptor.*;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Random;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * The data key of one segment: 256 random bits that encrypt its batches with AES-GCM, wrapped by a key of the
 * {@link LogKeyset} in the segment's header. A segment holds far fewer than 2^32 batches, so random nonces are safe. Any
 * thread; encrypting allocates.
 */
final class SegmentKey {
    /** Nonce and tag, which come with every batch. */
    static final int OVERHEAD_BYTES = 12 + 16;

    private static final int KEY_BYTES = 32;

    private final Aead aead;

    private SegmentKey(byte[] key) throws GeneralSecurityException {
        aead = new AesGcmJce(key);
    }

    /** Makes a key and writes it, wrapped, into a segment's header. */
    static void create(LogKeyset keyset, MutableDirectBuffer header) {
        byte[] key = Random.randBytes(KEY_BYTES);
        byte[] wrapped = keyset.wrap(key, context(header));
        Invariants.require(wrapped.length <= WRAPPED_LENGTH_MAX, "a wrapped key fits a sector");
        header.putInt(KEY_ID_OFFSET, keyset.primaryKeyId());
        header.putInt(WRAPPED_LENGTH_OFFSET, wrapped.length);
        header.putBytes(WRAPPED_OFFSET, wrapped);
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} naming segment and key when the keyset lacks it */
    static SegmentKey of(Segment segment, LogKeyset keyset) {
        DirectBuffer header = segment.buffer;
        int keyId = header.getInt(KEY_ID_OFFSET);
        if (!keyset.holds(keyId)) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "key lost: segment " + segment.path + " is encrypted with key " + Integer.toUnsignedString(keyId)
                            + ", which is not in the keyset (" + keyset
                            + "); give a keyset that holds it with --log-keyset");
        }
        byte[] wrapped = new byte[header.getInt(WRAPPED_LENGTH_OFFSET)];
        header.getBytes(WRAPPED_OFFSET, wrapped);
        try {
            return new SegmentKey(keyset.unwrap(wrapped, context(header)));
        } catch (GeneralSecurityException e) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    "corrupt log: file=" + segment.path + ", position=" + WRAPPED_OFFSET
                            + ": the data key cannot be unwrapped with key " + Integer.toUnsignedString(keyId)
                            + "; restore this file from a copy",
                    e);
        }
    }

    /** Ties the wrapped key to its place, so that a segment cannot pass for another. */
    private static byte[] context(DirectBuffer header) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(header.getInt(STREAM_OFFSET))
                .putInt(header.getInt(PARTITION_OFFSET))
                .putLong(header.getLong(BASE_OFFSET_OFFSET))
                .array();
    }

    /** What a batch's ciphertext is tied to: its header, its place and its raw length, all of them already written. */
    static byte[] associated(DirectBuffer segment, int at) {
        int header = BatchDescriptor.HEADER_LENGTH - BatchDescriptor.CHECKED_OFFSET;
        byte[] bytes = new byte[header + 3 * Integer.BYTES];
        segment.getBytes(at + BatchDescriptor.CHECKED_OFFSET, bytes, 0, header);
        segment.getBytes(at + BatchDescriptor.RAW_LENGTH_OFFSET, bytes, header, Integer.BYTES);
        segment.getBytes(STREAM_OFFSET, bytes, header + Integer.BYTES, 2 * Integer.BYTES);
        return bytes;
    }

    byte[] encrypt(byte[] body, byte[] associated) {
        try {
            return aead.encrypt(body, associated);
        } catch (GeneralSecurityException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot encrypt a batch", e);
        }
    }

    byte[] decrypt(byte[] stored, byte[] associated) throws GeneralSecurityException {
        return aead.decrypt(stored, associated);
    }
}
