package io.hailstorm.kernel;

import java.util.HexFormat;

/**
 * Identity of a trip. A trip lives in the partition that owns its home cell, the routing cell of its
 * pickup; the id carries that cell, so any gateway routes a command about the trip without a look-up.
 *
 * <p>Text form: {@code <homeCell hex>-<value, 16 hex digits>}.
 *
 * @param homeCell H3 index (resolution 7) of the pickup
 * @param value derived from the rider and the request id, so that a retried request names the same trip
 */
public record TripId(long homeCell, long value) implements Comparable<TripId> {
    private static final HexFormat HEX = HexFormat.of();

    /** The trip a rider's request names: the same rider and request id always give the same trip. */
    public static TripId of(long homeCell, RiderId rider, String requestId) {
        long hash = CounterRandom.mix(rider.value() + 0x9E3779B97F4A7C15L);
        for (int i = 0; i < requestId.length(); i++) {
            hash = CounterRandom.mix(hash ^ requestId.charAt(i));
        }
        return new TripId(homeCell, hash);
    }

    /**
     * Parses the text form.
     *
     * @throws HailstormException with {@link ErrorCode#INVALID_ARGUMENT} naming the value
     */
    public static TripId parse(String text) {
        int dash = text.indexOf('-');
        try {
            if (dash > 0 && dash < text.length() - 1) {
                return new TripId(
                        HexFormat.fromHexDigitsToLong(text, 0, dash),
                        HexFormat.fromHexDigitsToLong(text, dash + 1, text.length()));
            }
        } catch (IllegalArgumentException e) {
            throw malformed(text, e);
        }
        throw malformed(text, null);
    }

    private static HailstormException malformed(
            String text, @org.jspecify.annotations.Nullable IllegalArgumentException cause) {
        return new HailstormException(
                ErrorCode.INVALID_ARGUMENT, "malformed trip id: expected <cell>-<hex>, got \"" + text + "\"", cause);
    }

    @Override
    public int compareTo(TripId other) {
        int byValue = Long.compare(value, other.value);
        return byValue != 0 ? byValue : Long.compare(homeCell, other.homeCell);
    }

    @Override
    public String toString() {
        return Long.toHexString(homeCell) + "-" + HEX.toHexDigits(value);
    }
}
