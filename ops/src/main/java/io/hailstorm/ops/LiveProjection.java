package io.hailstorm.ops;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.ops.FrameEncoder.Headline;
import io.hailstorm.protocol.v1.Event;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.agrona.DirectBuffer;

/**
 * The operator's picture of a region: a fold over the durable records of {@code fixes}, {@code trips}, {@code
 * prices} and {@code control} of every partition. Times and windows are of the node's clock, as the records carry it.
 *
 * <p>Fixes are read from {@link VehicleTable#FORGET_AFTER_MS} before the first call on, as older ones would be
 * forgotten at once; the other streams from their start. A record that cannot be decoded is counted and passed over:
 * a picture must not stop for it.
 *
 * <p>Threads: one thread calls {@link #doWork}; any number ask. A fair lock is held for one bounded batch at a time,
 * so neither side waits longer than a batch or an answer takes. Fixes: steady state, no allocation.
 */
public final class LiveProjection {
    private static final int FIX_BATCH_MAX = 4096;
    private static final int EVENT_BATCH_MAX = 512;

    private final Cells cells;
    private final NodeStatus status;
    private final OpsConfig config;
    private final UnaryOperator<Event> upcast;
    private final Log log;
    private final ReentrantLock lock = new ReentrantLock(true);
    private final List<LogTail> tails = new ArrayList<>();
    private final CellTable cellTable = new CellTable();
    private final VehicleTable vehicles;
    private final EventFold events;
    private final HistoryLog history = new HistoryLog();
    private final RateWindow fixRate = new RateWindow();
    private final FixView fix = new FixView();

    private LogTail current;
    private long foldedCount;
    private long undecodableCount;
    private int frameNumber;

    /** @param upcast makes what an older version wrote mean what this one says; fails on what a newer one wrote */
    public LiveProjection(Log log, Cells cells, NodeStatus status, OpsConfig config, UnaryOperator<Event> upcast) {
        this.log = log;
        this.cells = cells;
        this.status = status;
        this.config = config;
        this.upcast = upcast;
        vehicles = new VehicleTable(config.vehicleMax(), cellTable);
        events = new EventFold(cells, cellTable);
        for (int p = 0; p < log.partitionCount(); p++) {
            addTail(StreamName.CONTROL, p);
            addTail(StreamName.TRIPS, p);
            addTail(StreamName.PRICES, p);
        }
        current = tails.getFirst();
    }

    private void addTail(StreamName stream, int partition) {
        var partitionLog = log.partition(stream, partition);
        tails.add(new LogTail(partitionLog, partitionLog.startOffset(), EVENT_BATCH_MAX));
    }

    private void openFixTails(long nowMs) {
        long fromHlc = Math.max(0, nowMs - VehicleTable.FORGET_AFTER_MS) << 16;
        for (int p = 0; p < log.partitionCount(); p++) {
            var partitionLog = log.partition(StreamName.FIXES, p);
            tails.add(new LogTail(partitionLog, partitionLog.offsetAtOrAfter(fromHlc), FIX_BATCH_MAX));
        }
    }

    /**
     * Reads a bounded batch of every stream and partition.
     *
     * @param nowMs the node's clock, epoch milliseconds
     * @return records folded; 0 lets the caller back off
     */
    public int doWork(long nowMs) {
        if (tails.size() < 4 * log.partitionCount()) {
            locked(() -> {
                openFixTails(nowMs);
                return tails.size();
            });
        }
        int work = 0;
        for (int i = 0; i < tails.size(); i++) {
            lock.lock();
            try {
                current = tails.get(i);
                int read = current.read(this::onRecord);
                foldedCount += read;
                work += read;
            } finally {
                lock.unlock();
            }
        }
        lock.lock();
        try {
            vehicles.sweep(nowMs);
            events.expire(nowMs);
            if (history.isDue(nowMs)) {
                history.add(sample(nowMs));
            }
        } finally {
            lock.unlock();
        }
        return work;
    }

    /** Receives where the projection stands in one partition. */
    public interface Positions {
        void at(PartitionReader partition, long nextOffset);
    }

    /** Tells where the projection stands in every partition it reads. Any thread. */
    public void forEachPosition(Positions positions) {
        lock.lock();
        try {
            tails.forEach(tail -> positions.at(tail.log(), tail.nextOffset()));
        } finally {
            lock.unlock();
        }
    }

