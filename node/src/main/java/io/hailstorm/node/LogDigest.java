package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.PartitionReader;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A fingerprint of everything a stream holds: equal runs have equal ones. */
final class LogDigest {
    private static final int HEX_DIGITS = 32;

    private LogDigest() {}

    /** SHA-256 over offset, type and bytes of every record, partition by partition; the first 128 bits. */
    static String of(List<? extends PartitionReader> partitions) {
        MessageDigest digest = sha256();
        byte[] header = new byte[Long.BYTES + Integer.BYTES];
        for (PartitionReader partition : partitions) {
            HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                ByteBuffer.wrap(header).putLong(offset).putInt(type);
                digest.update(header);
                byte[] record = new byte[length];
                buffer.getBytes(index, record);
                digest.update(record);
                return true;
            });
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, HEX_DIGITS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "this JDK has no SHA-256", e);
        }
    }
}
