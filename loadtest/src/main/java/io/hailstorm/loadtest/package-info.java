/**
 * Benchmarks of the hot paths, run by {@code loadtest/run jmh}: what one fix costs from coordinates to index
 * ({@link io.hailstorm.loadtest.RoutePathBenchmark}) and its parts alone. The k6 load tests of the phones' API
 * live beside them, in {@code loadtest/k6}.
 */
@NullMarked
package io.hailstorm.loadtest;

import org.jspecify.annotations.NullMarked;
