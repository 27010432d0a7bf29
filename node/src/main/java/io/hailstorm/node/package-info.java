/**
 * The composition root: the only place that knows every module. It hands each its time, disk, randomness
 * and ports, runs them on threads (or in one thread, in virtual time), and is the {@code hailstorm} command.
 *
 * <p>Reading order: {@code Hailstorm} (the command) → {@code HailstormNode} (what is wired to what) →
 * {@code RegionAgent} (one turn of the region: append, read what is durable, match, price, answer) →
 * {@code EventCodec} (the domain's words on the wire) → {@code DriverDirectory} (what outlives a restart) →
 * {@code HistoryChecker} (was anything lost, doubled or reordered).
 */
@NullMarked
package io.hailstorm.node;

import org.jspecify.annotations.NullMarked;
