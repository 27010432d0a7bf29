package io.hailstorm.log;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What Hailstorm keeps in the value of one Kafka record. Little endian. Kafka's own offset of the record is private to
 * the engine; the offset that readers know is inside.
 *
 * <pre>
 *   0     2   3   4        8                16               24
 *   +-----+---+---+--------+----------------+----------------+
 *   |magic|ver|knd| count  |   ownerEpoch   |   processId    |   every frame
 *   | u16 |u8 |u8 |  i32   |      i64       |      i64       |
 *   +-----+---+---+--------+----------------+----------------+
 *   24               32               40               48       52       56               64               72
 *   +----------------+----------------+----------------+--------+--------+----------------+----------------+--------
 *   |   baseOffset   |   rangeEpoch   |   producerId   |p.epoch | sender |    baseSeq     |    hlcFirst    | records…   DATA
 *   +----------------+----------------+----------------+--------+--------+----------------+----------------+--------
 *   | expectedEpoch  | node id: length i32, UTF-8; endpoint: length i32, UTF-8                                          CLAIM
 *   +----------------+----------------+----------------+----------------+----------------+-------------------------
 *   |expectedVersion |    attempt     |   generation   |   nextOffset   | group name: length i32, UTF-8                  GROUP
 *   +----------------+----------------+----------------+----------------+------------------------------------------
 *   | length i32, a {@link KafkaPartitionState}                                                                   SNAPSHOT
 *   +--------------------------------------------------------------------------------------------------------------
 * </pre>
 *
 * <p>{@code processId} is drawn anew by every process, {@code sender} counts its Kafka producers.
 */
sealed interface KafkaFrame {
    short MAGIC = 0x4B48;
    byte VERSION = 1;
    byte KIND_DATA = 1;
    byte KIND_CLAIM = 2;
    byte KIND_GROUP = 3;
    byte KIND_SNAPSHOT = 4;

    int KIND_OFFSET = 3;
    int COUNT_OFFSET = 4;
    int OWNER_EPOCH_OFFSET = 8;
    int PROCESS_ID_OFFSET = 16;
    int BODY_OFFSET = 24;
    int BASE_OFFSET_OFFSET = 24;
    int RANGE_EPOCH_OFFSET = 32;
    int PRODUCER_ID_OFFSET = 40;
    int PRODUCER_EPOCH_OFFSET = 48;
    int SENDER_OFFSET = 52;
    int BASE_SEQ_OFFSET = 56;
    int HLC_FIRST_OFFSET = 64;
    int RECORDS_OFFSET = 72;

    /** A batch. Valid iff {@code ownerEpoch} is the current one and {@code baseOffset} the next offset. */
    record Data(UnsafeBuffer bytes) implements KafkaFrame {
        long ownerEpoch() {
            return bytes.getLong(OWNER_EPOCH_OFFSET);
        }

        int count() {
            return bytes.getInt(COUNT_OFFSET);
        }

        long baseOffset() {
            return bytes.getLong(BASE_OFFSET_OFFSET);
        }

        long processId() {
            return bytes.getLong(PROCESS_ID_OFFSET);
        }

        int sender() {
            return bytes.getInt(SENDER_OFFSET);
        }

        /** Whether the records are whole and as many as said: what a stranger writes to the topic is void. */
        boolean isWhole() {
            int at = RECORDS_OFFSET;
            int seen = 0;
            while (at + RecordBatch.RECORD_HEADER_LENGTH <= bytes.capacity()) {
                int length = bytes.getInt(at);
                if (length < 0 || length > bytes.capacity() - at - RecordBatch.RECORD_HEADER_LENGTH) {
                    return false;
                }
                at += RecordBatch.recordLength(length);
                seen++;
            }
            return at == bytes.capacity() && seen > 0 && seen == count();
        }
    }

    /** Asks for the partition. Valid iff {@code expectedEpoch} is the current one; then {@code ownerEpoch} is. */
    record Claim(long ownerEpoch, long processId, long expectedEpoch, String nodeId, String endpoint)
            implements KafkaFrame {
        byte[] encode() {
            byte[] node = nodeId.getBytes(StandardCharsets.UTF_8);
            byte[] at = endpoint.getBytes(StandardCharsets.UTF_8);
            byte[] value = begin(KIND_CLAIM, ownerEpoch, processId, Long.BYTES + 8 + node.length + at.length);
            ByteBuffer out = body(value);
            out.putLong(expectedEpoch);
            putText(out, node);
            putText(out, at);
            return value;
        }
    }

