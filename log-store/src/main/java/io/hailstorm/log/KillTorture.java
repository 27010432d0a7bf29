package io.hailstorm.log;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real process on real files, killed with {@code SIGKILL} at a random moment, again and again in the same directory.
 * Between kills, everything the process said was acknowledged must be there, once, in order. One thread.
 */
final class KillTorture {
    private static final int LIFE_MS_MAX = 500;
    private static final long FOLD_BYTES = 32 << 20;

    private final Path root;
    private final long seed;
    private final TortureTally tally;
    private final Random random;
    private final TortureRecords records;
    private Path dataDir;
    private int directories;
    private int ackedBatches;

    KillTorture(Path root, long seed, TortureTally tally) {
        this.root = root;
        this.seed = seed;
        this.tally = tally;
        random = new Random(seed);
        records = new TortureRecords(seed);
        dataDir = root.resolve("0");
    }

    private String here(String what) {
        return "seed " + seed + ", round " + tally.rounds + ", " + dataDir + ", " + what;
    }

    /** Starts a process, kills it, checks. */
    void round() throws IOException, InterruptedException {
        tally.rounds++;
        startOverWhenLarge();
        long before = records.firstSeq(ackedBatches);
        Process child = start();
        try (BufferedReader lines = child.inputReader(StandardCharsets.US_ASCII)) {
            boolean early = random.nextInt(4) == 0;
            if (!early) {
                onLine(lines.readLine());
            }
            boolean ended = child.waitFor(random.nextInt(LIFE_MS_MAX), TimeUnit.MILLISECONDS);
            // Not the process itself, which would close what it had printed.
            child.toHandle().destroyForcibly();
            tally.kills++;
            String line = lines.readLine();
            while (line != null) {
                onLine(line);
                line = lines.readLine();
            }
            child.waitFor();
            if (ended) {
                tally.violation(here("the process ended by itself, exit " + child.exitValue() + ", see its output"));
            }
        }
        tally.recordsAcked += records.firstSeq(ackedBatches) - before;
        check();
    }

    private Process start() throws IOException {
        Files.createDirectories(dataDir);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                TortureChild.class.getName(),
                dataDir.toString(),
                Long.toString(seed),
                Integer.toString(ackedBatches)));
        return new ProcessBuilder(command)
                .redirectError(root.resolve("child.err").toFile())
                .start();
    }

    /** A line cut off by the kill counts only if it is whole. */
    private void onLine(@Nullable String line) {
        if (line == null) {
            return;
        }
        String[] words = line.split(" ", -1);
        boolean isNext = words.length == 3
                && words[0].equals("acked")
                && words[1].equals(Integer.toString(ackedBatches))
                && words[2].equals(Long.toString(records.firstSeq(ackedBatches)));
        if (isNext) {
            ackedBatches++;
        } else if (words[0].equals("refused")) {
            tally.violation(here("a batch was refused: " + line));
        }
    }

    private void check() {
        long acked = records.firstSeq(ackedBatches);
        boolean recover = random.nextBoolean();
        try {
            if (recover) {
                try (EmbeddedLog log =
                        EmbeddedLog.open(TortureChild.config(), new MappedDisk(), new SystemTimeSource(), dataDir)) {
                    judge(log.partition(StreamName.TRIPS, 0), acked);
                }
            } else if (acked > 0) {
                try (LogReader log = LogReader.open(new MappedDisk(), dataDir)) {
                    judge(log.partition(StreamName.TRIPS, 0), acked);
                }
            }
        } catch (HailstormException e) {
            tally.lost += acked;
            tally.violation(here("refused although nothing was damaged: " + e.getMessage()));
        }
    }

    private void judge(PartitionReader trips, long acked) {
        TortureRecords.Reading reading = records.read(trips);
        if (reading.refused()) {
            tally.lost += acked;
            tally.violation(here("reading is refused although nothing was damaged"));
        }
        tally.judge(reading, acked, here("after a kill"));
    }

    private void startOverWhenLarge() throws IOException {
        if (records.firstSeq(ackedBatches) * (TortureRecords.PAYLOAD_BYTES + 8) > FOLD_BYTES) {
            remove(dataDir);
            directories++;
            dataDir = root.resolve(Integer.toString(directories));
            ackedBatches = 0;
        }
    }

    /** Takes the files away; after a violation they stay, for whoever looks into it. */
    void close() {
        remove(dataDir);
    }

    private static void remove(Path directory) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(directory)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
