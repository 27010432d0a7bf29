package io.hailstorm.node;

import io.hailstorm.ingest.SessionSnapshot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Byte layout of a driver's entry in the directory; the key is the driver's id. Little endian.
 *
 * <pre>
 *   0       8       16        24      32     40     48     52     56   60      64
 *   +-------+-------+---------+-------+------+------+------+------+----+-------+----------------+
 *   |session|lastSeq|contigSeq|deviceMs|cell |version| lat | lon  | de | owner | state, pad, mask …
 *   |  i64  |  i64  |   i64   |  i64  | i64  | i64  | i32  | i32  |i32 |  i32  | u8 @64, 16×i64 @72
 *   +-------+-------+---------+-------+------+------+------+------+----+-------+----------------+
 *
 *   64      65      66                         68           72
 *   +-------+-------+--------------------------+------------+
 *   | state |  pad  | handed over to, +1, or 0 | refused de |   zeros where written before these were
 *   |  u8   |  u8   |           u16            |    i32     |
 *   +-------+-------+--------------------------+------------+
 * </pre>
 */
final class DriverEntryDescriptor {
    static final int LENGTH = 200;

    private static final long VERSION = 1;
    private static final int HANDED_OVER_OFFSET = 66;
    private static final int REFUSED_DE_OFFSET = 68;
    private static final int MASK_OFFSET = 72;

    private DriverEntryDescriptor() {}

    static byte[] encode(SessionSnapshot snapshot) {
        byte[] bytes = new byte[LENGTH];
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(snapshot.session()).putLong(snapshot.lastSeq()).putLong(snapshot.contiguousSeq());
        out.putLong(snapshot.deviceMs()).putLong(snapshot.cell()).putLong(VERSION);
        out.putInt(snapshot.latE7()).putInt(snapshot.lonE7());
        out.putInt(snapshot.de()).putInt(snapshot.ownerPartition()).put(snapshot.state());
        out.putShort(HANDED_OVER_OFFSET, (short) (snapshot.handedOverTo() + 1));
        out.putInt(REFUSED_DE_OFFSET, snapshot.refusedDe());
        out.position(MASK_OFFSET);
        for (long word : snapshot.seenMask()) {
            out.putLong(word);
        }
        return bytes;
    }

    static SessionSnapshot decode(long driver, byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long session = in.getLong();
        long lastSeq = in.getLong();
        long contiguousSeq = in.getLong();
        long deviceMs = in.getLong();
        long cell = in.getLong();
        in.getLong();
        int latE7 = in.getInt();
        int lonE7 = in.getInt();
        int de = in.getInt();
        int ownerPartition = in.getInt();
        byte state = in.get();
        in.position(MASK_OFFSET);
        long[] mask = new long[SessionSnapshot.MASK_WORDS];
        long any = 0;
        for (int i = 0; i < mask.length; i++) {
            mask[i] = in.getLong();
            any |= mask[i];
        }
        return new SessionSnapshot(
                driver,
                session,
                lastSeq,
                contiguousSeq,
                any == 0 ? new long[0] : mask,
                de,
                state,
                latE7,
                lonE7,
                deviceMs,
                cell,
                ownerPartition,
                Short.toUnsignedInt(in.getShort(HANDED_OVER_OFFSET)) - 1,
                in.getInt(REFUSED_DE_OFFSET));
    }
}
