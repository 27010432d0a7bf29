package io.hailstorm.ops;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.TripState;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code /info} and {@code /api}: questions to the projection and the node, answered in JSON. */
final class OpsApi {
    private static final int TRIP_LIMIT_DEFAULT = 50;
    private static final int TRIP_LIMIT_MAX = 500;

    private final NodeStatus status;
    private final LiveProjection projection;
    private final Cells cells;

    OpsApi(NodeStatus status, LiveProjection projection) {
        this.status = status;
        this.projection = projection;
        cells = projection.cells();
    }

    void route(HttpRouting.Builder routing) {
        routing.get("/info", (request, response) -> Json.send(response, info()))
                .get("/api/summary", (request, response) -> Json.send(response, projection.summary()))
                .get("/api/partitions", (request, response) -> Json.send(response, projection.partitions()))
                .get("/api/history", (request, response) -> Json.send(response, projection.history()))
                .get("/api/regions", (request, response) -> Json.send(response, regions()))
                .get("/api/cells", (request, response) -> {
                    boolean withBoundary = Boolean.parseBoolean(parameter(request, "boundary", "false"));
                    Json.send(response, projection.cells(withBoundary));
                })
                .get("/api/trips", (request, response) -> {
                    var trips = projection.trips(filter(request), limit(request));
                    Json.send(response, trips.stream().map(OpsViews::trip).toList());
                })
                .get("/api/trips/{trip}", (request, response) -> {
                    String trip = request.path().pathParameters().get("trip");
                    Json.send(response, timeline(trip));
                });
    }

    private OpsViews.TimelineView timeline(String trip) {
        return projection
                .trip(trip)
                .map(OpsViews::timeline)
                .orElseThrow(() -> new HailstormException(
                        ErrorCode.NOT_FOUND,
                        "no trip \"" + trip + "\" among the open and recent ones; hailstorm trips looks further back"));
    }

    private Map<String, Object> info() {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("name", "hailstorm");
        info.put("version", status.version());
        info.put("build", status.build());
        info.put("java", Runtime.version().toString());
        info.put("region", status.region().value());
        info.put("nowMs", status.nowMs());
        info.put("uptimeMs", status.uptimeMs());
        info.put("config", status.config());
        return info;
    }

    /** A GeoJSON FeatureCollection of region outlines, with the member {@code partitions} beside its features. */
    private Map<String, Object> regions() {
        List<Map<String, Object>> features = new ArrayList<>();
        for (NodeStatus.RegionOutline outline : status.outlines()) {
            var rings = outline.rings().stream().map(OpsViews::ring).toList();
            features.add(Map.of(
                    "type", "Feature",
                    "properties", Map.of("region", outline.region().value()),
                    "geometry", Map.of("type", "Polygon", "coordinates", rings)));
        }
        PartitionMap map = status.partitionMap();
        List<Map<String, Object>> partitions = new ArrayList<>();
        for (int p = 0; p < map.partitionCount(); p++) {
            List<Map<String, Object>> owned = map.cellsOf(p).stream()
                    .sorted()
                    .map(cell -> Map.<String, Object>of(
                            "cell", Long.toHexString(cell), "boundary", OpsViews.ring(cells.boundary(cell))))
                    .toList();
            partitions.add(Map.of("partition", p, "cells", owned));
        }
        Map<String, Object> regions = new LinkedHashMap<>();
        regions.put("type", "FeatureCollection");
        regions.put("features", features);
        regions.put("mapEpoch", map.epoch());
        regions.put("partitions", partitions);
        return regions;
    }

    private static TripBook.TripFilter filter(ServerRequest request) {
        String wanted = parameter(request, "state", "all").toUpperCase(Locale.ROOT);
        return switch (wanted) {
            case "ALL" -> state -> true;
            case "OPEN" -> state -> !TripBook.hasEnded(state);
            case "ENDED" -> TripBook::hasEnded;
            default -> {
                TripState only = Arrays.stream(TripState.values())
                        .filter(state -> state.name().equals(wanted))
                        .findFirst()
                        .orElseThrow(() -> new HailstormException(
                                ErrorCode.INVALID_ARGUMENT,
                                "unknown state \"" + wanted + "\": expected all, open, ended, or a trip's state such"
                                        + " as MATCHING"));
                yield state -> state == only;
            }
        };
    }

    private static int limit(ServerRequest request) {
        String text = parameter(request, "limit", Integer.toString(TRIP_LIMIT_DEFAULT));
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= TRIP_LIMIT_MAX) {
                return limit;
            }
        } catch (NumberFormatException e) {
            throw badLimit(text);
        }
        throw badLimit(text);
    }

    private static HailstormException badLimit(String text) {
        return new HailstormException(
                ErrorCode.INVALID_ARGUMENT, "limit: expected 1.." + TRIP_LIMIT_MAX + ", got \"" + text + "\"");
    }

    private static String parameter(ServerRequest request, String name, String otherwise) {
        return request.query().first(name).orElse(otherwise);
    }
}
