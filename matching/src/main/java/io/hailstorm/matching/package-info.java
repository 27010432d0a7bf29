/**
 * Who drives whom. One fix's walk: {@link io.hailstorm.matching.Matcher#onFix} puts the driver into the
 * {@link io.hailstorm.matching.DriverIndex} bucket of its cell and lets the {@link io.hailstorm.matching.EtaEstimator}
 * learn. One trip's walk: {@link io.hailstorm.matching.Matcher#onCommand} decides on a
 * {@link io.hailstorm.matching.TripCommand} by {@code TripRules} and emits a {@link io.hailstorm.matching.TripEvent};
 * the event, and nothing else, changes the {@link io.hailstorm.matching.Trip}. Waiting trips meet idle drivers in
 * rounds: {@code CandidateGenerator} builds the edges (feasible pairs with a cost), a
 * {@link io.hailstorm.matching.MatchingPolicy} chooses, and every chosen pair becomes an offer with a deadline.
 *
 * <p>Pure: no clock, randomness, files, threads or log. Time enters as arguments; the same inputs in the same order
 * give the same outputs.
 */
@NullMarked
package io.hailstorm.matching;

import org.jspecify.annotations.NullMarked;
