package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code hailstorm log reset}: moves a consumer group. Everything is checked before anything is moved; each partition is
 * moved durably and by itself, and running the command again gives the same result.
 */
@Command(
        name = "reset",
        description = "Move a consumer group to another position.",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "The log must not be open elsewhere. A member that runs again begins a new generation, so",
            "nothing it still has in hand can undo the move. --dry-run needs no stop and moves nothing."
        })
final class LogReset implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

    @Option(names = "--group", paramLabel = "G", required = true, description = "the consumer group")
    private String group = "";

    @Option(
            names = "--to",
            paramLabel = "WHERE",
            required = true,
            description = "earliest, latest, an offset, or an instant (2026-01-31T08:00:00Z)")
    private String to = "";

    @Option(names = "--stream", paramLabel = "S", description = "only in this stream; every stream by default")
    private @Nullable String stream;

    @Option(names = "--partition", paramLabel = "P", description = "only in this partition; all by default")
    private @Nullable Integer partition;

    @Option(names = "--dry-run", description = "say what would be done")
    private boolean dryRun;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    private record Move(StreamName stream, int partition, long from, long to) {}

    @Override
    public Integer call() throws JsonProcessingException {
        List<Move> moves;
        try (LogReader log = place.open()) {
            moves = plan(log);
        }
        if (!dryRun) {
            try (EmbeddedLog log = place.openExclusively()) {
                for (Move move : moves) {
                    log.partition(move.stream(), move.partition()).reset(group, move.to());
                }
            }
        }
        report(moves);
        return 0;
    }

    private List<Move> plan(LogReader log) {
        StreamName only = stream == null ? null : StreamName.parse(stream);
        List<Move> moves = new ArrayList<>();
        for (PartitionReader reader : log.partitions()) {
            boolean chosen =
                    (only == null || reader.stream() == only) && (partition == null || reader.partition() == partition);
            long position = reader.committed(group);
            if (chosen && position != PartitionReader.NULL_OFFSET) {
                moves.add(new Move(reader.stream(), reader.partition(), position, target(reader)));
            }
        }
        if (moves.isEmpty()) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND,
                    "no consumer group \"" + group + "\"" + (stream == null ? "" : " in stream " + stream)
                            + (partition == null ? "" : ", partition " + partition)
                            + "; hailstorm log groups lists them");
        }
        return moves;
    }

    private long target(PartitionReader reader) {
        return switch (to) {
            case "earliest" -> reader.startOffset();
            case "latest" -> reader.durableOffset();
            default -> to.chars().allMatch(Character::isDigit) ? offset(reader) : since(reader);
        };
    }

    private long offset(PartitionReader reader) {
        long offset;
        try {
            offset = Long.parseLong(to);
        } catch (NumberFormatException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--to: offset too large: " + to, e);
        }
        if (offset < reader.startOffset() || offset > reader.durableOffset()) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--to " + to + ": " + reader.stream() + "/" + reader.partition() + " holds offsets "
                            + reader.startOffset() + " to " + reader.durableOffset() + "; nothing was moved");
        }
        return offset;
    }

    private long since(PartitionReader reader) {
        try {
            return reader.offsetAtOrAfter(
                    HybridLogicalClock.firstOf(Instant.parse(to).toEpochMilli()));
        } catch (DateTimeParseException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--to: expected earliest, latest, an offset or an instant such as 2026-01-31T08:00:00Z, got \"" + to
                            + "\"",
                    e);
        }
    }

    private void report(List<Move> moves) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        TextTable table = new TextTable("STREAM", "PARTITION", "FROM", "TO", "SO IT WILL");
        for (Move move : moves) {
            if (place.json()) {
                out.println(mapper.writeValueAsString(mapper.createObjectNode()
                        .put("group", group)
                        .put("stream", move.stream().text())
                        .put("partition", move.partition())
                        .put("from", move.from())
                        .put("to", move.to())
                        .put("dry_run", dryRun)));
            } else {
                table.row(
                        move.stream().text(),
                        Integer.toString(move.partition()),
                        String.format(Locale.ROOT, "%,d", move.from()),
                        String.format(Locale.ROOT, "%,d", move.to()),
                        effect(move.to() - move.from()));
            }
        }
        if (!place.json()) {
            table.print(out);
        }
        out.flush();
        if (dryRun) {
            spec.commandLine().getErr().println("dry run: nothing was moved");
        }
    }

    private static String effect(long records) {
        if (records == 0) {
            return "stay";
        }
        return String.format(
                Locale.ROOT, records > 0 ? "skip %,d records" : "read %,d records again", Math.abs(records));
    }
}
