package io.hailstorm.log;

/**
 * Byte layout of a batch in a segment. Little endian, 8-byte aligned, never across segments.
 *
 * <pre>
 *   0        4        8                16       20 21 22   24               32
 *   +--------+--------+----------------+--------+--+--+----+----------------+
 *   | length | crc32c |   baseOffset   | count  |co|re|magc|   rangeEpoch   |
 *   |  i32   |  u32   |      i64       |  i32   |u8|u8|u16 |      i64       |
 *   +--------+--------+----------------+--------+--+--+----+----------------+
 *   32               40       44       48               56               64               72
 *   +----------------+--------+--------+----------------+----------------+----------------+-----------
 *   |   producerId   |p.epoch |unsynced|    baseSeq     |    hlcFirst    |     hlcMax     | records …
 *   |      i64       |  i32   |  i32   |      i64       |      i64       |      i64       |
 *   +----------------+--------+--------+----------------+----------------+----------------+-----------
 * </pre>
 *
 * <p>{@code length}: of the whole batch, written last; 0 where the log ends. {@code crc32c}: over everything after it.
 * {@code unsynced}: how many records before this batch were not yet durable when it was written. A batch that checks out
 * thereby proves that everything below {@code baseOffset - unsynced} once was durable: what recovery tells a torn tail
 * from corruption by. {@code codec}: how the records are stored, below; or {@link #CODEC_GAP}: a repair moved damaged
 * bytes that lay here to quarantine; the batch has no records, and its {@code count} offsets are lost.
 *
 * <pre>
 *   codec bit   0..3  compression: 0 none, 1 LZ4, 2 Zstd
 *                  4  encrypted with the segment's data key
 *                  5  sparse: compacted; {@code count} is the span of offsets, and each record's reserved u16 says how
 *                     far into it the record lies
 *                  6  gap
 *
 *   a compressed or encrypted body:
 *   72         76           80
 *   +----------+------------+------------------------------+
 *   | rawLength|storedLength| stored bytes, padded to 8    |   encrypted: nonce (12) | ciphertext | tag (16)
 *   |   i32    |    i32     |                              |
 *   +----------+------------+------------------------------+
 * </pre>
 *
 * <p>Records are compressed first, then encrypted with the header from {@code baseOffset} on, the raw length, stream and
 * partition as associated data. The checksum covers what is stored, so it needs no key.
 */
final class BatchDescriptor {
    static final int LENGTH_OFFSET = 0;
    static final int CRC_OFFSET = 4;
    static final int BASE_OFFSET_OFFSET = 8;
    static final int COUNT_OFFSET = 16;
    static final int CODEC_OFFSET = 20;
    static final int MAGIC_OFFSET = 22;
    static final int RANGE_EPOCH_OFFSET = 24;
    static final int PRODUCER_ID_OFFSET = 32;
    static final int PRODUCER_EPOCH_OFFSET = 40;
    static final int UNSYNCED_OFFSET = 44;
    static final int BASE_SEQ_OFFSET = 48;
    static final int HLC_FIRST_OFFSET = 56;
    static final int HLC_MAX_OFFSET = 64;
    static final int HEADER_LENGTH = 72;

    static final int ALIGNMENT = 8;
    /** Where the checksum starts. */
    static final int CHECKED_OFFSET = BASE_OFFSET_OFFSET;

    static final short MAGIC = 0x4862;
    static final byte CODEC_NONE = 0;
    /** A bit of its own in {@code codec}. */
    static final int CODEC_GAP = 0x40;

    static final int CODEC_COMPRESSION_MASK = 0x0F;
    static final int CODEC_ENCRYPTED = 0x10;
    static final int CODEC_SPARSE = 0x20;
    /** With one of these, the records must be decoded before they are read. */
    static final int CODEC_CODED_MASK = CODEC_COMPRESSION_MASK | CODEC_ENCRYPTED;

    static final int RAW_LENGTH_OFFSET = HEADER_LENGTH;
    static final int STORED_LENGTH_OFFSET = HEADER_LENGTH + 4;
    static final int STORED_OFFSET = HEADER_LENGTH + 8;
    /** What a batch may grow to when decoded; larger ones are stored plain. */
    static final int RAW_LENGTH_MAX = 64 << 20;

    private BatchDescriptor() {}

    static int aligned(int length) {
        return (length + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
