/**
 * The mobile edge: what phones speak to, and the only writer of drivers' fixes and everyone's commands.
 *
 * <p>A fix takes these steps. A Netty event loop decodes it ({@link io.hailstorm.ingest.DriveService}), computes its
 * cell and copies it as 64 bytes into a bounded ring ({@code EdgeRing}). When the ring is full, or too much of the
 * stream is unacknowledged, the edge stops asking the stream for messages: nothing is dropped and no event loop waits.
 * The region agent's thread ({@link io.hailstorm.ingest.IngestAgent}) drains the ring; {@code FixDecider} puts the fix
 * in its place in the driver's sequence ({@code DriverSession}): duplicate, held for a missing number, late, rejected
 * with a reason, or accepted. Accepted ones are appended to the partition that has authority over the driver
 * ({@code DriverAuthority}). When the log says they are durable ({@code PendingAcks}), one coalesced acknowledgement
 * a stream goes out.
 *
 * <p>Riders' and drivers' commands are appended to {@code trips} the same way and answered once durable. What matching
 * then decides comes back as durable events ({@link io.hailstorm.ingest.TripFeed}) and leaves as offers and updates.
 *
 * <p>Threads: everything but the gRPC call-backs belongs to the region agent. Call-backs never touch sessions or the
 * log; they write into the ring or the command queue, both bounded. No class here starts a thread, except the server's
 * Netty loops.
 */
@NullMarked
package io.hailstorm.ingest;

import org.jspecify.annotations.NullMarked;
