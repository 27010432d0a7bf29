package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The bytes of a {@link Snapshot}, little endian:
 *
 * <pre>
 *   0                8        12       16       20       24               32
 *   +----------------+--------+--------+--------+--------+----------------+
 *   | "HAILSNP1"     |version |inputs  |outputs |payload |   generation   |
 *   |  i64           |  i32   | count  | count  | length |      i64       |
 *   +----------------+--------+--------+--------+--------+----------------+
 *   inputs, then outputs: next i64 | partition i32 | nameLength i32 | stream's name
 *   payload
 *   crc32c i32 of everything before
 * </pre>
 */
final class SnapshotFormat {
    static final int VERSION = 1;

    /** "HAILSNP1" in file order. */
    private static final long MAGIC = 0x31504E53_4C494148L;

    private static final int HEADER_LENGTH = 32;
    private static final int POSITION_LENGTH = 16;
    private static final int CRC_LENGTH = 4;
    private static final int VERSION_OFFSET = 8;

    private SnapshotFormat() {}

    static byte[] encode(Snapshot snapshot) {
        int length = HEADER_LENGTH + snapshot.payload().length + CRC_LENGTH;
        List<Snapshot.Position> positions = new ArrayList<>(snapshot.inputs());
        positions.addAll(snapshot.outputs());
        for (Snapshot.Position position : positions) {
            length += POSITION_LENGTH + position.stream().text().length();
        }
        ByteBuffer out = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(VERSION);
        out.putInt(snapshot.inputs().size()).putInt(snapshot.outputs().size());
        out.putInt(snapshot.payload().length).putLong(snapshot.generation());
        for (Snapshot.Position position : positions) {
            byte[] name = position.stream().text().getBytes(StandardCharsets.US_ASCII);
            out.putLong(position.next())
                    .putInt(position.partition())
                    .putInt(name.length)
                    .put(name);
        }
        out.put(snapshot.payload());
        out.putInt(crc(out.array(), out.position()));
        return out.array();
    }

    /**
     * @throws HailstormException {@code DATA_LOSS} for bytes that do not check out, {@code FAILED_PRECONDITION} for a
     *     snapshot that a newer Hailstorm wrote
     */
    static Snapshot decode(Path path, byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length < HEADER_LENGTH + CRC_LENGTH || in.getLong() != MAGIC) {
            throw corrupt(path, "it does not begin like a snapshot, length=" + content.length);
        }
        int end = content.length - CRC_LENGTH;
        if (in.getInt(end) != crc(content, end)) {
            throw corrupt(path, "its checksum does not match");
        }
        int version = in.getInt(VERSION_OFFSET);
        if (version > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    path + ": written by a newer Hailstorm: version=" + version + ", understood up to " + VERSION);
        }
        in.position(VERSION_OFFSET + Integer.BYTES);
        int inputCount = in.getInt();
        int outputCount = in.getInt();
        byte[] payload = new byte[in.getInt()];
        long generation = in.getLong();
        List<Snapshot.Position> inputs = positions(in, inputCount);
        List<Snapshot.Position> outputs = positions(in, outputCount);
        in.get(payload);
        return new Snapshot(generation, inputs, outputs, payload);
    }

    private static List<Snapshot.Position> positions(ByteBuffer in, int count) {
        List<Snapshot.Position> positions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long next = in.getLong();
            int partition = in.getInt();
            byte[] name = new byte[in.getInt()];
            in.get(name);
            StreamName stream = StreamName.parse(new String(name, StandardCharsets.US_ASCII));
            positions.add(new Snapshot.Position(stream, partition, next));
        }
        return positions;
    }

    private static HailstormException corrupt(Path path, String what) {
        return new HailstormException(ErrorCode.DATA_LOSS, "corrupt snapshot: file=" + path + ": " + what);
    }

    private static int crc(byte[] content, int length) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, length);
        return (int) crc.getValue();
    }
}
