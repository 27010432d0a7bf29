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
 * Where recovery of a partition starts: everything before {@code segmentBaseOffset} is sealed and durable. A small file,
 * replaced atomically when a new segment was first synced and when the log is closed.
 *
 * @param durableOffset known to be durable when the checkpoint was written
 * @param producers the producer table as of {@code segmentBaseOffset}
 */
@SuppressWarnings("ArrayRecordComponent") // internal; never changed, never compared
record Checkpoint(long segmentBaseOffset, long durableOffset, byte[] producers) {
    static final String FILE_NAME = "checkpoint";

    /** "HAILCKP1" in file order. */
    private static final long MAGIC = 0x31504B43_4C494148L;

    private static final int HEADER_LENGTH = 32;

    void write(Disk disk, Path directory) {
        ByteBuffer out = ByteBuffer.allocate(HEADER_LENGTH + producers.length).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putLong(segmentBaseOffset).putLong(durableOffset);
        out.putInt(producers.length).putInt(0).put(producers);
        out.putInt(HEADER_LENGTH - 4, crc(out.array()));
        disk.writeAtomically(directory.resolve(FILE_NAME), out.array());
    }

    static Optional<Checkpoint> read(Disk disk, Path directory) {
        Path path = directory.resolve(FILE_NAME);
        return disk.readAll(path).map(content -> parse(path, content));
    }

    private static Checkpoint parse(Path path, byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (content.length < HEADER_LENGTH || in.getLong(0) != MAGIC) {
            throw new HailstormException(ErrorCode.DATA_LOSS, path + ": not a checkpoint of this version of Hailstorm");
        }
        if (in.getInt(HEADER_LENGTH - 4) != crc(content) || in.getInt(24) != content.length - HEADER_LENGTH) {
            throw new HailstormException(ErrorCode.DATA_LOSS, path + ": checksum does not match, the file is corrupt");
        }
        return new Checkpoint(
                in.getLong(8), in.getLong(16), Arrays.copyOfRange(content, HEADER_LENGTH, content.length));
    }

    private static int crc(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, HEADER_LENGTH - 4);
        crc.update(content, HEADER_LENGTH, content.length - HEADER_LENGTH);
        return (int) crc.getValue();
    }
}
