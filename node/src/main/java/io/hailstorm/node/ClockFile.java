package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.TimeSource;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Simulated time that several processes share through a mapped file: one advances it, the others follow, and each node says
 * how many turns it has taken, so that the first can wait until every node has seen an instant. Any thread.
 */
final class ClockFile implements AutoCloseable {
    private final MappedByteBuffer mapped;
    private final UnsafeBuffer buffer;

    private ClockFile(MappedByteBuffer mapped) {
        this.mapped = mapped;
        buffer = new UnsafeBuffer(mapped);
    }

    /** A new file, whose time begins there. */
    static ClockFile create(Path file, long originEpochMs) {
        try {
            Files.write(file, new byte[ClockFileDescriptor.LENGTH]);
            ClockFile clock = map(file);
            clock.buffer.putLongVolatile(ClockFileDescriptor.EPOCH_MS_OFFSET, originEpochMs);
            clock.buffer.putLongVolatile(ClockFileDescriptor.MAGIC_OFFSET, ClockFileDescriptor.MAGIC);
            return clock;
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot make the clock file " + file, e);
        }
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} when it is no clock file */
    static ClockFile open(Path file) {
        try {
            ClockFile clock = Files.size(file) == ClockFileDescriptor.LENGTH ? map(file) : null;
            if (clock != null
                    && clock.buffer.getLongVolatile(ClockFileDescriptor.MAGIC_OFFSET) == ClockFileDescriptor.MAGIC) {
                return clock;
            }
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, file + " is no clock file of this version");
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "cannot open the clock file " + file, e);
        }
    }

    private static ClockFile map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new ClockFile(channel.map(FileChannel.MapMode.READ_WRITE, 0, ClockFileDescriptor.LENGTH));
        }
    }

    /** The shared calendar over a real stopwatch. */
    MappedTime time(TimeSource wall) {
        return new MappedTime(this, wall);
    }

    long epochMs() {
        return buffer.getLongVolatile(ClockFileDescriptor.EPOCH_MS_OFFSET);
    }

    /** Only the process that made the file. */
    void advanceTo(long epochMs) {
        Invariants.require(epochMs >= epochMs(), "the calendar never turns back");
        buffer.putLongVolatile(ClockFileDescriptor.EPOCH_MS_OFFSET, epochMs);
    }

    /** Asks every node to settle; the number to wait for. Only the process that made the file. */
    long askToSettle() {
        long number = settlingAsked() + 1;
        buffer.putLongVolatile(ClockFileDescriptor.ASKED_OFFSET, number);
        return number;
    }

    long settlingAsked() {
        return buffer.getLongVolatile(ClockFileDescriptor.ASKED_OFFSET);
    }

    /** Which time of asking a node has settled after. */
    long settled(int node) {
        return buffer.getLongVolatile(ClockFileDescriptor.settledOffset(node));
    }

    void settled(int node, long number) {
        buffer.putLongVolatile(ClockFileDescriptor.settledOffset(node), number);
    }

    /** Turns a node says it has taken; they begin anew when it is started again. */
    long turns(int node) {
        return buffer.getLongVolatile(ClockFileDescriptor.turnsOffset(node));
    }

    void turns(int node, long count) {
        buffer.putLongVolatile(ClockFileDescriptor.turnsOffset(node), count);
    }

    /** Nobody may use it any more, {@link MappedTime} included. */
    @Override
    public void close() {
        BufferUtil.free(mapped);
    }
}
