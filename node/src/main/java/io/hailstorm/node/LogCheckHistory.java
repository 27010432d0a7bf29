package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.log.LogKeyset;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.simulator.LedgerFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code hailstorm log check-history}. */
@Command(
        name = "check-history",
        description = {
            "Hold the log against what clients were acknowledged, and against itself: order, loss, duplicates, offers,"
                    + " who accepted what, and how ranges and drivers moved.",
            "Exit 1 on a violation."
        },
        mixinStandardHelpOptions = true)
final class LogCheckHistory implements Callable<Integer> {
    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            split = ",",
            defaultValue = "hailstorm-data",
            description = "data directory of a node, or those of all regions (hailstorm-data)")
    private List<Path> dataDirs = List.of();

    @Option(
            names = {"--keyset", "--log-keyset"},
            paramLabel = "FILE",
            description = "the log's keys, where it is encrypted")
    private @Nullable Path keyset;

    @Option(
            names = "--clients",
            paramLabel = "FILE",
            split = ",",
            required = true,
            description = "ledgers written by demo or simulate with --ledger")
    private List<Path> clients = List.of();

    @Option(names = "--json", description = "JSON, one object a line")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws JsonProcessingException {
        List<HistoryChecker.Promise> promises = new ArrayList<>();
        clients.forEach(file -> promises.addAll(HistoryChecker.promises(LedgerFile.read(file))));
        HistoryChecker.Verdict verdict = check(promises);
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
                .put("acceptor_violations", verdict.acceptorViolations())
                .put("epoch_violations", verdict.epochViolations())
                .put("lineage_violations", verdict.lineageViolations())
                .put("copies_differ", verdict.copiesDiffer())
                .put("strays", verdict.strays())
                .put("ok", verdict.ok());
        ArrayNode examples = root.putArray("examples");
        verdict.examples().forEach(examples::add);
        spec.commandLine()
                .getOut()
                .println(
                        json
                                ? mapper.writeValueAsString(root)
                                : mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root));
        return verdict.ok() ? 0 : 1;
    }

    private HistoryChecker.Verdict check(List<HistoryChecker.Promise> promises) {
        LogKeyset keys = LogKeysets.readOrNone(keyset);
        List<LogReader> logs = new ArrayList<>();
        try {
            for (Path directory : dataDirs) {
                logs.add(LogReader.open(
                        new MappedDisk(), DataDirectory.existing(directory).root(), keys));
            }
            return HistoryChecker.check(logs, promises);
        } finally {
            logs.forEach(LogReader::close);
        }
    }
}
