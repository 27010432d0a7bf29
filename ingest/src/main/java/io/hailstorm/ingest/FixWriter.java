package io.hailstorm.ingest;

import com.google.protobuf.Timestamp;
import io.hailstorm.geo.CellShortcut;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes a stream's fixes as 64-byte records: event time on the server's clock, the cell by the same-cell shortcut. It
 * rejects nothing; coordinates out of range get no cell, and the region agent decides. Steady state: no allocation.
 */
final class FixWriter {
    /** State byte of a fix that does not say one. */
    static final byte STATE_UNKNOWN = -1;
    /** Times further from 1970 than this are clamped, so that sums with them cannot overflow. */
    static final long TIME_MS_MAX = 1L << 52;
    /** Longest a Hello may have been under way for its reading of the phone's clock to be corrected. */
    static final long GREETING_DELAY_MS_MAX = 60_000;

    private final long driver;
    private final FixView view = new FixView();
    private long session;
    /** Written by the stream's thread; any thread may look. */
    private volatile long clockOffsetMs;

    private long greetingDelayLeftMs;
    private long previousCell = Cells.NULL_CELL;

    FixWriter(long driver) {
        this.driver = driver;
    }

    void begin(long newSession, long newClockOffsetMs) {
        session = newSession;
        clockOffsetMs = Math.clamp(newClockOffsetMs, -TIME_MS_MAX, TIME_MS_MAX);
        greetingDelayLeftMs = GREETING_DELAY_MS_MAX;
    }

    /** Server clock minus device clock, as far as this stream knows. */
    long clockOffsetMs() {
        return clockOffsetMs;
    }

    /**
     * The offset to begin with: the one read off the Hello, or a smaller one that another server came to know of this session, unless
     * they differ by more than a Hello may take.
     */
    static long clockOffsetMs(Hello hello, long nowMs) {
        if (!hello.hasDeviceTime()) {
            return 0;
        }
        Timestamp device = hello.getDeviceTime();
        long readMs = nowMs - (device.getSeconds() * 1_000 + device.getNanos() / 1_000_000);
        long lessMs = readMs - hello.getClockOffsetMs();
        boolean isBetterKnown = hello.hasClockOffsetMs() && lessMs > 0 && lessMs <= GREETING_DELAY_MS_MAX;
        return isBetterKnown ? hello.getClockOffsetMs() : readMs;
    }

    void write(
            FixBatch batch, int first, int count, long nowMs, CellShortcut shortcut, UnsafeBuffer target, int index) {
        for (int i = 0; i < count; i++) {
            write(batch.getFixes(first + i), nowMs, shortcut, target, index + i * FixDescriptor.LENGTH);
        }
    }

    private void write(Fix fix, long nowMs, CellShortcut shortcut, UnsafeBuffer target, int index) {
        int latE7 = fix.getLatE7();
        int lonE7 = fix.getLonE7();
        long cell = latE7 == 0 && lonE7 == 0 ? Cells.NULL_CELL : shortcut.cellOf(latE7, lonE7, previousCell);
        if (cell != Cells.NULL_CELL) {
            previousCell = cell;
        }
        long eventMs = eventMs(Math.clamp(fix.getDeviceTimeMs(), -TIME_MS_MAX, TIME_MS_MAX), nowMs);
        view.wrap(target, index)
                .driver(driver)
                .session(session)
                .seq(fix.getSeq())
                .deviceMs(eventMs)
                .cell(cell)
                .position(latE7, lonE7)
                .de(0)
                .headingCentidegrees(
                        fix.hasHeadingCentidegrees() ? known(fix.getHeadingCentidegrees()) : FixDescriptor.UNKNOWN_U16)
                .speedCmPerS(fix.hasSpeedCmPerS() ? known(fix.getSpeedCmPerS()) : FixDescriptor.UNKNOWN_U16)
                .state(stateOf(fix.getState()))
                .flags(fix.getStateOnly() ? FixDescriptor.FLAG_STATE_ONLY : 0)
                .accuracyDm(fix.hasAccuracyDm() ? known(fix.getAccuracyDm()) : FixDescriptor.UNKNOWN_U16)
                .ingestDelayMs(Math.clamp(nowMs - eventMs, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }

    /**
     * Event time by the session's clock offset. The offset was read off the Hello, and is too large by as long as that was
     * under way. A fix that would come from the future proves it, and lowers the offset to what the fix allows: the
     * smallest delay seen is the best estimate, as in NTP's clock filter (RFC 5905, section 10). Beyond
     * {@link #GREETING_DELAY_MS_MAX} it is the phone's clock that jumped, and the fix is left in the future.
     */
    private long eventMs(long deviceMs, long nowMs) {
        long offsetMs = clockOffsetMs;
        long aheadMs = deviceMs + offsetMs - nowMs;
        if (aheadMs > 0 && aheadMs <= greetingDelayLeftMs) {
            greetingDelayLeftMs -= aheadMs;
            offsetMs -= aheadMs;
            clockOffsetMs = offsetMs;
        }
        return deviceMs + offsetMs;
    }

    /** A value that fits, never mistaken for "unknown". */
    private static int known(int unsigned) {
        return unsigned < 0 ? FixDescriptor.UNKNOWN_U16 - 1 : Math.min(unsigned, FixDescriptor.UNKNOWN_U16 - 1);
    }

    private static byte stateOf(DriverState state) {
        return switch (state) {
            case OFFLINE -> io.hailstorm.kernel.DriverState.OFFLINE.code();
            case IDLE -> io.hailstorm.kernel.DriverState.IDLE.code();
            case EN_ROUTE -> io.hailstorm.kernel.DriverState.EN_ROUTE.code();
            case ON_TRIP -> io.hailstorm.kernel.DriverState.ON_TRIP.code();
            case DRIVER_STATE_UNSPECIFIED, UNRECOGNIZED -> STATE_UNKNOWN;
        };
    }
}
