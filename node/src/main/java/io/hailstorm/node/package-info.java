/** Composition root and the {@code hailstorm} command. */
@NullMarked
package io.hailstorm.node;

import org.jspecify.annotations.NullMarked;
