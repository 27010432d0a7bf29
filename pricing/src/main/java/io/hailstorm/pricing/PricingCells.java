package io.hailstorm.pricing;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import java.util.Arrays;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.agrona.collections.Long2LongHashMap;

/**
 * The pricing cells of a region, numbered 0, 1, 2 … in ascending order of H3 index, and who is near whom.
 * Immutable.
 *
 * <p>A point belongs to the ancestor of its driver cell, as in routing. H3's children do not nest
 * geometrically, so asking for the resolution-8 cell directly would sometimes name one of another partition.
 */
final class PricingCells {
    static final int NULL_INDEX = -1;

    private final Cells geometry;
    private final long[] cells;
    private final Long2LongHashMap indexByCell = new Long2LongHashMap(NULL_INDEX);
    /** By cell: indexes of the region's cells around it, itself first, by rings. */
    private final int[][] disks;
    /** By cell and distance k: how many of the disk are within k steps. */
    private final int[][] countsWithin;

    /** @param pricingCells resolution 8 */
    PricingCells(Cells geometry, NavigableSet<Long> pricingCells, int radius) {
        this.geometry = geometry;
        cells = pricingCells.stream().mapToLong(Long::longValue).toArray();
        for (int i = 0; i < cells.length; i++) {
            indexByCell.put(cells[i], i);
        }
        disks = new int[cells.length][];
        countsWithin = new int[cells.length][radius + 1];
        long[] disk = new long[3 * radius * (radius + 1) + 1];
        for (int i = 0; i < cells.length; i++) {
            disks[i] = disk(cells[i], radius, disk, countsWithin[i]);
        }
    }

    /** Every pricing cell under the region's routing cells, with disks of {@code radius} steps. */
    static PricingCells under(Cells geometry, Set<Long> routingCells, int radius) {
        NavigableSet<Long> pricingCells = new TreeSet<>();
        long[] children = new long[7];
        for (long routingCell : routingCells) {
            GeoPoint center = geometry.center(routingCell);
            // A cell's centre child and that child's neighbours are all its children.
            long centerChild = geometry.cellOf(center.latE7(), center.lonE7(), Cells.PRICING_RESOLUTION);
            int count = geometry.gridDisk(centerChild, 1, children);
            for (int i = 0; i < count; i++) {
                if (geometry.parent(children[i], Cells.ROUTING_RESOLUTION) == routingCell) {
                    pricingCells.add(children[i]);
                }
            }
        }
        return new PricingCells(geometry, pricingCells, radius);
    }

    /** The pricing cell of a point; {@link Cells#NULL_CELL} when its coordinates are out of range. */
    static long cellOf(Cells geometry, GeoPoint point) {
        long driverCell = geometry.cellOf(point.latE7(), point.lonE7(), FixDescriptor.CELL_RESOLUTION);
        return driverCell == Cells.NULL_CELL ? Cells.NULL_CELL : geometry.parent(driverCell, Cells.PRICING_RESOLUTION);
    }

    int count() {
        return cells.length;
    }

    long cell(int index) {
        return cells[index];
    }

    /** Index of a pricing cell, {@link #NULL_INDEX} outside the region. Allocates nothing. */
    int indexOf(long cell) {
        return (int) indexByCell.get(cell);
    }

    int indexOf(GeoPoint point) {
        return indexOf(cellOf(geometry, point));
    }

    /** Index of the pricing cell over a driver cell. Allocates nothing. */
    int indexOfDriverCell(long driverCell) {
        return indexOf(geometry.parent(driverCell, Cells.PRICING_RESOLUTION));
    }

    /** Indexes within the radius, nearest first. The caller does not change it. */
    int[] disk(int index) {
        return disks[index];
    }

    /** How many entries of {@link #disk} are within {@code distance} steps. */
    int countWithin(int index, int distance) {
        return countsWithin[index][distance];
    }

    private int[] disk(long cell, int radius, long[] scratch, int[] countWithin) {
        int[] disk = new int[scratch.length];
        int count = 0;
        int from = 0;
        for (int k = 0; k <= radius; k++) {
            // Asked ring by ring, because a ring around a pentagon is shorter than 6k.
            int until = geometry.gridDisk(cell, k, scratch);
            for (int i = from; i < until; i++) {
                int index = indexOf(scratch[i]);
                if (index != NULL_INDEX) {
                    disk[count++] = index;
                }
            }
            countWithin[k] = count;
            from = until;
        }
        Invariants.require(count > 0 && cells[disk[0]] == cell, "a grid disk does not start with its own cell");
        return Arrays.copyOf(disk, count);
    }
}
