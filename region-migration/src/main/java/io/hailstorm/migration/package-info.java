/**
 * Moves routing cells between partitions while traffic flows, with every driver's order kept. Pure: no log, no clock;
 * ports are handed in.
 *
 * <p>{@link io.hailstorm.migration.OwnershipTable} folds the {@code control} stream: proposals are appended, every reader
 * applies them in log order, and one whose expectation does not hold is void. {@link io.hailstorm.migration.RangeMove} is one node's
 * part in a move through COPYING, SEALING, SEALED to ACTIVE at the next epoch: each node proposes, and writes
 * {@link io.hailstorm.migration.RangeRecord}s among the fixes, where it may, and reads what the others wrote:
 *
 * <pre>
 *   control   COPYING(e)    SEALING(e)             SEALED(e, z)                    ACTIVE(e+1)
 *   source    fix fix fix   fix fix SEAL@z  (answers MOVED from here on)
 *   target    STAGED                               drains to z, compares, OPEN durable   fix fix fix
 * </pre>
 *
 * <p>{@link io.hailstorm.migration.RangeGuard} tells the writer, fix by fix, whether it may append. Readers take the
 * parent up to the SEAL, then the child from its OPEN. {@link io.hailstorm.migration.RangePlanner} makes splits, merges and
 * evacuations into groups of moves, and {@link io.hailstorm.migration.Balancer} proposes them from measured load.
 */
@NullMarked
package io.hailstorm.migration;

import org.jspecify.annotations.NullMarked;
