package io.hailstorm.geo;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.locationtech.jts.geom.Geometry;

/**
 * The regions of a deployment. A routing cell belongs to the region whose polygon holds its centre; should
 * two claim it (the centre on their common border, or overlapping polygons), the first in the document wins.
 * Immutable and safe from any thread.
 */
public final class Regions {
    private final List<Region> regions;
    private final CellIntMap regionIndexByCell;

    private Regions(List<Region> regions) {
        this.regions = List.copyOf(regions);
        int cellCount = regions.stream()
                .mapToInt(region -> region.routingCells().size())
                .sum();
        long[] cells = new long[cellCount];
        int[] owners = new int[cellCount];
        int filled = 0;
        for (int index = 0; index < regions.size(); index++) {
            for (long cell : regions.get(index).routingCells()) {
                cells[filled] = cell;
                owners[filled++] = index;
            }
        }
        this.regionIndexByCell = new CellIntMap(cells, owners);
    }

    /**
     * Reads a GeoJSON FeatureCollection of polygons, each with a property {@code name}.
     *
     * @throws HailstormException {@code INVALID_ARGUMENT}, naming the feature that is malformed, is no polygon,
     *     crosses itself, is out of range, repeats a name, or covers no routing cell
     */
    public static Regions parse(String geoJson) {
        return of(GeoJson.features(GeoJson.parseObject(geoJson)));
    }

    static Regions of(List<GeoJsonFeature> features) {
        if (features.isEmpty()) {
            throw GeoJson.invalid("no region: the FeatureCollection is empty");
        }
        List<Region> regions = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Long> claimed = new HashSet<>();
        for (GeoJsonFeature feature : features) {
            String name = feature.requiredText("name");
            if (!names.add(name)) {
                throw GeoJson.invalid(feature.label() + ": the name is used twice");
            }
            Geometry area = GeoJson.polygonal(feature);
            Set<Long> cells = Coverage.cellsByCenter(area, Cells.ROUTING_RESOLUTION);
            cells.removeAll(claimed);
            if (cells.isEmpty()) {
                throw GeoJson.invalid(feature.label() + ": covers no centre of a free cell of resolution "
                        + Cells.ROUTING_RESOLUTION + " (about 5 km² each)");
            }
            claimed.addAll(cells);
            regions.add(new Region(name, area, cells));
        }
        return new Regions(regions);
    }

    /** In the order of the document. */
    public List<Region> all() {
        return regions;
    }

    public Optional<Region> named(String name) {
        return regions.stream().filter(region -> region.name().equals(name)).findFirst();
    }

    /** The region that owns the routing ancestor of the point's driver cell; empty outside all of them and for NaN or out of range. */
    public Optional<Region> regionOf(double lat, double lon) {
        return regionOf(H3Cells.INSTANCE.cellOfDegrees(lat, lon, Cells.DRIVER_RESOLUTION));
    }

    public Optional<Region> regionOf(GeoPoint point) {
        return regionOf(H3Cells.INSTANCE.cellOf(point.latE7(), point.lonE7(), Cells.DRIVER_RESOLUTION));
    }

    /** The region that owns a cell of any resolution at or below routing. */
    public Optional<Region> regionOf(long cell) {
        if (cell == Cells.NULL_CELL || H3Bits.resolution(cell) < Cells.ROUTING_RESOLUTION) {
            return Optional.empty();
        }
        int index = regionIndexByCell.get(H3Bits.parent(cell, Cells.ROUTING_RESOLUTION));
        return index == CellIntMap.MISSING ? Optional.empty() : Optional.of(regions.get(index));
    }

    /** Cell counts by name, for messages. */
    @Override
    public String toString() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        regions.forEach(
                region -> counts.put(region.name(), region.routingCells().size()));
        return "Regions" + counts;
    }
}
