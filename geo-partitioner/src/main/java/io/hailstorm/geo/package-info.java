/**
 * Where things are. The only importer of H3 and JTS.
 *
 * <p>A fix's point becomes a cell ({@link io.hailstorm.geo.Cells}), usually proved from the driver's previous
 * cell without asking H3 ({@link io.hailstorm.geo.CellShortcut}); the cell's routing ancestor names a partition
 * ({@link io.hailstorm.geo.PartitionMap}). Regions and fences are GeoJSON polygons
 * ({@link io.hailstorm.geo.Regions}, {@link io.hailstorm.geo.Geofences},
 * {@link io.hailstorm.geo.AirportQueue}); a region's routing cells are cut into contiguous partitions of equal
 * weight ({@link io.hailstorm.geo.Partitioner}). {@link io.hailstorm.geo.City} puts these together for the
 * built-in cities.
 *
 * <p>Pure: no clock, randomness, threads, files or network; the built-in cities are resources of the jar.
 */
@NullMarked
package io.hailstorm.geo;

import org.jspecify.annotations.NullMarked;
