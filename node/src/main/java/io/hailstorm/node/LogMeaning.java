package io.hailstorm.node;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.CompactionPolicy;
import org.agrona.DirectBuffer;

/**
 * What the records of a stream mean to compaction: of fixes the latest a driver is kept; everything else is kept for good,
 * above all the SEAL and OPEN between the fixes, and every trip event.
 */
final class LogMeaning {
    private LogMeaning() {}

    static CompactionPolicy policy(StreamName stream) {
        return switch (stream) {
            case FIXES -> LogMeaning::latestFixOfADriver;
            case TRIPS, PRICES, CONTROL, LATE, DEAD_LETTERS -> CompactionPolicy.NONE;
        };
    }

    private static long latestFixOfADriver(int type, DirectBuffer buffer, int index, int length) {
        return type == RecordType.FIX ? buffer.getLong(index + FixDescriptor.DRIVER_OFFSET) : CompactionPolicy.KEEP;
    }
}
