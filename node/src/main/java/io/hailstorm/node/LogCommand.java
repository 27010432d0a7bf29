package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.LogVerifier;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.LedgerFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm log}: looks into a data directory's log, also while a node writes it. */
@Command(
        name = "log",
        description = "Look into a log; changes nothing.",
        mixinStandardHelpOptions = true,
        subcommands = {LogCommand.Ls.class, LogCommand.Cat.class, LogCommand.Verify.class, LogCommand.CheckHistory.class
        })
final class LogCommand implements Runnable {
    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Missing command: ls, cat, verify or check-history");
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

        LogReader open() {
            return LogReader.open(
                    new MappedDisk(), DataDirectory.existing(dataDir).root());
        }
    }

    private static List<PartitionReader> of(LogReader log, StreamName stream) {
        return log.partitions().stream()
                .filter(partition -> partition.stream() == stream)
                .toList();
    }

    @Command(name = "ls", description = "List partitions with their offsets.", mixinStandardHelpOptions = true)
    static final class Ls implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws JsonProcessingException {
            ObjectMapper mapper = new ObjectMapper();
            PrintWriter out = spec.commandLine().getOut();
            try (LogReader log = place.open()) {
                for (PartitionReader partition : log.partitions()) {
                    if (place.json) {
                        out.println(mapper.writeValueAsString(mapper.createObjectNode()
                                .put("stream", partition.stream().text())
                                .put("partition", partition.partition())
                                .put("start_offset", partition.startOffset())
                                .put("durable_offset", partition.durableOffset())));
                    } else {
                        out.printf(
                                "%-13s %3d  [%,d, %,d)%n",
                                partition.stream(),
                                partition.partition(),
                                partition.startOffset(),
                                partition.durableOffset());
                    }
                }
            }
            out.flush();
            return 0;
        }
    }

    @Command(name = "cat", description = "Print records.", mixinStandardHelpOptions = true)
    static final class Cat implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Option(names = "--stream", paramLabel = "S", defaultValue = "trips", description = "stream (trips)")
        private String stream = "trips";

        @Option(names = "--partition", paramLabel = "P", description = "one partition; all by default")
        private @Nullable Integer partition;

        @Option(names = "--from", paramLabel = "OFFSET", defaultValue = "0", description = "first offset (0)")
        private long from;

        @Option(names = "--limit", paramLabel = "N", description = "at most this many records a partition")
        private long limit = Long.MAX_VALUE;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            PrintWriter out = spec.commandLine().getOut();
            try (LogReader log = place.open()) {
                for (PartitionReader reader : of(log, StreamName.parse(stream))) {
                    if (partition == null || partition == reader.partition()) {
                        print(reader, out);
                    }
                }
            }
            out.flush();
            return 0;
        }

        private void print(PartitionReader reader, PrintWriter out) {
            FixView fix = new FixView();
            long[] left = {limit};
            long offset = Math.max(from, reader.startOffset());
            while (left[0] > 0 && !out.checkError()) {
                long next = reader.read(offset, 1024, (at, hlc, type, buffer, index, length) -> {
                    out.println(render(reader, at, hlc, type, buffer, index, length, fix));
                    return --left[0] > 0;
                });
                if (next == offset) {
                    return;
                }
                offset = next;
            }
        }

        private String render(
                PartitionReader reader,
                long offset,
                long hlc,
                int type,
                DirectBuffer buffer,
                int index,
                int length,
                FixView fix) {
            String place = "{\"partition\":" + reader.partition() + ",\"offset\":" + offset + ",\"time\":\""
                    + Instant.ofEpochMilli(HybridLogicalClock.epochMs(hlc)) + "\",";
            if (type == RecordType.EVENT) {
                return place + "\"event\":" + RegionsCommand.Connection.json(EventReader.read(buffer, index, length))
                        + "}";
            }
            fix.wrap(buffer, index);
            return place + "\"" + (type == RecordType.FIX ? "fix" : "rejected_fix") + "\":{\"driver\":" + fix.driver()
                    + ",\"de\":" + fix.de() + ",\"session\":" + fix.session() + ",\"seq\":" + fix.seq()
                    + ",\"device_time\":\"" + Instant.ofEpochMilli(fix.deviceMs()) + "\",\"lat\":" + fix.latE7() / 1e7
                    + ",\"lon\":" + fix.lonE7() / 1e7 + ",\"cell\":\"" + Long.toHexString(fix.cell())
                    + "\",\"state\":" + fix.state() + "}}";
        }
    }

    @Command(
            name = "verify",
            description = "Check every record below the durable mark; exit 1 and the place on corruption.",
            mixinStandardHelpOptions = true)
    static final class Verify implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws JsonProcessingException {
            LogVerifier.Report report = LogVerifier.verify(
                    new MappedDisk(), DataDirectory.existing(place.dataDir).root());
            PrintWriter out = spec.commandLine().getOut();
            if (place.json) {
                ObjectMapper mapper = new ObjectMapper();
                ObjectNode root = mapper.createObjectNode()
                        .put("ok", report.ok())
                        .put("records", report.recordCount())
                        .put("payload_bytes", report.payloadBytes())
                        .put("partitions", report.partitions().size());
                ArrayNode problems = root.putArray("problems");
                report.problems().forEach(problem -> problems.add(problem.message()));
                out.println(mapper.writeValueAsString(root));
            } else {
                out.printf(
                        "%s: %,d records, %,d payload bytes in %d partitions%n",
                        report.ok() ? "ok" : "CORRUPT",
                        report.recordCount(),
                        report.payloadBytes(),
                        report.partitions().size());
                report.problems()
                        .forEach(problem ->
                                out.printf("%s/%d: %s%n", problem.stream(), problem.partition(), problem.message()));
            }
            out.flush();
            return report.ok() ? 0 : 1;
        }
    }

    @Command(
            name = "check-history",
            description = "Hold the log against what clients were acknowledged.",
            mixinStandardHelpOptions = true)
    static final class CheckHistory implements Callable<Integer> {
        @Mixin
        private final Place place = new Place();

        @Option(
                names = "--clients",
                paramLabel = "FILE",
                required = true,
                description = "ledger written by demo or simulate with --ledger")
        private Path clients = Path.of("");

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() throws JsonProcessingException {
            List<HistoryChecker.Promise> promises = HistoryChecker.promises(LedgerFile.read(clients));
            HistoryChecker.Verdict verdict;
            try (LogReader log = place.open()) {
                verdict = HistoryChecker.check(
                        of(log, StreamName.FIXES), of(log, StreamName.LATE), of(log, StreamName.TRIPS), promises);
            }
            ObjectMapper mapper = new ObjectMapper();
            long acked = promises.stream()
                    .mapToLong(HistoryChecker.Promise::ackedSeq)
                    .sum();
            ObjectNode root = mapper.createObjectNode()
                    .put("records", verdict.records())
                    .put("acked", acked)
                    .put("order_violations", verdict.orderViolations())
                    .put("lost", verdict.lost())
                    .put("duplicates_visible", verdict.duplicatesVisible())
                    .put("double_offers", verdict.doubleOffers())
                    .put("ok", verdict.ok());
            ArrayNode examples = root.putArray("examples");
            verdict.examples().forEach(examples::add);
            spec.commandLine()
                    .getOut()
                    .println(
                            place.json
                                    ? mapper.writeValueAsString(root)
                                    : mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
            return verdict.ok() ? 0 : 1;
        }
    }
}
