package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.log.GroupPosition;
import io.hailstorm.log.LogLag;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hailstorm log groups}. */
@Command(
        name = "groups",
        description = "List consumer groups: where each stands, and how far it is behind.",
        mixinStandardHelpOptions = true)
final class LogGroups implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        TextTable table = new TextTable("GROUP", "STREAM", "PARTITION", "POSITION", "GENERATION", "LAG", "LAG S");
        try (LogReader log = place.open()) {
            for (PartitionReader partition : log.partitions()) {
                for (GroupPosition group : partition.groups()) {
                    LogLag lag = LogLag.of(partition, group.nextOffset());
                    double lagSeconds = lag.ms() / 1e3;
                    if (place.json()) {
                        out.println(mapper.writeValueAsString(mapper.createObjectNode()
                                .put("group", group.group())
                                .put("stream", partition.stream().text())
                                .put("partition", partition.partition())
                                .put("position", group.nextOffset())
                                .put("generation", group.generation())
                                .put("lag_records", lag.records())
                                .put("lag_seconds", lagSeconds)));
                    } else {
                        table.row(
                                group.group(),
                                partition.stream().text(),
                                Integer.toString(partition.partition()),
                                String.format(Locale.ROOT, "%,d", group.nextOffset()),
                                Long.toString(group.generation()),
                                String.format(Locale.ROOT, "%,d", lag.records()),
                                String.format(Locale.ROOT, "%.1f", lagSeconds));
                    }
                }
            }
        }
        if (table.isEmpty() && !place.json()) {
            spec.commandLine().getErr().println("no consumer groups");
        } else if (!place.json()) {
            table.print(out);
        }
        out.flush();
        return 0;
    }
}
