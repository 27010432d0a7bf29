package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole node meets poison, before it recovers and while it lives, and the command deals with what it parked. */
final class NodeDeadLetterTest {
    private static final int PARTITION = 1;

    @TempDir
    private Path directory;

    private final SystemTimeSource time = new SystemTimeSource();

    private NodeConfig config() {
        return NodeConfig.of(Settings.resolve(
                Map.of(Setting.DATA_DIR, directory.toString(), Setting.HTTP_PORT, "0", Setting.GRPC_PORT, "0"),
                Map.of(),
                null));
    }

    private static RecordBatch batch(long hlc, int type, byte[] bytes) {
        RecordBatch batch = new RecordBatch(1 << 16).begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc);
        assertThat(batch.add(type, new UnsafeBuffer(bytes), 0, bytes.length)).isTrue();
        return batch;
    }

    private static byte[] poisonCommand() {
        String trip = "872830829ffffff-00000000000000aa";
        Event.Builder event =
                Event.newBuilder().setAggregateId(trip).setEventId(42).setSchemaVersion(1);
        event.getTripProgressReportedBuilder().setTrip(trip).setDriver(2).setStep(99);
        return event.build().toByteArray();
    }

    /** What somebody else put into the log before the node opened it. */
    private void appendPoison() {
        try (EmbeddedLog log = EmbeddedLog.open(LogConfig.defaults(4), new MappedDisk(), time, directory)) {
            long hlc = time.epochMs() - 600_000 << 16;
            log.partition(StreamName.TRIPS, PARTITION)
                    .append(batch(hlc, RecordType.EVENT, "garbage".getBytes(StandardCharsets.UTF_8)));
            log.partition(StreamName.TRIPS, PARTITION).append(batch(hlc + 1, RecordType.EVENT, poisonCommand()));
            log.partition(StreamName.FIXES, PARTITION).append(batch(hlc + 2, RecordType.FIX, new byte[16]));
            log.partition(StreamName.LATE, PARTITION).append(batch(hlc + 3, RecordType.FIX, new byte[8]));
        }
    }

    private static void settle(HailstormNode node) {
        for (int i = 0; i < 200; i++) {
            node.turn();
        }
        node.settle(true);
    }

    private List<JsonNode> list() throws Exception {
        CommandRun run = CommandRun.of("dlq", "list", "--json", "--data-dir", directory.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        List<JsonNode> letters = new ArrayList<>();
        for (String line : run.out().lines().toList()) {
            letters.add(new ObjectMapper().readTree(line));
        }
        return letters;
    }

    private List<String> states() throws Exception {
        return list().stream()
                .map(letter -> letter.get("origin_stream").asText() + "@"
                        + letter.get("origin_offset").asLong() + " "
                        + letter.get("state").asText() + " "
                        + letter.get("attempts").asInt())
                .sorted()
                .toList();
    }

    @Test
    void livesWithPoisonAndReplaysItOnce() throws Exception {
        appendPoison();
        for (int start = 0; start < 2; start++) {
            try (HailstormNode node = HailstormNode.open(config(), time)) {
                settle(node);
                node.log()
                        .partition(StreamName.TRIPS, 0)
                        .append(batch(time.epochMs() << 16, RecordType.EVENT, "live".getBytes(StandardCharsets.UTF_8)));
                settle(node);
                assertThat(node.isHealthy()).isTrue();
                CommandRun refused = CommandRun.of("dlq", "replay", "--data-dir", directory.toString());
                assertThat(refused.exitCode()).isEqualTo(1);
                assertThat(refused.err()).contains("stop the node");
            }
        }
        assertThat(states())
                .containsExactly(
                        "fixes@0 parked 1",
                        "late@0 parked 1",
                        "trips@0 parked 1",
                        "trips@0 parked 1",
                        "trips@1 parked 1",
                        "trips@1 parked 1");

        CommandRun plan = CommandRun.of("dlq", "replay", "--dry-run", "--data-dir", directory.toString());
        assertThat(plan.out().lines().filter(line -> line.contains("expire"))).hasSize(2);
        assertThat(plan.out().lines().filter(line -> line.contains("replay"))).hasSize(4);
        for (String expected : List.of("{\"resolved\":4,\"expired\":2}", "{\"resolved\":0,\"expired\":0}")) {
            CommandRun replay =
                    CommandRun.of("dlq", "replay", "--rate", "1000", "--json", "--data-dir", directory.toString());
            assertThat(replay.exitCode()).as(replay.err()).isZero();
            assertThat(replay.out().trim()).isEqualTo(expected);
        }
        try (HailstormNode node = HailstormNode.open(config(), time)) {
            settle(node);
            assertThat(node.isHealthy()).isTrue();
        }
        assertThat(states())
                .contains("fixes@0 expired 1", "late@0 expired 1", "trips@0 resolved 1", "trips@2 parked 2")
                .hasSize(10);
    }

    @Test
    void showsALetterDecodedAsFarAsItCanBe() throws Exception {
        appendPoison();
        try (HailstormNode node = HailstormNode.open(config(), time)) {
            settle(node);
        }
        for (JsonNode letter : list()) {
            CommandRun show = CommandRun.of(
                    "dlq",
                    "show",
                    letter.get("offset").asText(),
                    "--partition",
                    letter.get("partition").asText(),
                    "--json",
                    "--data-dir",
                    directory.toString());
            assertThat(show.exitCode()).as(show.err()).isZero();
            JsonNode shown = new ObjectMapper().readTree(show.out());
            if (letter.get("cause").asText().contains("unknown trip step")) {
                assertThat(shown.at("/event/trip_progress_reported/step").asInt())
                        .isEqualTo(99);
                assertThat(shown.get("key").asText()).isEqualTo("872830829ffffff-00000000000000aa");
            } else {
                assertThat(shown.has("undecodable")).isTrue();
                assertThat(shown.get("record_hex").asText()).isNotEmpty();
            }
        }
        assertThat(CommandRun.of("dlq", "show", "99", "--data-dir", directory.toString())
                        .err())
                .contains("no dead letter at offset 99");
    }

    @Test
    void measuresTheLagOfGroupsAndOfTheRegionsOwnReaders() {
        try (EmbeddedLog log = EmbeddedLog.open(LogConfig.defaults(4), new MappedDisk(), time, directory)) {
            long hlc = time.epochMs() - 600_000 << 16;
            byte[] nothing = Event.newBuilder().setEventId(1).build().toByteArray();
            log.partition(StreamName.TRIPS, 0).append(batch(hlc, RecordType.EVENT, nothing));
            log.partition(StreamName.TRIPS, 0).append(batch(hlc + (5_000L << 16), RecordType.EVENT, nothing));
            log.doWork(Long.MAX_VALUE / 2);
            log.partition(StreamName.TRIPS, 0).join("billing", 0);
        }
        try (HailstormNode node = HailstormNode.open(config(), time)) {
            settle(node);
            String metrics = node.scrape();
            assertThat(metrics)
                    .contains("hailstorm_log_lag_records{group=\"billing\",partition=\"0\",stream=\"trips\"} 2.0")
                    .contains("hailstorm_log_lag_seconds{group=\"billing\",partition=\"0\",stream=\"trips\"} 5.0")
                    .contains("hailstorm_log_lag_records{group=\"matching\",partition=\"0\",stream=\"trips\"} 0.0")
                    .contains("hailstorm_log_lag_records{group=\"pricing\",partition=\"0\",stream=\"fixes\"} 0.0")
                    .contains("hailstorm_log_lag_records{group=\"console\",partition=\"0\",stream=\"trips\"} 0.0")
                    .contains("hailstorm_dead_letters_open 0.0");
        }
    }
}
