package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The fences of a city, in the order of their document. Immutable and safe from any thread. */
public final class Geofences {
    private static final Geofences NONE = new Geofences(List.of());

    private final List<Geofence> all;
    private final Geofence[] serviceAreas;
    private final Geofence[] noPickups;
    private final Geofence[] airportQueues;

    private Geofences(List<Geofence> fences) {
        all = List.copyOf(fences);
        serviceAreas = ofKind(Geofence.Kind.SERVICE_AREA);
        noPickups = ofKind(Geofence.Kind.NO_PICKUP);
        airportQueues = ofKind(Geofence.Kind.AIRPORT_QUEUE);
    }

    /** No fence: everything is allowed everywhere. */
    public static Geofences none() {
        return NONE;
    }

    /**
     * Reads a GeoJSON FeatureCollection of polygons with properties {@code name} and {@code kind}
     * ({@code service_area}, {@code no_pickup} or {@code airport_queue}).
     *
     * @throws HailstormException {@code INVALID_ARGUMENT}, naming the faulty feature
     */
    public static Geofences parse(String geoJson) {
        return of(GeoJson.features(GeoJson.parseObject(geoJson)));
    }

    static Geofences of(List<GeoJsonFeature> features) {
        List<Geofence> fences = new ArrayList<>();
        for (GeoJsonFeature feature : features) {
            fences.add(new Geofence(feature.requiredText("name"), kind(feature), GeoJson.polygonal(feature)));
        }
        return new Geofences(fences);
    }

    public List<Geofence> all() {
        return all;
    }

    public List<Geofence> airportQueues() {
        return List.of(airportQueues);
    }

    /** Inside a service area, or there is none. */
    public boolean insideServiceArea(GeoPoint point) {
        return serviceAreas.length == 0 || first(serviceAreas, point) >= 0;
    }

    /** Inside the service area and in no no-pickup zone. */
    public boolean pickupAllowed(GeoPoint point) {
        return insideServiceArea(point) && first(noPickups, point) < 0;
    }

    /** Name of the no-pickup zone that holds the point, for the message to the rider. */
    public Optional<String> noPickupZoneAt(GeoPoint point) {
        return name(noPickups, first(noPickups, point));
    }

    /** Name of the airport whose waiting area holds the point. */
    public Optional<String> airportQueueAt(GeoPoint point) {
        return name(airportQueues, first(airportQueues, point));
    }

    private static int first(Geofence[] fences, GeoPoint point) {
        for (int i = 0; i < fences.length; i++) {
            if (fences[i].contains(point)) {
                return i;
            }
        }
        return -1;
    }

    private static Optional<String> name(Geofence[] fences, int index) {
        return index < 0 ? Optional.empty() : Optional.of(fences[index].name());
    }

    private Geofence[] ofKind(Geofence.Kind kind) {
        return all.stream().filter(fence -> fence.kind() == kind).toArray(Geofence[]::new);
    }

    private static Geofence.Kind kind(GeoJsonFeature feature) {
        String text = feature.requiredText("kind");
        return Arrays.stream(Geofence.Kind.values())
                .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(text))
                .findFirst()
                .orElseThrow(() -> GeoJson.invalid(feature.label() + ": unknown kind \"" + text + "\", expected one of "
                        + Arrays.stream(Geofence.Kind.values())
                                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }
}
