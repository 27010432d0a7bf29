/**
 * The words every module shares: ids, units, clocks, deterministic randomness, the fixed layout of a
 * fix, invariants and error codes. Nothing here reads the clock, draws randomness, opens a file or
 * starts a thread; {@code io.hailstorm.kernel.testing} holds the virtual counterparts tests use.
 */
@NullMarked
package io.hailstorm.kernel;

import org.jspecify.annotations.NullMarked;