    private boolean onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        current.onRead(hlc);
        long timeMs = HybridLogicalClock.epochMs(hlc);
        switch (type) {
            case RecordType.FIX -> onFix(timeMs, buffer, index, length);
            case RecordType.EVENT -> onEvent(timeMs, buffer, index, length);
            default -> undecodableCount++;
        }
        return true;
    }

    private void onFix(long timeMs, DirectBuffer buffer, int index, int length) {
        if (length != FixDescriptor.LENGTH) {
            undecodableCount++;
            return;
        }
        fix.wrap(buffer, index);
        fixRate.add(timeMs, 1);
        vehicles.onFix(fix, cells.parent(fix.cell(), Cells.PRICING_RESOLUTION), timeMs);
    }

    private void onEvent(long timeMs, DirectBuffer buffer, int index, int length) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            buffer.getBytes(index, bytes, length);
            events.onEvent(upcast.apply(Event.parseFrom(bytes.flip())), timeMs);
        } catch (InvalidProtocolBufferException | HailstormException e) {
            undecodableCount++;
        }
    }

    private HistoryLog.Sample sample(long nowMs) {
        var waits = events.waits(nowMs);
        return new HistoryLog.Sample(
                nowMs,
                fixRate.perS(nowMs),
                events.requests().perS(nowMs),
                events.completions().perS(nowMs),
                cellTable.multiplierMilliMean(),
                cellTable.multiplierMilliMax(),
                waits.p50Ms(),
                waits.p95Ms(),
                vehicles.countInState(DriverState.IDLE),
                events.trips().openCount());
    }

    private Headline headline() {
        long nowMs = status.nowMs();
        var waits = events.waits(nowMs);
        return new Headline(
                nowMs,
                vehicles.countInState(DriverState.OFFLINE),
                vehicles.countInState(DriverState.IDLE),
                vehicles.countInState(DriverState.EN_ROUTE),
                vehicles.countInState(DriverState.ON_TRIP),
                events.trips().openCount(),
                fixRate.perS(nowMs),
                events.requests().perS(nowMs),
                events.offers().perS(nowMs),
                events.completions().perS(nowMs),
                waits.p50Ms(),
                waits.p95Ms(),
                events.priceVersion(),
                cellTable.multiplierMilliMax(),
                cellTable.multiplierMilliMean(),
                tails.stream().mapToLong(LogTail::lagRecords).sum());
    }

    /** The newest picture; encoded anew, so the caller decides how often. */
    LiveFrame frame() {
        return locked(() -> {
            Headline headline = headline();
            int number = ++frameNumber;
            return new LiveFrame(
                    foldedCount,
                    FrameEncoder.picture(
                            number, headline, vehicles, cellTable, status.partitionMap(), config.frameVehicleMax()),
                    FrameEncoder.heartbeat(number, headline));
        });
    }

    OpsViews.Summary summary() {
        return locked(() -> {
            long nowMs = status.nowMs();
            return OpsViews.summary(
                    status,
                    headline(),
                    events,
                    cellTable,
                    vehicles.sampleShift(),
                    partitions(nowMs),
                    fixRate.total(),
                    undecodableCount);
        });
    }

    OpsViews.PartitionList partitions() {
        return locked(() -> new OpsViews.PartitionList(status.partitionMap().epoch(), partitions(status.nowMs())));
    }

    private List<OpsViews.PartitionView> partitions(long nowMs) {
        List<OpsViews.PartitionView> views = new ArrayList<>();
        for (int p = 0; p < log.partitionCount(); p++) {
            int partition = p;
            views.add(OpsViews.partition(
                    partition,
                    status.partitionMap().cellsOf(partition).size(),
                    tails.stream()
                            .filter(tail -> tail.log().partition() == partition)
                            .toList(),
                    nowMs));
        }
        return views;
    }

    List<OpsViews.CellView> cells(boolean withBoundary) {
        return locked(() -> OpsViews.cells(cellTable, cells, status.partitionMap(), withBoundary));
    }

    List<TripBook.TripLine> trips(TripBook.TripFilter filter, int limit) {
        return locked(() -> events.trips().recent(filter, limit));
    }

    Optional<TripBook.TripTimeline> trip(String trip) {
        return locked(() -> events.trips().timeline(trip));
    }

    Cells cells() {
        return cells;
    }

    List<HistoryLog.Sample> history() {
        return locked(history::samples);
    }

    private <T> T locked(Supplier<T> question) {
        lock.lock();
        try {
            return question.get();
        } finally {
            lock.unlock();
        }
    }
}
