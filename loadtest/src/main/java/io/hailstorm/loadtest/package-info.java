/** Benchmarks and load tests. */
@NullMarked
package io.hailstorm.loadtest;

import org.jspecify.annotations.NullMarked;
