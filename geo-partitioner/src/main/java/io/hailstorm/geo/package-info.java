/** Cells, regions, geofences, the partition map and routing. */
@NullMarked
package io.hailstorm.geo;

import org.jspecify.annotations.NullMarked;
