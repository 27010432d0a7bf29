package io.hailstorm.ingest;

import io.hailstorm.geo.CellShortcut;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.TimeSource;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * Where the edge's threads and the region agent meet: the ring, the riders' commands, the table of open driver streams,
 * and the streams that wait for the agent. Every queue is bounded: the two lists of streams hold a stream at most once.
 */
final class EdgeHub {
    private final IngestConfig config;
    private final IngestMetrics metrics;
    private final TimeSource wall;
    private final EdgeRing ring;
    private final ManyToOneConcurrentArrayQueue<RiderCommand> commands;
    private final ConcurrentLinkedQueue<DriverStream> stalled = new ConcurrentLinkedQueue<>();
    private final AtomicInteger stalledCount = new AtomicInteger();
    private final ConcurrentLinkedQueue<DriverStream> ready = new ConcurrentLinkedQueue<>();
    private final AtomicReferenceArray<@Nullable DriverStream> slots;
    private final int[] freeSlots;
    private int freeCount;
    private int usedSlots;
    /** One table of cells a thread; an event loop serves thousands of streams. */
    private final ThreadLocal<CellShortcut> shortcuts;

    EdgeHub(IngestConfig config, IngestMetrics metrics, Cells cells, TimeSource wall) {
        this.config = config;
        this.metrics = metrics;
        this.wall = wall;
        ring = new EdgeRing(config.ringBytes());
        commands = new ManyToOneConcurrentArrayQueue<>(config.commandQueueCapacity());
        slots = new AtomicReferenceArray<>(config.maxDriverStreams());
        freeSlots = new int[config.maxDriverStreams()];
        shortcuts = ThreadLocal.withInitial(() -> new CellShortcut(cells, FixDescriptor.CELL_RESOLUTION));
    }

    IngestConfig config() {
        return config;
    }

    IngestMetrics metrics() {
        return metrics;
    }

    /** Real time, for durations; the node's own clock may be a simulation's. */
    TimeSource wall() {
        return wall;
    }

    EdgeRing ring() {
        return ring;
    }

    CellShortcut shortcut() {
        return shortcuts.get();
    }

    /** Gives a new stream a slot; null when all are taken. Any thread. */
    @Nullable
    DriverStream open(IntFunction<DriverStream> factory) {
        int slot;
        synchronized (this) {
            if (freeCount > 0) {
                slot = freeSlots[--freeCount];
            } else if (usedSlots < slots.length()) {
                slot = usedSlots++;
            } else {
                return null;
            }
        }
        DriverStream stream = factory.apply(slot);
        slots.set(slot, stream);
        metrics.driverStreams().incrementAndGet();
        return stream;
    }

    @Nullable
    DriverStream stream(int slot) {
        return slots.get(slot);
    }

    /** Frees a slot after the last message that names it. The agent's thread. */
    void release(DriverStream stream) {
        slots.set(stream.slot, null);
        metrics.driverStreams().decrementAndGet();
        synchronized (this) {
            freeSlots[freeCount++] = stream.slot;
        }
    }

    /** A stream with something the ring had no room for. */
    void stalled(DriverStream stream) {
        stalled.add(stream);
        stalledCount.incrementAndGet();
    }

    int stalledCount() {
        return stalledCount.get();
    }

    @Nullable
    DriverStream pollStalled() {
        DriverStream stream = stalled.poll();
        if (stream != null) {
            stalledCount.decrementAndGet();
        }
        return stream;
    }

    /** A stream whose client takes more again. */
    void ready(DriverStream stream) {
        ready.add(stream);
    }

    @Nullable
    DriverStream pollReady() {
        return ready.poll();
    }

    /** False when the agent is too far behind; the caller refuses the call. */
    boolean offer(RiderCommand command) {
        return commands.offer(command);
    }

    @Nullable
    RiderCommand pollCommand() {
        return commands.poll();
    }
}
