/**
 * Vehicles, riders and cities as clients of the real API.
 *
 * <p>The simulator knows the server only through {@link io.grpc.Channel}s: the same code runs over Netty against another
 * process and over gRPC's in-process transport on the caller's own thread in virtual time. It starts no thread and reads
 * no clock: {@link io.hailstorm.simulator.Simulation#step} is called with the time. What the server answers, on whatever
 * thread, goes into one queue that the next step drains, so all state has one owner.
 *
 * <p>Read {@link io.hailstorm.simulator.Simulation} first, which wires the rest: the {@code CalendarQueue} of what is due,
 * the {@code Fleet} (primitive arrays: where every vehicle is), the {@code Drivers} (what each does about offers and
 * trips), a {@code Phone} a driver (numbering, batches, resends, streams), the {@code Riders} (demand, quotes, patience).
 * Recorded input comes as {@link io.hailstorm.simulator.RecordedFixes} and {@link io.hailstorm.simulator.RecordedTrips}.
 * What the clients know at the end is a {@link io.hailstorm.simulator.SimulationReport} and a
 * {@link io.hailstorm.simulator.ClientLedger}, against which a checker that reads the log can hold the server to its word.
 */
@NullMarked
package io.hailstorm.simulator;

import org.jspecify.annotations.NullMarked;
