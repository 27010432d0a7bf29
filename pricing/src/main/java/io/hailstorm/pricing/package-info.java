/** Supply and demand, surge, quotes. */
@NullMarked
package io.hailstorm.pricing;

import org.jspecify.annotations.NullMarked;
