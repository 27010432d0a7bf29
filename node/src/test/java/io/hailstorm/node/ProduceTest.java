package io.hailstorm.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code log produce}: what it prints is a promise. */
final class ProduceTest {
    private static final int LINES = 20_000;

    @TempDir
    private Path dataDir;

    @Test
    void printsOffsetAndNumberOfEveryLine() {
        CommandRun run = produce("first\nsecond\n\nlast without an end", "--partition", "2");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo("0 0\n1 1\n2 2\n3 3\n");
        assertThat(texts(2)).containsExactly("first", "second", "", "last without an end");
    }

    @Test
    void goesOnAfterTheLastRecord() {
        produce("a\nb\n");

        assertThat(produce("c\n", "--ack", "MEMORY").out()).isEqualTo("2 0\n");
        assertThat(texts(0)).containsExactly("a", "b", "c");
    }

    @Test
    void appendsALineOfAProducerOnce() {
        String[] producer = {"--producer", "7", "--from-seq", "0"};
        assertThat(produce("a\nb\nc\n", producer).out()).isEqualTo("0 0\n1 1\n2 2\n");

        assertThat(produce("a\nb\nc\nd\n", producer).out()).isEqualTo("- 0\n- 1\n- 2\n3 3\n");
        assertThat(texts(0)).containsExactly("a", "b", "c", "d");
    }

    @Test
    void resumesAProducerWhereItLeftOff() {
        produce("a\nb\n", "--producer", "7");

        assertThat(produce("c\n", "--producer", "7").out()).isEqualTo("2 2\n");
    }

    @Test
    void refusesAGapAndSaysWhatIsExpected() {
        produce("a\nb\n", "--producer", "7");

        CommandRun run = produce("z\n", "--producer", "7", "--from-seq", "9");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("expects 2").contains("--from-seq 2");
        assertThat(texts(0)).containsExactly("a", "b");
    }

    @Test
    void refusesAnOlderEpoch() {
        produce("a\n", "--producer", "7", "--epoch", "3");

        CommandRun run = produce("z\n", "--producer", "7", "--epoch", "2");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("fenced").contains("--epoch");
    }

    @Test
    void appendsNothingOfALineThatIsTooLong() {
        CommandRun run = produce("a\n" + "x".repeat(1 << 21) + "\n");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEqualTo("0 0\n");
        assertThat(run.err()).contains("line 2").contains("1048576");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--partition 4",
                "--partition -1",
                "--producer 0",
                "--epoch 1",
                "--producer 1 --epoch -1",
                "--from-seq -2",
                "--commit-ms -1",
                "--partitions 0",
                "--ack SOMETIMES"
            })
    void refusesBadInputByName(String flags) {
        CommandRun run = produce("a\n", flags.split(" "));

        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(flags.split(" ")[flags.split(" ").length - 2]);
        assertThat(dataDir.resolve("log")).doesNotExist();
    }

    /** A record a line on standard output is a record in the log, whatever becomes of the process. */
    @ParameterizedTest
    @ValueSource(strings = {"DISK", "MEMORY"})
    void keepsWhatItPrintedOverAKill(String ack) throws Exception {
        Map<Long, Long> printed = new HashMap<>();
        Process process = CommandProcess.of(
                        "log",
                        "produce",
                        "--data-dir",
                        dataDir.toString(),
                        "--stream",
                        "late",
                        "--ack",
                        ack,
                        "--producer",
                        "5",
                        "--from-seq",
                        "0")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Thread feeder = new Thread(() -> feed(process.getOutputStream()));
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
            feeder.start();
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                String[] words = line.split(" ");
                if (words.length == 2) {
                    printed.put(Long.parseLong(words[0]), Long.parseLong(words[1]));
                }
                if (printed.size() == LINES / 4) {
                    process.toHandle().destroyForcibly(); // leaves what it had printed to be read
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
            feeder.join();
        }

        assertThat(printed).hasSizeBetween(LINES / 4, LINES - 1);
        // A reader beside a writer sees what was synced; the next opening finds the rest in the page cache.
        CommandRun reopened = produce("", "--ack", ack);
        assertThat(reopened.exitCode()).as(reopened.err()).isZero();
        Map<Long, String> kept = records();
        assertThat(printed)
                .allSatisfy((offset, seq) -> assertThat(kept.get(offset)).isEqualTo("line " + seq));

        CommandRun again =
                produce(String.join("\n", lines()) + "\n", "--producer", "5", "--from-seq", "0", "--ack", "MEMORY");
        assertThat(again.exitCode()).as(again.err()).isZero();
        assertThat(again.out().lines()).hasSize(LINES);
        assertThat(texts(0)).as("every line once, in order").isEqualTo(lines());
    }

    private static List<String> lines() {
        return LongStream.range(0, LINES).mapToObj(i -> "line " + i).toList();
    }

    private static void feed(OutputStream to) {
        try (to) {
            for (String line : lines()) {
                to.write((line + "\n").getBytes(UTF_8));
                to.flush();
            }
        } catch (IOException e) {
            // The process was killed, which is the point.
        }
    }

    private CommandRun produce(String input, String... more) {
        List<String> args =
                new ArrayList<>(List.of("log", "produce", "--data-dir", dataDir.toString(), "--stream", "late"));
        args.addAll(List.of(more));
        return CommandRun.withInput(input, args.toArray(String[]::new));
    }

    private Map<Long, String> records() {
        Map<Long, String> records = new HashMap<>();
        try (LogReader log = LogReader.open(new MappedDisk(), dataDir)) {
            collect(log.partition(StreamName.LATE, 0), records);
        }
        return records;
    }

    private List<String> texts(int partition) {
        Map<Long, String> records = new HashMap<>();
        try (LogReader log = LogReader.open(new MappedDisk(), dataDir)) {
            collect(log.partition(StreamName.LATE, partition), records);
        }
        return IntStream.range(0, records.size())
                .mapToObj(i -> records.get((long) i))
                .toList();
    }

    private static void collect(PartitionReader from, Map<Long, String> records) {
        HistoryChecker.readAll(from, (offset, hlc, type, buffer, index, length) -> {
            byte[] bytes = new byte[length];
            buffer.getBytes(index, bytes);
            records.put(offset, new String(bytes, UTF_8));
            return true;
        });
    }
}
