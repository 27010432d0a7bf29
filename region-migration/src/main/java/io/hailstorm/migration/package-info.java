/**
 * Moves routing cells between partitions while traffic flows, with every driver's order kept. Pure: no log, no clock;
 * ports are handed in.
 *
 * <p>{@link io.hailstorm.migration.OwnershipTable} folds the {@code control} stream: proposals are appended, every reader
 * applies them in log order, and one whose expectation does not hold is void. {@link io.hailstorm.migration.RangeMove}
 * coordinates one move through COPYING, SEALING, SEALED to ACTIVE at the next epoch, writing
 * {@link io.hailstorm.migration.RangeRecord}s among the fixes of source and target:
 *
 * <pre>
 *   control   COPYING(e)    SEALING(e)             SEALED(e, z)                    ACTIVE(e+1)
 *   source    fix fix fix   fix fix SEAL@z  (answers MOVED from here on)
 *   target                                   drains to z, compares, OPEN durable   fix fix fix
 * </pre>
 *
 * <p>{@link io.hailstorm.migration.RangeGuard} tells the writer, fix by fix, whether it may append. Readers take the
 * parent up to the SEAL, then the child from its OPEN. Splits, merges, region failure and drivers crossing borders
 * build on the same table, epochs and parents.
 */
@NullMarked
package io.hailstorm.migration;

import org.jspecify.annotations.NullMarked;
