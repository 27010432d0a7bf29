package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.simulator.LedgerFile;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm log check-history}. */
@Command(
        name = "check-history",
        description = "Hold the log against what clients were acknowledged.",
        mixinStandardHelpOptions = true)
final class LogCheckHistory implements Callable<Integer> {
    @Mixin
    private final LogPlace place = new LogPlace();

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
                    LogPlace.of(log, StreamName.FIXES),
                    LogPlace.of(log, StreamName.LATE),
                    LogPlace.of(log, StreamName.TRIPS),
                    promises);
        }
        ObjectMapper mapper = new ObjectMapper();
        long acked =
                promises.stream().mapToLong(HistoryChecker.Promise::ackedSeq).sum();
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
                        place.json()
                                ? mapper.writeValueAsString(root)
                                : mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
        return verdict.ok() ? 0 : 1;
    }
}
