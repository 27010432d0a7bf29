/** Virtual time, disk and network: what lets a whole node run deterministically in one thread. */
@NullMarked
package io.hailstorm.kernel.testing;

import org.jspecify.annotations.NullMarked;
