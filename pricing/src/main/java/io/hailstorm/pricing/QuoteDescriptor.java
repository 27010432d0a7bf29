package io.hailstorm.pricing;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The bytes a quote's signature covers. Little endian, no padding; texts are UTF-8 behind their length, so
 * no two quotes share an encoding.
 *
 * <pre>
 *   +---------+-------+--------------+-----------+--------------+---------------+
 *   | format=1| rider | pickup       | dropoff   | fare         | price version |
 *   |  u8     |  i64  | lat,lon 2×i32| 2×i32     |  i64         |  i64          |
 *   +---------+-------+--------------+-----------+--------------+---------------+
 *   | multiplier | expire ms | distance | duration | driver bonus | quote id    | currency   |
 *   |  i32       |  i64      |  i32     |  i32     |  i64         | i32, bytes  | i32, bytes |
 *   +------------+-----------+----------+----------+--------------+-------------+------------+
 * </pre>
 */
final class QuoteDescriptor {
    static final byte FORMAT = 1;

    private static final int FIXED_LENGTH = 1 + 8 + 8 + 8 + 8 + 8 + 4 + 8 + 4 + 4 + 8 + 4 + 4;

    private QuoteDescriptor() {}

    /** Encodes the quote as if issued to {@code rider}, so that another rider's quote cannot pass for one's own. */
    static byte[] encode(
            String quoteId,
            RiderId rider,
            GeoPoint pickup,
            GeoPoint dropoff,
            long fareMinorUnits,
            String currencyCode,
            long priceVersion,
            int multiplierMilli,
            long expireTimeMs,
            int distanceMeters,
            int durationMs,
            long driverBonusMinorUnits) {
        byte[] id = quoteId.getBytes(StandardCharsets.UTF_8);
        byte[] currency = currencyCode.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(FIXED_LENGTH + id.length + currency.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(FORMAT)
                .putLong(rider.value())
                .putInt(pickup.latE7())
                .putInt(pickup.lonE7())
                .putInt(dropoff.latE7())
                .putInt(dropoff.lonE7())
                .putLong(fareMinorUnits)
                .putLong(priceVersion)
                .putInt(multiplierMilli)
                .putLong(expireTimeMs)
                .putInt(distanceMeters)
                .putInt(durationMs)
                .putLong(driverBonusMinorUnits)
                .putInt(id.length)
                .put(id)
                .putInt(currency.length)
                .put(currency)
                .array();
    }
}
