package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code hailstorm log cat}: prints durable records, also while a node writes. With {@code --group} it is a consumer: it
 * goes on where the group left off, and moves the group past what it printed; only one process writes a log, so that
 * needs the node to be stopped.
 */
@Command(
        name = "cat",
        description = "Print records, partition by partition.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "A record a line: time, stream/partition, offset, what it is. With --group the log must",
            "not be open elsewhere; the group is moved past what was printed."
        })
final class LogCat implements Callable<Integer> {
    private static final int RECORDS_PER_READ = 1024;
    private static final long PAUSE_NS_MIN = 1_000_000;
    private static final long PAUSE_NS_MAX = 100_000_000;

    @Mixin
    private final LogPlace place = new LogPlace();

    @Option(names = "--stream", paramLabel = "S", defaultValue = "trips", description = "stream (trips)")
    private String stream = "trips";

    @Option(names = "--partition", paramLabel = "P", description = "one partition; all by default")
    private @Nullable Integer partition;

    @Option(names = "--from", paramLabel = "OFFSET", description = "first offset; the first one kept by default")
    private @Nullable Long from;

    @Option(names = "--since", paramLabel = "ISO", description = "records from this instant on")
    private @Nullable Instant since;

    @Option(names = "--group", paramLabel = "G", description = "go on where this consumer group left off, and move it")
    private @Nullable String group;

    @Option(names = "--follow", description = "wait for more, until Ctrl-C or until nobody reads the output")
    private boolean follow;

    @Option(names = "--limit", paramLabel = "N", description = "at most this many records a partition")
    private long limit = Long.MAX_VALUE;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    private @Nullable RecordPrinter printer;

    @Override
    public Integer call() {
        StreamName name = StreamName.parse(stream);
        refuseContradictions();
        printer = new RecordPrinter(place.json());
        PrintWriter out = spec.commandLine().getOut();
        if (group != null) {
            consume(name, group, out);
        } else {
            print(name, out);
        }
        out.flush();
        return 0;
    }

    private void refuseContradictions() {
        require(from == null || since == null, "--from and --since: give one of them");
        require(group == null || (from == null && since == null), "--group says where to begin: no --from, no --since");
        require(group == null || !follow, "--group with --follow: nobody else can write the log while this holds it");
        require(from == null || from >= 0, "--from: expected an offset of 0 or more, got " + from);
        require(partition == null || partition >= 0, "--partition: expected 0 or more, got " + partition);
        require(limit > 0, "--limit: expected 1 or more, got " + limit);
    }

    private void require(boolean ok, String message) {
        if (!ok) {
            throw new CommandLine.ParameterException(spec.commandLine(), message);
        }
    }

    private void print(StreamName name, PrintWriter out) {
        Map<Integer, Long> next = new HashMap<>();
        Map<Integer, Long> left = new HashMap<>();
        long pauseNs = PAUSE_NS_MIN;
        try (LogReader log = place.open()) {
            refuseUnknownPartition(log.partitionCount());
            do {
                long printed = 0;
                for (PartitionReader reader : log.refreshed()) {
                    int p = reader.partition();
                    if (reader.stream() == name && (partition == null || partition == p)) {
                        long offset = next.computeIfAbsent(p, of -> start(reader));
                        long[] budget = {left.getOrDefault(p, limit)};
                        next.put(p, print(reader, offset, budget, out));
                        printed += left.getOrDefault(p, limit) - budget[0];
                        left.put(p, budget[0]);
                    }
                }
                out.flush();
                if (printed > 0) {
                    pauseNs = PAUSE_NS_MIN;
                } else if (follow) {
                    LockSupport.parkNanos(pauseNs);
                    pauseNs = Math.min(PAUSE_NS_MAX, pauseNs * 2);
                }
            } while (follow && !out.checkError() && !isExhausted(left));
        }
    }

    /** Whether one chosen partition printed all it may; of several, another may still begin. */
    private boolean isExhausted(Map<Integer, Long> left) {
        return partition != null && left.getOrDefault(partition, limit) == 0;
    }

    private void refuseUnknownPartition(int count) {
        if (partition != null && partition >= count) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--partition: expected 0 to " + (count - 1) + ", got " + partition);
        }
    }

    private long start(PartitionReader reader) {
        if (since != null) {
            return reader.offsetAtOrAfter(HybridLogicalClock.firstOf(since.toEpochMilli()));
        }
        return Math.max(from == null ? 0 : from, reader.startOffset());
    }

    private long print(PartitionReader reader, long from, long[] left, PrintWriter out) {
        RecordPrinter to = java.util.Objects.requireNonNull(printer);
        long offset = Math.max(from, reader.startOffset());
        while (left[0] > 0 && !out.checkError()) {
            long next = reader.read(offset, RECORDS_PER_READ, (at, hlc, type, buffer, index, length) -> {
                out.println(to.line(reader, at, hlc, type, buffer, index, length));
                return --left[0] > 0;
            });
            if (next == offset) {
                break;
            }
            offset = next;
        }
        return offset;
    }

    private void consume(StreamName name, String member, PrintWriter out) {
        try (EmbeddedLog log = place.openExclusively()) {
            refuseUnknownPartition(log.partitionCount());
            List<Integer> partitions = partition != null
                    ? List.of(partition)
                    : java.util.stream.IntStream.range(0, log.partitionCount())
                            .boxed()
                            .toList();
            for (int p : partitions) {
                PartitionLog source = log.partition(name, p);
                if (source.durableOffset() > source.startOffset()) {
                    long generation = source.join(member, source.startOffset());
                    long end = print(source, source.committed(member), new long[] {limit}, out);
                    out.flush();
                    if (out.checkError()) {
                        return; // what nobody read is not done
                    }
                    source.commit(member, end, generation);
                }
            }
        }
    }
}