    /** Changes a consumer group. Valid iff {@code expectedVersion} is the group's; then it is one higher. */
    record Group(long processId, long expectedVersion, long attempt, long generation, long nextOffset, String name)
            implements KafkaFrame {
        byte[] encode() {
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            byte[] value = begin(KIND_GROUP, 0, processId, 4 * Long.BYTES + 4 + text.length);
            ByteBuffer out = body(value);
            out.putLong(expectedVersion).putLong(attempt).putLong(generation).putLong(nextOffset);
            putText(out, text);
            return value;
        }
    }

    /** A true statement about everything before {@link KafkaPartitionState#nextKafkaOffset}, whoever makes it. */
    @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
    record Snapshot(byte[] state) implements KafkaFrame {
        byte[] encode(long processId) {
            byte[] value = begin(KIND_SNAPSHOT, 0, processId, 4 + state.length);
            ByteBuffer out = body(value);
            out.putInt(state.length).put(state);
            return value;
        }
    }

    /** Not written by Hailstorm. */
    record Foreign() implements KafkaFrame {}

    /** Written by a Hailstorm that knows more. */
    record Newer(int version, int kind) implements KafkaFrame {}

    static byte[] encode(RecordBatch batch, long ownerEpoch, long processId, long baseOffset) {
        byte[] value = new byte[RECORDS_OFFSET + batch.length()];
        UnsafeBuffer to = new UnsafeBuffer(value);
        putHeader(to, KIND_DATA, batch.count(), ownerEpoch, processId);
        to.putLong(BASE_OFFSET_OFFSET, baseOffset);
        to.putLong(RANGE_EPOCH_OFFSET, batch.rangeEpoch());
        to.putLong(PRODUCER_ID_OFFSET, batch.producerId());
        to.putInt(PRODUCER_EPOCH_OFFSET, batch.producerEpoch());
        to.putLong(BASE_SEQ_OFFSET, batch.baseSeq());
        to.putLong(HLC_FIRST_OFFSET, batch.hlcFirst());
        batch.buffer().getBytes(0, value, RECORDS_OFFSET, batch.length());
        return value;
    }

    /** Marks a batch with the number of the Kafka producer that sends it. */
    static void setSender(byte[] dataFrame, int sender) {
        new UnsafeBuffer(dataFrame).putInt(SENDER_OFFSET, sender);
    }

    private static void putHeader(UnsafeBuffer to, byte kind, int count, long ownerEpoch, long processId) {
        to.putShort(0, MAGIC);
        to.putByte(2, VERSION);
        to.putByte(KIND_OFFSET, kind);
        to.putInt(COUNT_OFFSET, count);
        to.putLong(OWNER_EPOCH_OFFSET, ownerEpoch);
        to.putLong(PROCESS_ID_OFFSET, processId);
    }

    private static byte[] begin(byte kind, long ownerEpoch, long processId, int bodyLength) {
        byte[] value = new byte[BODY_OFFSET + bodyLength];
        putHeader(new UnsafeBuffer(value), kind, 0, ownerEpoch, processId);
        return value;
    }

    private static ByteBuffer body(byte[] value) {
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).position(BODY_OFFSET);
    }

    static void putText(ByteBuffer out, byte[] text) {
        out.putInt(text.length).put(text);
    }

    static String getText(ByteBuffer in) {
        byte[] text = new byte[in.getInt()];
        in.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    static KafkaFrame decode(byte[] value) {
        UnsafeBuffer bytes = new UnsafeBuffer(value);
        if (value.length < BODY_OFFSET || bytes.getShort(0) != MAGIC) {
            return new Foreign();
        }
        int kind = bytes.getByte(KIND_OFFSET);
        if (bytes.getByte(2) > VERSION || kind > KIND_SNAPSHOT) {
            return new Newer(bytes.getByte(2), kind);
        }
        if (kind == KIND_DATA) {
            return value.length < RECORDS_OFFSET ? new Foreign() : new Data(bytes);
        }
        try {
            return decodeBody(kind, bytes, ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN));
        } catch (java.nio.BufferUnderflowException | NegativeArraySizeException e) {
            return new Foreign();
        }
    }

    private static KafkaFrame decodeBody(int kind, UnsafeBuffer bytes, ByteBuffer in) {
        long processId = bytes.getLong(PROCESS_ID_OFFSET);
        in.position(BODY_OFFSET);
        return switch (kind) {
            case KIND_CLAIM ->
                new Claim(bytes.getLong(OWNER_EPOCH_OFFSET), processId, in.getLong(), getText(in), getText(in));
            case KIND_GROUP ->
                new Group(processId, in.getLong(), in.getLong(), in.getLong(), in.getLong(), getText(in));
            case KIND_SNAPSHOT -> {
                byte[] state = new byte[in.getInt()];
                in.get(state);
                yield new Snapshot(state);
            }
            default -> new Foreign();
        };
    }
}
