package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GroupPosition;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogLag;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.ops.LiveProjection;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;

/**
 * How far every reader is behind, by group, stream and partition: the consumer groups that commit to the log, and the
 * region's own readers, which keep their position in memory. Measured anew every second on the thread that calls
 * {@link #doWork}; read by any.
 */
final class LagMetrics {
    private static final long INTERVAL_NS = 1_000_000_000;
    private static final double MS_PER_S = 1_000;

    /** One reader of one partition. */
    record Row(String group, StreamName stream, int partition, LogLag lag) {}

    private final Log log;
    private final RegionAgent region;
    private final LiveProjection console;
    private final MultiGauge records;
    private final MultiGauge seconds;
    private long measuredNs;
    private boolean measured;
    private volatile List<Row> rows = List.of();

    LagMetrics(MeterRegistry registry, Log log, RegionAgent region, LiveProjection console) {
        this.log = log;
        this.region = region;
        this.console = console;
        records = MultiGauge.builder("hailstorm.log.lag.records")
                .description("durable records a reader has yet to read")
                .register(registry);
        seconds = MultiGauge.builder("hailstorm.log.lag")
                .description("from the clock of a reader's next record to the newest durable one's")
                .baseUnit("seconds")
                .register(registry);
    }

    /** Measures, when a second has passed. */
    int doWork(long nowNs) {
        if (measured && nowNs - measuredNs < INTERVAL_NS) {
            return 0;
        }
        measured = true;
        measuredNs = nowNs;
        measureNow();
        return 1;
    }

    /** Measures, on the thread of {@link #doWork}. */
    void measureNow() {
        rows = measure();
        records.register(
                rows.stream()
                        .map(row -> MultiGauge.Row.of(tags(row), row.lag().records()))
                        .toList(),
                true);
        seconds.register(
                rows.stream()
                        .map(row -> MultiGauge.Row.of(tags(row), row.lag().ms() / MS_PER_S))
                        .toList(),
                true);
    }

    private static Tags tags(Row row) {
        return Tags.of(
                "group", row.group(), "stream", row.stream().text(), "partition", Integer.toString(row.partition()));
    }

    private List<Row> measure() {
        List<Row> found = new ArrayList<>();
        for (StreamName stream : StreamName.values()) {
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                PartitionLog of = log.partition(stream, partition);
                for (GroupPosition group : of.groups()) {
                    found.add(row(group.group(), of, group.nextOffset()));
                }
                long position = region.position(stream, partition);
                if (position != PartitionReader.NULL_OFFSET) {
                    for (String reader : readers(stream)) {
                        found.add(row(reader, of, position));
                    }
                }
            }
        }
        console.forEachPosition((partition, nextOffset) -> found.add(row("console", partition, nextOffset)));
        return List.copyOf(found);
    }

    /** The region's folds that read a stream; they read it together. */
    private static List<String> readers(StreamName stream) {
        return switch (stream) {
            case FIXES, TRIPS -> List.of("matching", "pricing");
            case PRICES -> List.of("edge");
            case CONTROL, LATE, DEAD_LETTERS -> List.of();
        };
    }

    private static Row row(String group, PartitionReader partition, long nextOffset) {
        LogLag lag;
        try {
            lag = LogLag.of(partition, nextOffset);
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.OUT_OF_RANGE) {
                throw e;
            }
            lag = LogLag.NONE; // retention was faster; the next measure sees its new start
        }
        return new Row(group, partition.stream(), partition.partition(), lag);
    }

    /** As last measured; any thread. */
    List<Row> rows() {
        return rows;
    }

    /** The slowest reader's lag in records, as last measured; any thread. */
    long recordsMax() {
        return rows.stream().mapToLong(row -> row.lag().records()).max().orElse(0);
    }

    /** The slowest reader's lag in milliseconds, as last measured; any thread. */
    long msMax() {
        return rows.stream().mapToLong(row -> row.lag().ms()).max().orElse(0);
    }
}
