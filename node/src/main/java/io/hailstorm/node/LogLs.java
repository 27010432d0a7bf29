package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hailstorm log ls}. */
@Command(name = "ls", description = "List partitions with their offsets.", mixinStandardHelpOptions = true)
final class LogLs implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        PrintWriter out = spec.commandLine().getOut();
        try (LogReader log = place.open()) {
            for (PartitionReader partition : log.partitions()) {
                if (place.json()) {
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
