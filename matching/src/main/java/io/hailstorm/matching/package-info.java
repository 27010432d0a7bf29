/** From a ride request to an accepted offer. */
@NullMarked
package io.hailstorm.matching;

import org.jspecify.annotations.NullMarked;
