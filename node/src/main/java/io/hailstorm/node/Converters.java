package io.hailstorm.node;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How text on the command line becomes durations, speeds and instants. */
final class Converters {
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|s|m|h|d)");

    private Converters() {}

    /** {@code 500ms}, {@code 60s}, {@code 5m}, {@code 2h}, {@code 1d}. */
    static final class DurationConverter implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Matcher matcher = DURATION.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException(
                        "expected a duration such as 500ms, 60s, 5m, 2h or 1d, got \"" + text + "\"");
            }
            double unitMs =
                    switch (matcher.group(2)) {
                        case "ms" -> 1;
                        case "s" -> 1_000;
                        case "m" -> 60_000;
                        case "h" -> 3_600_000;
                        default -> 86_400_000;
                    };
            return Duration.ofMillis(Math.round(Double.parseDouble(matcher.group(1)) * unitMs));
        }
    }

    /** How fast simulated time passes: a factor on wall time, or as fast as the node keeps up. */
    record Speed(double factor) {
        static final Speed MAX = new Speed(Double.POSITIVE_INFINITY);

        boolean isMax() {
            return Double.isInfinite(factor);
        }
    }

    /** A factor from 0.1 to 1000, or {@code max}. */
    static final class SpeedConverter implements ITypeConverter<Speed> {
        @Override
        public Speed convert(String text) {
            if (text.equals("max")) {
                return Speed.MAX;
            }
            try {
                double factor = Double.parseDouble(text);
                if (factor >= 0.1 && factor <= 1000) {
                    return new Speed(factor);
                }
            } catch (NumberFormatException e) {
                throw new TypeConversionException("expected a number from 0.1 to 1000 or max, got \"" + text + "\"");
            }
            throw new TypeConversionException("expected a number from 0.1 to 1000 or max, got \"" + text + "\"");
        }
    }

    /**
     * An instant in ISO 8601; without an offset it is local time of the zone.
     *
     * @throws io.hailstorm.kernel.HailstormException with {@code INVALID_ARGUMENT} naming the flag and the value
     */
    static Instant instant(String flag, String text, ZoneId zone) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException withOffset) {
            try {
                return LocalDateTime.parse(text).atZone(zone).toInstant();
            } catch (DateTimeException local) {
                throw new io.hailstorm.kernel.HailstormException(
                        io.hailstorm.kernel.ErrorCode.INVALID_ARGUMENT,
                        flag + ": expected ISO 8601 such as 2008-05-21T17:00:00 (local to " + zone
                                + ") or 2008-05-22T00:00:00Z, got \"" + text + "\"",
                        local);
            }
        }
    }
}
