package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.hailstorm.kernel.testing.VirtualTime;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.DirectBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An alert on a metric that nobody exports never fires. */
final class AlertRulesTest {
    private static final Pattern METRIC = Pattern.compile("(hailstorm_[a-z0-9_]+)(?:\\{(\\w+))?");

    @TempDir
    private Path directory;

    @Test
    void everyAlertIsAboutSomethingThatNodesExport() throws Exception {
        String exported = aNodes() + aRegions();

        for (JsonNode rule : rules()) {
            Matcher metric = METRIC.matcher(rule.get("expr").asText());
            boolean isAny = false;
            while (metric.find()) {
                isAny = true;
                String label = metric.group(2) == null ? "" : "\\{[^}]*" + metric.group(2) + "=";
                assertThat(Pattern.compile("(?m)^" + metric.group(1) + (label.isEmpty() ? "[ {]" : label))
                                .matcher(exported)
                                .find())
                        .as("%s in %s", metric.group(), rule)
                        .isTrue();
            }
            assertThat(isAny).as("%s", rule).isTrue();
        }
    }

    @Test
    void everyAlertSaysWhatIsWrongAndWhatToDo() throws IOException {
        Set<String> names = new TreeSet<>();
        for (JsonNode rule : rules()) {
            assertThat(names.add(rule.get("alert").asText())).as("%s", rule).isTrue();
            assertThat(rule.at("/annotations/summary").asText()).isNotBlank();
            assertThat(rule.at("/annotations/action").asText()).isNotBlank();
            assertThat(rule.at("/labels/severity").asText()).isIn("critical", "warning");
        }
        assertThat(names).hasSizeGreaterThan(10);
    }

    private static List<JsonNode> rules() throws IOException {
        JsonNode file = new YAMLMapper().readTree(Files.readString(Path.of("../ops/alerts/hailstorm.yaml")));
        List<JsonNode> rules = new ArrayList<>();
        file.get("groups").forEach(group -> group.get("rules").forEach(rules::add));
        return rules;
    }

    private String aNodes() throws Exception {
        try (OperatedNode run = new OperatedNode(directory, new VirtualTime(1_767_801_600_000L), 1, 2)) {
            return run.node.metrics().scrape();
        }
    }

    private static String aRegions() {
        TwoRegions regions = new TwoRegions();
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        RegionsConfig config = new RegionsConfig(
                List.of(), TwoRegions.config("a"), new RegionTransport.Place("a", "", 0, Map.of(), false));
        GeoView view = new GeoView(
                new RegionLog(regions.a, Optional.of(regions.a), Optional.of(new NoNetwork())),
                Optional.of(config),
                registry);
        view.doWork(0);
        return registry.scrape();
    }

    private static final class NoNetwork implements RegionNetwork {
        @Override
        public void onArrival(Runnable wake) {}

        @Override
        public boolean isUp(String peer) {
            return false;
        }

        @Override
        public long droppedCount() {
            return 0;
        }

        @Override
        public boolean send(String toMember, DirectBuffer message, int index, int length) {
            return false;
        }

        @Override
        public int poll(Receiver receiver, int maxMessages) {
            return 0;
        }

        @Override
        public int maxMessageBytes() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
