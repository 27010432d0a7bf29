/**
 * A region's log: the {@link io.hailstorm.log.Log} port and two engines behind it.
 *
 * <p>Composition: {@code EmbeddedLog.open(LogConfig, Disk, TimeSource, Path dataDir)} is the durable engine,
 * {@code new MemoryLog(LogConfig, TimeSource)} the one for tests; {@code new MappedDisk()} is the real disk.
 * {@code LogReader.open(Disk, Path dataDir)} reads from another process while the node runs, and
 * {@code LogVerifier.verify(Disk, Path dataDir)} walks every byte and reports.
 *
 * <p>The way of a batch: a {@link io.hailstorm.log.RecordBatch} is copied into the active segment with its checksum by
 * the partition's one writer ({@link io.hailstorm.log.PartitionLog#append}), which never waits for the disk. The
 * syncer's {@link io.hailstorm.log.Log#doWork} forces what was appended, then advances the durable offset, and only then
 * do readers see the records. A full segment is followed by one that the syncer prepared ahead of need.
 *
 * <p>The way back after a crash: the newest checkpoint names a segment; from there every batch is checked. The first one
 * that does not check out is either a torn tail, which nobody was told about and which is cut off, or lies below a
 * durable mark, and then the log refuses to open and says where. The durable mark is known from the checkpoint, from the
 * mark in each segment's header, and from later batches, each of which says how far the log was durable when it was
 * written. {@code docs/log-format.md} draws the files.
 */
@NullMarked
package io.hailstorm.log;

import org.jspecify.annotations.NullMarked;
