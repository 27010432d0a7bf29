package io.hailstorm.simulator;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.time.ZoneId;
import java.util.List;

/**
 * What the simulator knows of a city: where demand comes from, how fast its streets are by the hour, and its time zone.
 * The region's outline is not here: the configuration's {@link ServiceArea} is asked whether a sampled point can be served.
 *
 * @param speedKmhByHour 24 average driving speeds by local hour
 * @param demandByHour 24 factors on the base rate of requests by local hour; two peaks
 */
public record City(
        String name, ZoneId zone, List<HotSpot> hotSpots, List<Double> speedKmhByHour, List<Double> demandByHour) {

    private static final List<Double> SPEED_KMH_BY_HOUR = List.of(
            38.0, 39.0, 40.0, 40.0, 40.0, 38.0, 34.0, 28.0, 24.0, 25.0, 27.0, 27.0, 26.0, 26.0, 25.0, 24.0, 22.0, 21.0,
            22.0, 26.0, 29.0, 32.0, 34.0, 36.0);
    private static final List<Double> DEMAND_BY_HOUR = List.of(
            0.60, 0.45, 0.35, 0.25, 0.25, 0.40, 0.70, 1.05, 1.30, 1.15, 0.95, 0.95, 1.00, 1.00, 0.95, 1.00, 1.15, 1.30,
            1.35, 1.25, 1.10, 1.05, 0.95, 0.80);

    public City {
        hotSpots = List.copyOf(hotSpots);
        speedKmhByHour = List.copyOf(speedKmhByHour);
        demandByHour = List.copyOf(demandByHour);
    }

    /** San Francisco. */
    public static City sf() {
        return new City(
                "sf",
                ZoneId.of("America/Los_Angeles"),
                List.of(
                        new HotSpot("financial-district", 37.7936, -122.3999, 0.20, 500),
                        new HotSpot("union-square", 37.7880, -122.4075, 0.16, 450),
                        new HotSpot("soma", 37.7785, -122.4030, 0.14, 700),
                        new HotSpot("mission", 37.7600, -122.4190, 0.12, 900),
                        new HotSpot("marina", 37.8000, -122.4370, 0.08, 500),
                        new HotSpot("castro", 37.7625, -122.4350, 0.07, 600),
                        new HotSpot("haight", 37.7700, -122.4470, 0.06, 600),
                        new HotSpot("richmond", 37.7800, -122.4720, 0.06, 900),
                        new HotSpot("sunset", 37.7540, -122.4830, 0.05, 1100),
                        new HotSpot("potrero", 37.7580, -122.3990, 0.06, 500)),
                SPEED_KMH_BY_HOUR,
                DEMAND_BY_HOUR);
    }

    /** New York: Manhattan and the near parts of Brooklyn and Queens. */
    public static City nyc() {
        return new City(
                "nyc",
                ZoneId.of("America/New_York"),
                List.of(
                        new HotSpot("midtown", 40.7549, -73.9840, 0.22, 900),
                        new HotSpot("upper-east-side", 40.7736, -73.9590, 0.13, 700),
                        new HotSpot("upper-west-side", 40.7870, -73.9754, 0.10, 700),
                        new HotSpot("chelsea", 40.7465, -73.9970, 0.11, 500),
                        new HotSpot("east-village", 40.7270, -73.9840, 0.10, 600),
                        new HotSpot("financial-district", 40.7090, -74.0100, 0.10, 400),
                        new HotSpot("harlem", 40.8100, -73.9460, 0.06, 700),
                        new HotSpot("williamsburg", 40.7140, -73.9560, 0.07, 700),
                        new HotSpot("downtown-brooklyn", 40.6900, -73.9850, 0.06, 700),
                        new HotSpot("long-island-city", 40.7480, -73.9400, 0.05, 600)),
                SPEED_KMH_BY_HOUR,
                DEMAND_BY_HOUR);
    }

    /** The city of that name, or an exception that lists the known ones. */
    public static City named(String name) {
        return switch (name) {
            case "sf" -> sf();
            case "nyc" -> nyc();
            default ->
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "unknown city \"" + name + "\": expected one of sf, nyc");
        };
    }
}
