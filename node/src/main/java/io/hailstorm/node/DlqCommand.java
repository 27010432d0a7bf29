package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.StreamConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hailstorm dlq}: what readers could not process, and another try. */
@Command(
        name = "dlq",
        description = "Look at dead letters and replay them.",
        mixinStandardHelpOptions = true,
        subcommands = {DlqCommand.Ls.class, DlqCommand.Show.class, DlqCommand.Replay.class})
final class DlqCommand implements Runnable {
    private static final ObjectMapper JSON = new ObjectMapper();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: list, show or replay");
    }

    /** What every subcommand takes. */
    static final class Place {
        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "hailstorm-data",
                description = "data directory of a node (hailstorm-data)")
        private Path dataDir = Path.of("hailstorm-data");

        @Option(names = "--json", description = "JSON, one object a line")
        private boolean json;

        Path root() {
            return DataDirectory.existing(dataDir).root();
        }

        LogReader open() {
            return LogReader.open(new MappedDisk(), root());
        }
    }

    /** The partitions of {@code dead-letters} that hold anything. */
    private static List<PartitionReader> partitions(LogReader log) {
        return log.partitions().stream()
                .filter(partition -> partition.stream() == StreamName.DEAD_LETTERS)
                .toList();
    }

    private static DeadLetters read(LogReader log) {
        DeadLetters letters = new DeadLetters(partitions(log), Integer.MAX_VALUE, Integer.MAX_VALUE);
        letters.read();
        return letters;
    }

    private static ObjectNode json(Letter letter) {
        return JSON.createObjectNode()
                .put("partition", letter.origin().partition())
                .put("offset", letter.letterOffset())
                .put("state", letter.state().text())
                .put("origin_stream", letter.origin().stream().text())
                .put("origin_offset", letter.origin().offset())
                .put("cause", letter.cause())
                .put("attempts", letter.attemptCount())
                .put("key", letter.key())
                .put("record_time", time(HybridLogicalClock.epochMs(letter.recordHlc())))
                .put("first_attempt_time", time(letter.firstAttemptMs()))
                .put("last_attempt_time", time(letter.lastAttemptMs()));
    }

    private static String time(long epochMs) {
        return Instant.ofEpochMilli(epochMs).toString();
    }

    private static void print(PrintWriter out, Object value) {
        try {
            out.println(JSON.writeValueAsString(value));
        } catch (JsonProcessingException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot print " + value.getClass(), e);
        }
    }

    private static void printLine(PrintWriter out, Letter letter, String what) {
        out.printf(
                "%3d %8d  %-9s %-22s attempts=%d  %s%s%n",
                letter.origin().partition(),
                letter.letterOffset(),
                what,
                letter.origin(),
                letter.attemptCount(),
                letter.key().isEmpty() ? "" : "key=" + letter.key() + "  ",
                letter.cause());
    }

    @Command(name = "list", description = "List dead letters.", mixinStandardHelpOptions = true)
    static final class Ls implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            try (LogReader log = place.open()) {
                for (Letter letter : read(log).letters()) {
                    if (place.json) {
                        print(out, json(letter));
                    } else {
                        printLine(out, letter, letter.state().text());
                    }
                }
            }
            out.flush();
            return 0;
        }
    }

    @Command(
            name = "show",
            description = "Show one dead letter, its record decoded as far as it can be.",
            mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Parameters(paramLabel = "OFFSET", description = "offset in dead-letters, as listed")
        private long offset;

        @Option(names = "--partition", paramLabel = "P", description = "when several have a letter at the offset")
        private @Nullable Integer partition;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            try (LogReader log = place.open()) {
                Letter letter = find(read(log).letters().stream()
                        .filter(each -> each.letterOffset() == offset)
                        .filter(each -> partition == null || each.origin().partition() == partition)
                        .toList());
                ByteString record = recordOf(log, letter);
                ObjectNode shown = json(letter);
                decode(letter, record.toByteArray(), shown);
                shown.put("record_hex", HexFormat.of().formatHex(record.toByteArray()));
                if (place.json) {
                    print(out, shown);
                } else {
                    shown.properties()
                            .forEach(field -> out.printf(
                                    "%-19s %s%n",
                                    field.getKey(),
                                    field.getValue().isTextual()
                                            ? field.getValue().asText()
                                            : field.getValue()));
                }
            }
            out.flush();
            return 0;
        }

        private Letter find(List<Letter> found) {
            if (found.isEmpty()) {
                throw new HailstormException(
                        ErrorCode.NOT_FOUND, "no dead letter at offset " + offset + "; see 'hailstorm dlq list'");
            }
            if (found.size() > 1) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "several partitions have a dead letter at offset " + offset + ": choose one with --partition "
                                + found.stream()
                                        .map(letter ->
                                                Integer.toString(letter.origin().partition()))
                                        .toList());
            }
            return found.getFirst();
        }

        private static ByteString recordOf(LogReader log, Letter letter) {
            ByteString[] found = {ByteString.EMPTY};
            log.partition(StreamName.DEAD_LETTERS, letter.origin().partition())
                    .read(letter.letterOffset(), 1, (at, hlc, type, buffer, index, length) -> {
                        found[0] = EventReader.read(buffer, index, length)
                                .getDeadLetter()
                                .getRecord();
                        return false;
                    });
            return found[0];
        }

        private static void decode(Letter letter, byte[] record, ObjectNode into) {
            UnsafeBuffer bytes = new UnsafeBuffer(record);
            if (letter.recordType() == RecordType.EVENT) {
                try {
                    String event = RegionsPrinter.json(EventReader.read(bytes, 0, record.length));
                    into.set("event", JSON.readTree(event));
                } catch (HailstormException | JsonProcessingException e) {
                    into.put("undecodable", e.getMessage());
                }
            } else if (record.length == FixDescriptor.LENGTH) {
                FixView fix = new FixView().wrap(bytes, 0);
                into.putObject("fix")
                        .put("driver", fix.driver())
                        .put("de", fix.de())
                        .put("session", fix.session())
                        .put("seq", fix.seq())
                        .put("device_time", time(fix.deviceMs()))
                        .put("lat", fix.latE7() / 1e7)
                        .put("lon", fix.lonE7() / 1e7)
                        .put("state", fix.state());
            } else {
                into.put("undecodable", "type=" + letter.recordType() + " length=" + record.length);
            }
        }
    }

    @Command(
            name = "replay",
            description = "Append open dead letters to their streams again, each once; the node must not run.",
            mixinStandardHelpOptions = true)
    static final class Replay implements Callable<Integer> {
        private static final long PARK_NS_MAX = 1_000_000;

        @Mixin
        private final Place place = new Place();

        @Option(names = "--dry-run", description = "say what would be done, and do nothing")
        private boolean dryRun;

        @Option(names = "--rate", paramLabel = "R", defaultValue = "0", description = "records a second (no limit)")
        private double rate;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            if (rate < 0 || Double.isNaN(rate)) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "--rate: expected records a second, got " + rate);
            }
            PrintWriter out = spec.commandLine().getOut();
            if (dryRun) {
                plan(out);
            } else {
                replay(out);
            }
            out.flush();
            return 0;
        }

        private void plan(PrintWriter out) {
            long nowMs = new SystemTimeSource().epochMs();
            try (LogReader log = place.open()) {
                for (Letter letter : read(log).letters()) {
                    if (letter.state().isOpen()) {
                        String action = DlqReplay.isStale(letter, nowMs) ? "expire" : "replay";
                        if (place.json) {
                            print(out, json(letter).put("action", action));
                        } else {
                            printLine(out, letter, action);
                        }
                    }
                }
            }
        }

        private void replay(PrintWriter out) {
            SystemTimeSource time = new SystemTimeSource();
            Path root = place.root();
            MappedDisk disk = new MappedDisk();
            LogConfig config = LogConfig.defaults(EmbeddedLog.partitionCountOf(disk, root));
            for (StreamName stream : StreamName.values()) {
                config = config.withStream(
                        stream,
                        config.stream(stream)
                                .withCommit(0, 1)
                                .withRetention(StreamConfig.UNLIMITED, StreamConfig.UNLIMITED));
            }
            try (Log log = openAlone(config, disk, time, root)) {
                HybridLogicalClock clock = new HybridLogicalClock(time);
                clock.restore(Recovery.lastHlc(log));
                DlqReplay replay = new DlqReplay(log, clock, time, rate);
                while (replay.doWork()) {
                    log.doWork(time.monotonicNs());
                    long waitNs = replay.notBeforeNs() - time.monotonicNs();
                    if (rate > 0 && waitNs > 0) {
                        LockSupport.parkNanos(Math.min(waitNs, PARK_NS_MAX));
                    }
                }
                if (place.json) {
                    print(
                            out,
                            JSON.createObjectNode()
                                    .put("resolved", replay.resolvedCount())
                                    .put("expired", replay.expiredCount()));
                } else {
                    out.printf(
                            "replayed %,d, expired %,d dead letters%n", replay.resolvedCount(), replay.expiredCount());
                }
            }
        }

        private static Log openAlone(LogConfig config, MappedDisk disk, SystemTimeSource time, Path root) {
            try {
                return EmbeddedLog.open(config, disk, time, root);
            } catch (HailstormException e) {
                if (e.code() == ErrorCode.FAILED_PRECONDITION
                        && String.valueOf(e.getMessage()).contains("in use")) {
                    throw new HailstormException(
                            ErrorCode.FAILED_PRECONDITION,
                            e.getMessage() + "; stop the node, replay, and start it again",
                            e);
                }
                throw e;
            }
        }
    }
}
