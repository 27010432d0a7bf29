package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.RecordBatch;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The operators' commands on a small log: {@code cat}, {@code groups}, {@code reset}, {@code stat}, {@code diff}. */
final class LogToolsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long START_MS = 1_700_000_000_000L;

    @TempDir
    private Path directory;

    private Path dataDir() {
        return directory.resolve("data");
    }

    /** Ten records, a second apart, from 2023-11-14T22:13:20Z on. */
    private void tenRecords() {
        VirtualTime time = new VirtualTime(START_MS);
        RecordBatch batch = new RecordBatch(4096);
        try (EmbeddedLog log = EmbeddedLog.open(LogConfig.defaults(2), new MappedDisk(), time, dataDir())) {
            for (int i = 0; i < 10; i++) {
                byte[] text = ("record \"" + i + "\"").getBytes(StandardCharsets.UTF_8);
                batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, time.epochMs() << 16);
                assertThat(batch.add(RecordType.TEXT, new UnsafeBuffer(text), 0, text.length))
                        .isTrue();
                assertThat(log.partition(StreamName.LATE, 1).append(batch)).isEqualTo(i);
                time.advanceMs(1_000);
            }
        }
    }

    private CommandRun log(String command, String... more) {
        List<String> args =
                new ArrayList<>(List.of("log", command, "--data-dir", dataDir().toString()));
        args.addAll(List.of(more));
        return CommandRun.of(args.toArray(String[]::new));
    }

    private static List<Long> offsets(CommandRun run) {
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out().lines().map(line -> json(line).get("offset").asLong()).toList();
    }

    private static JsonNode json(String line) {
        try {
            return JSON.readTree(line);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(line, e);
        }
    }

    private static List<Long> longs(int fromInclusive, int toExclusive) {
        return IntStream.range(fromInclusive, toExclusive)
                .mapToObj(i -> (long) i)
                .toList();
    }

    @Test
    void printsRecordsFromAnOffsetAndFromATime() {
        tenRecords();

        assertThat(offsets(log("cat", "--stream", "late", "--json"))).isEqualTo(longs(0, 10));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--from", "7")))
                .isEqualTo(longs(7, 10));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--since", "2023-11-14T22:13:24Z")))
                .isEqualTo(longs(4, 10));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--since", "2023-11-14T22:13:23.500Z")))
                .isEqualTo(longs(4, 10));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--partition", "0")))
                .isEmpty();
        assertThat(log("cat", "--stream", "late", "--limit", "1").out())
                .isEqualTo("2023-11-14T22:13:20Z  late/1  0  record \"0\"\n");
        assertThat(json(log("cat", "--stream", "late", "--limit", "1", "--json").out())
                        .get("text")
                        .asText())
                .isEqualTo("record \"0\"");
    }

    @Test
    void goesOnWhereTheGroupLeftOff() {
        tenRecords();

        assertThat(offsets(log("cat", "--stream", "late", "--json", "--group", "g", "--limit", "4")))
                .isEqualTo(longs(0, 4));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--group", "g")))
                .isEqualTo(longs(4, 10));
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--group", "g")))
                .isEmpty();
    }

    @Test
    void refusesAGroupWhileANodeHoldsTheLogButReadsPlainly() {
        tenRecords();
        try (EmbeddedLog held =
                EmbeddedLog.open(LogConfig.defaults(2), new MappedDisk(), new VirtualTime(START_MS), dataDir())) {
            assertThat(held.partitionCount()).isEqualTo(2);

            CommandRun grouped = log("cat", "--stream", "late", "--group", "g");
            assertThat(grouped.exitCode()).isEqualTo(1);
            assertThat(grouped.err()).contains("in use").contains("--data-dir");
            assertThat(log("reset", "--group", "g", "--to", "latest").exitCode())
                    .isEqualTo(1);
            assertThat(offsets(log("cat", "--stream", "late", "--json"))).isEqualTo(longs(0, 10));
        }
    }

    @Test
    void listsGroupsWithTheirLag() {
        tenRecords();
        log("cat", "--stream", "late", "--group", "g", "--limit", "4");

        JsonNode group = json(log("groups", "--json").out());
        assertThat(group.get("group").asText()).isEqualTo("g");
        assertThat(group.get("stream").asText()).isEqualTo("late");
        assertThat(group.get("partition").asInt()).isEqualTo(1);
        assertThat(group.get("position").asLong()).isEqualTo(4);
        assertThat(group.get("lag_records").asLong()).isEqualTo(6);
        assertThat(group.get("lag_seconds").asDouble()).isEqualTo(5.0);
        assertThat(log("groups").out()).contains("GROUP").contains("POSITION");
    }

    @Test
    void resetsAGroupToEveryKindOfPlace() {
        tenRecords();
        log("cat", "--stream", "late", "--group", "g");

        assertThat(positionAfterReset("--to", "earliest")).isEqualTo(0);
        assertThat(positionAfterReset("--to", "latest")).isEqualTo(10);
        assertThat(positionAfterReset("--to", "3", "--stream", "late", "--partition", "1"))
                .isEqualTo(3);
        assertThat(positionAfterReset("--to", "2023-11-14T22:13:28Z")).isEqualTo(8);
        assertThat(positionAfterReset("--to", "0", "--dry-run")).isEqualTo(8);
        assertThat(offsets(log("cat", "--stream", "late", "--json", "--group", "g")))
                .isEqualTo(longs(8, 10));
    }

    private long positionAfterReset(String... flags) {
        List<String> args = new ArrayList<>(List.of("--group", "g"));
        args.addAll(List.of(flags));
        CommandRun run = log("reset", args.toArray(String[]::new));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return json(log("groups", "--json").out()).get("position").asLong();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "reset --group g --to 11",
                "reset --group g --to yesterday",
                "reset --group g --to 99999999999999999999",
                "reset --group g --to latest --stream fixs",
                "reset --to latest",
                "cat --stream late --from 1 --since 2023-11-14T22:13:24Z",
                "cat --stream late --from -1",
                "cat --stream late --partition 2",
                "cat --stream late --limit 0",
                "cat --stream late --group g --follow",
                "cat --stream late --group g --from 3",
                "cat --stream late --since noon",
                "cat --stream fixs",
            })
    void refusesBadInputAndMovesNothing(String line) {
        tenRecords();
        log("cat", "--stream", "late", "--group", "g", "--limit", "4");
        String[] words = line.split(" ");

        CommandRun run = log(words[0], java.util.Arrays.copyOfRange(words, 1, words.length));

        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).isNotBlank().doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
        assertThat(json(log("groups", "--json").out()).get("position").asLong()).isEqualTo(4);
    }

    @Test
    void namesAGroupThatIsNotThere() {
        tenRecords();

        CommandRun run = log("reset", "--group", "nobody", "--to", "latest");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("nobody").contains("log groups");
    }

    @Test
    void describesEveryPartition() {
        tenRecords();

        JsonNode stat = json(log("stat", "--json").out());
        assertThat(stat.get("stream").asText()).isEqualTo("late");
        assertThat(stat.get("segments").asInt()).isEqualTo(1);
        assertThat(stat.get("records").asLong()).isEqualTo(10);
        assertThat(stat.get("first_time").asText()).isEqualTo("2023-11-14T22:13:20Z");
        assertThat(stat.get("last_time").asText()).isEqualTo("2023-11-14T22:13:29Z");
        assertThat(stat.get("records_per_s").asDouble()).isEqualTo(1.111);
        assertThat(stat.get("records_per_batch").asDouble()).isEqualTo(1.0);
        assertThat(stat.get("compression_ratio").asDouble()).isEqualTo(1.0);
        assertThat(stat.get("codec").asText()).isEqualTo("none");
        assertThat(stat.get("clean").asBoolean()).isTrue();
        assertThat(log("stat").out()).contains("STREAM").contains("late");
    }

    @Test
    void measuresVerificationAndSaysWhereCorruptionLies() throws Exception {
        tenRecords();
        assertThat(json(log("verify", "--json").out()).has("mb_per_s")).isTrue();

        Path segment = dataDir().resolve("log/late/1/00000000000000000000.seg");
        byte[] bytes = Files.readAllBytes(segment);
        bytes[4096 + 100] ^= 1;
        Files.write(segment, bytes);

        CommandRun run = log("verify", "--json");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(json(run.out()).get("problems").get(0).asText())
                .contains(segment.toString())
                .contains("position=");
    }

    @Test
    void followsTheEndUntilNobodyReads() throws Exception {
        tenRecords();
        Process follower = CommandProcess.of(
                        "log", "cat", "--data-dir", dataDir().toString(), "--stream", "late", "--follow", "--json")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(follower.getInputStream(), StandardCharsets.UTF_8))) {
            for (long i = 0; i < 10; i++) {
                assertThat(json(out.readLine()).get("offset").asLong()).isEqualTo(i);
            }
            CommandRun.withInput(
                    "later\n", "log", "produce", "--data-dir", dataDir().toString(), "--stream", "late");
            JsonNode later = json(out.readLine());
            assertThat(later.get("partition").asInt())
                    .as("a partition that had nothing before")
                    .isZero();
            assertThat(later.get("text").asText()).isEqualTo("later");
        } finally {
            follower.destroy();
            follower.waitFor();
        }
    }

    @Test
    void findsTheFirstDifferenceOfTwoLogs() {
        Path a = directory.resolve("a");
        Path b = directory.resolve("b");
        Path c = directory.resolve("c");
        writeFixes(a, List.of(fix(1, 1, 10), fix(2, 1, 10), fix(1, 2, 11), fix(1, 3, 12)), 1);
        writeFixes(b, List.of(fix(1, 1, 10), fix(1, 2, 11), fix(2, 1, 10), fix(1, 3, 12)), 2);
        writeFixes(c, List.of(fix(1, 1, 10), fix(2, 1, 10), fix(1, 2, 99)), 1);

        CommandRun same = diff(a, b);
        assertThat(same.exitCode()).as(same.err()).isZero();
        assertThat(same.out()).isEqualTo("equal: 2 drivers, 4 fixes\n");
        assertThat(CommandRun.of("log", "streams", "--data-dir", a.toString()).out())
                .isEqualTo(CommandRun.of("log", "streams", "--data-dir", b.toString())
                        .out())
                .hasLineCount(2);
        CommandRun other = diff(a, c);
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.out()).contains("driver 1 differs at visible fix 1").contains("seq 2");
        JsonNode json =
                json(CommandRun.of("log", "diff", "--data-dir", a.toString(), "--data-dir", c.toString(), "--json")
                        .out());
        assertThat(json.get("equal").asBoolean()).isFalse();
        assertThat(json.get("driver").asLong()).isEqualTo(1);
        assertThat(json.get("position").asLong()).isEqualTo(1);
        assertThat(CommandRun.of("log", "diff", "--data-dir", a.toString()).exitCode())
                .isEqualTo(2);
    }

    @Test
    void comparesRunsInWallTimeByTheSessionsPlace() {
        Path a = directory.resolve("a");
        Path b = directory.resolve("b");
        Path c = directory.resolve("c");
        writeFixes(a, List.of(new Fix(1, 500, 1, 10), new Fix(1, 500, 2, 11), new Fix(1, 600, 1, 12)), 1);
        writeFixes(b, List.of(new Fix(1, 501, 1, 10), new Fix(1, 501, 2, 11), new Fix(1, 700, 1, 12)), 1);
        writeFixes(c, List.of(new Fix(1, 500, 1, 10), new Fix(1, 600, 1, 11), new Fix(1, 600, 2, 12)), 1);

        assertThat(diff(a, b).exitCode()).isEqualTo(1);
        assertThat(diffByPlace(a, b).exitCode()).isZero();
        CommandRun other = diffByPlace(a, c);
        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.out()).contains("driver 1 differs at visible fix 1").contains("session 1, seq 1");
    }

    private static CommandRun diffByPlace(Path a, Path b) {
        return CommandRun.of("log", "diff", "--data-dir", a.toString(), "--data-dir", b.toString(), "--by-place");
    }

    private static CommandRun diff(Path a, Path b) {
        return CommandRun.of("log", "diff", "--data-dir", a.toString(), "--data-dir", b.toString());
    }

    private record Fix(long driver, long session, long seq, int lat) {}

    private static Fix fix(long driver, long seq, int lat) {
        return new Fix(driver, 0, seq, lat);
    }

    /** Each fix into partition driver modulo {@code partitions}. */
    private static void writeFixes(Path to, List<Fix> fixes, int partitions) {
        VirtualTime time = new VirtualTime(START_MS);
        RecordBatch batch = new RecordBatch(4096);
        UnsafeBuffer bytes = new UnsafeBuffer(new byte[io.hailstorm.kernel.FixDescriptor.LENGTH]);
        try (EmbeddedLog log = EmbeddedLog.open(LogConfig.defaults(partitions), new MappedDisk(), time, to)) {
            for (Fix each : fixes) {
                new FixView()
                        .wrap(bytes, 0)
                        .driver(each.driver())
                        .session(each.session())
                        .seq(each.seq())
                        .position(each.lat(), 5);
                batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, time.epochMs() << 16);
                assertThat(batch.add(RecordType.FIX, bytes, 0, bytes.capacity()))
                        .isTrue();
                assertThat(log.partition(StreamName.FIXES, (int) (each.driver() % partitions))
                                .append(batch))
                        .isNotNegative();
                time.advanceMs(1);
            }
        }
    }
}
