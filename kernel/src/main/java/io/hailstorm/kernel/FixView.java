package io.hailstorm.kernel;

import static io.hailstorm.kernel.FixDescriptor.*;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Flyweight over one fix in the layout of {@link FixDescriptor}. Wrap, then read or write; reuse one per
 * thread. Steady state: no allocation. Writing through a view that was wrapped over a read-only mapping
 * is a bug.
 */
public final class FixView {
    private final UnsafeBuffer buffer = new UnsafeBuffer(0, 0);

    public FixView wrap(DirectBuffer source, int index) {
        buffer.wrap(source, index, LENGTH);
        return this;
    }

    public FixView wrap(MutableDirectBuffer target, int index) {
        buffer.wrap(target, index, LENGTH);
        return this;
    }

    public DirectBuffer buffer() {
        return buffer;
    }

    public long driver() {
        return buffer.getLong(DRIVER_OFFSET, LITTLE_ENDIAN);
    }

    public FixView driver(long value) {
        buffer.putLong(DRIVER_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    public long session() {
        return buffer.getLong(SESSION_OFFSET, LITTLE_ENDIAN);
    }

    public FixView session(long value) {
        buffer.putLong(SESSION_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    public long seq() {
        return buffer.getLong(SEQ_OFFSET, LITTLE_ENDIAN);
    }

    public FixView seq(long value) {
        buffer.putLong(SEQ_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    /** Event time, epoch milliseconds. */
    public long deviceMs() {
        return buffer.getLong(DEVICE_MS_OFFSET, LITTLE_ENDIAN);
    }

    public FixView deviceMs(long value) {
        buffer.putLong(DEVICE_MS_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    /** H3 index at {@link FixDescriptor#CELL_RESOLUTION}. */
    public long cell() {
        return buffer.getLong(CELL_OFFSET, LITTLE_ENDIAN);
    }

    public FixView cell(long value) {
        buffer.putLong(CELL_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    public int latE7() {
        return buffer.getInt(LAT_OFFSET, LITTLE_ENDIAN);
    }

    public int lonE7() {
        return buffer.getInt(LON_OFFSET, LITTLE_ENDIAN);
    }

    public FixView position(int latE7, int lonE7) {
        buffer.putInt(LAT_OFFSET, latE7, LITTLE_ENDIAN);
        buffer.putInt(LON_OFFSET, lonE7, LITTLE_ENDIAN);
        return this;
    }

    /** Driver epoch: grows each time the driver's authority moves. */
    public int de() {
        return buffer.getInt(DE_OFFSET, LITTLE_ENDIAN);
    }

    public FixView de(int value) {
        buffer.putInt(DE_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }

    /** Centidegrees from north, or {@link FixDescriptor#UNKNOWN_U16}. */
    public int headingCentidegrees() {
        return buffer.getShort(HEADING_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    public FixView headingCentidegrees(int value) {
        buffer.putShort(HEADING_OFFSET, (short) value, LITTLE_ENDIAN);
        return this;
    }

    /** Centimetres a second, or {@link FixDescriptor#UNKNOWN_U16}. */
    public int speedCmPerS() {
        return buffer.getShort(SPEED_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    public FixView speedCmPerS(int value) {
        buffer.putShort(SPEED_OFFSET, (short) value, LITTLE_ENDIAN);
        return this;
    }

    /** A {@link DriverState} code. */
    public byte state() {
        return buffer.getByte(STATE_OFFSET);
    }

    public FixView state(byte value) {
        buffer.putByte(STATE_OFFSET, value);
        return this;
    }

    public int flags() {
        return buffer.getByte(FLAGS_OFFSET) & 0xFF;
    }

    public FixView flags(int value) {
        buffer.putByte(FLAGS_OFFSET, (byte) value);
        return this;
    }

    /** Decimetres, or {@link FixDescriptor#UNKNOWN_U16}. */
    public int accuracyDm() {
        return buffer.getShort(ACCURACY_OFFSET, LITTLE_ENDIAN) & 0xFFFF;
    }

    public FixView accuracyDm(int value) {
        buffer.putShort(ACCURACY_OFFSET, (short) value, LITTLE_ENDIAN);
        return this;
    }

    /** Milliseconds from event time to arrival at the gateway. */
    public int ingestDelayMs() {
        return buffer.getInt(INGEST_DELAY_OFFSET, LITTLE_ENDIAN);
    }

    public FixView ingestDelayMs(int value) {
        buffer.putInt(INGEST_DELAY_OFFSET, value, LITTLE_ENDIAN);
        return this;
    }
}
