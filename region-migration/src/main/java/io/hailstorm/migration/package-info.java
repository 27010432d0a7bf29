/** Moving, splitting and merging key ranges between regions. */
@NullMarked
package io.hailstorm.migration;

import org.jspecify.annotations.NullMarked;
