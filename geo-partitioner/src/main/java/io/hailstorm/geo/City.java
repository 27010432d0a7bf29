package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.locationtech.jts.geom.Point;

/**
 * A place to run in: one region, its fences, and what a simulator needs to bring it to life. Read from one
 * GeoJSON FeatureCollection whose features say by {@code kind} what they are: "region" (exactly one), "border" (at most
 * one line, which cuts the region in two for whoever runs it as two), "hot_spot" (points) or a {@link Geofence.Kind}; the members "name", "timeZone" and "speedsKmhByHour" stand
 * beside "features". Immutable.
 *
 * @param name short name, {@code sf}
 * @param regions the one region, ready to ask which cells it owns
 * @param parts the same ground as the regions on either side of the border; empty where the city has none
 * @param hotSpots where demand concentrates; weights are relative
 * @param speedsKmhByHour typical driving speed for each local hour, 24 values
 */
public record City(
        String name,
        ZoneId timeZone,
        Regions regions,
        Optional<Regions> parts,
        Geofences geofences,
        List<HotSpot> hotSpots,
        List<Double> speedsKmhByHour) {

    /**
     * A round Gaussian of demand.
     *
     * @param sigmaMeters standard deviation along each axis
     */
    public record HotSpot(String name, GeoPoint center, double weight, double sigmaMeters) {}

    private static final int HOURS_PER_DAY = 24;
    private static final double ROUTING_CELL_SIGMA_METERS = 1_500;
    private static final double DEMAND_FLOOR_SHARE = 0.2;
    private static final double REGION_SCALE_SQUARE_METERS = 1e9;

    public City {
        hotSpots = List.copyOf(hotSpots);
        speedsKmhByHour = List.copyOf(speedsKmhByHour);
    }

    /** San Francisco with the bay around it, from San Jose to Marin. */
    public static City sf() {
        return builtIn("sf");
    }

    /** New York's five boroughs and the near shore of New Jersey. */
    public static City nyc() {
        return builtIn("nyc");
    }

    /** A built-in city by its short name. */
    public static Optional<City> named(String name) {
        return switch (name) {
            case "sf" -> Optional.of(sf());
            case "nyc" -> Optional.of(nyc());
            default -> Optional.empty();
        };
    }

    /** @throws HailstormException {@code INVALID_ARGUMENT}, naming the faulty feature or member */
    public static City parse(String geoJson) {
        Map<?, ?> root = GeoJson.parseObject(geoJson);
        List<GeoJsonFeature> regions = new ArrayList<>();
        List<GeoJsonFeature> borders = new ArrayList<>();
        List<GeoJsonFeature> fences = new ArrayList<>();
        List<HotSpot> hotSpots = new ArrayList<>();
        for (GeoJsonFeature feature : GeoJson.features(root)) {
            switch (feature.requiredText("kind")) {
                case "region" -> regions.add(feature);
                case "border" -> borders.add(feature);
                case "hot_spot" -> hotSpots.add(hotSpot(feature));
                default -> fences.add(feature);
            }
        }
        if (regions.size() != 1) {
            throw GeoJson.invalid("a city has one feature of kind region, got " + regions.size());
        }
        if (borders.size() > 1) {
            throw GeoJson.invalid("a city has at most one feature of kind border, got " + borders.size());
        }
        if (!(root.get("name") instanceof String name)) {
            throw GeoJson.invalid("a city needs a member \"name\"");
        }
        return new City(
                name,
                timeZone(root),
                Regions.of(regions),
                borders.stream()
                        .findFirst()
                        .map(border -> Regions.of(BorderLine.of(border).cut(regions.getFirst()))),
                Geofences.of(fences),
                hotSpots,
                speeds(root));
    }

    public Region region() {
        return regions.all().getFirst();
    }

    /**
     * Expected share of demand near a cell: the hot spots' densities at its centre plus a thin even floor, so
     * that no cell is free. Relative, for {@link Partitioner#balanced}.
     */
    public double demandWeight(long cell) {
        GeoPoint center = H3Cells.INSTANCE.center(cell);
        double totalWeight = hotSpots.stream().mapToDouble(HotSpot::weight).sum();
        double density = 0;
        for (HotSpot spot : hotSpots) {
            // A hot spot narrower than a routing cell spreads over it, or its density would fall between centres.
            double sigmaMeters = Math.max(spot.sigmaMeters(), ROUTING_CELL_SIGMA_METERS);
            double distance = center.distanceMeters(spot.center()) / sigmaMeters;
            density += spot.weight() * Math.exp(-distance * distance / 2) / (sigmaMeters * sigmaMeters);
        }
        return density + DEMAND_FLOOR_SHARE * totalWeight / REGION_SCALE_SQUARE_METERS;
    }

    private static City builtIn(String name) {
        String resource = "cities/" + name + ".geojson";
        try (InputStream in = City.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("missing from the jar: " + resource);
            }
            return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + resource, e);
        }
    }

    private static HotSpot hotSpot(GeoJsonFeature feature) {
        if (!(feature.geometry() instanceof Point point)) {
            throw GeoJson.invalid(feature.label() + ": a hot spot is a Point, got "
                    + feature.geometry().getGeometryType());
        }
        return new HotSpot(
                feature.requiredText("name"),
                GeoPoint.ofDegrees(point.getY(), point.getX()),
                feature.requiredPositive("weight"),
                feature.requiredPositive("sigmaMeters"));
    }

    private static ZoneId timeZone(Map<?, ?> root) {
        Object text = root.get("timeZone");
        try {
            return ZoneId.of(String.valueOf(text));
        } catch (DateTimeException e) {
            throw GeoJson.invalid("member \"timeZone\" is no time zone: " + text);
        }
    }

    private static List<Double> speeds(Map<?, ?> root) {
        if (!(root.get("speedsKmhByHour") instanceof List<?> list) || list.size() != HOURS_PER_DAY) {
            throw GeoJson.invalid("member \"speedsKmhByHour\" must list 24 speeds");
        }
        List<Double> speeds = new ArrayList<>();
        for (Object value : list) {
            speeds.add(GeoJsonFeature.positive("member \"speedsKmhByHour\"", value));
        }
        return speeds;
    }
}
