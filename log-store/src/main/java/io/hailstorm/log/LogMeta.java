package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file that says what a log directory is: {@code hailstorm-log VERSION partitions COUNT}, one line of text. The version
 * is that of the newest structure in the directory, so that an older Hailstorm refuses the whole by name. A node's cache of
 * a log on Kafka, {@code hailstorm-kafka-cache …}, and a region's log with copies of others, {@code hailstorm-regions-log …},
 * have the same segments: anybody may read them, only their engine writes them.
 */
record LogMeta(int version, int partitionCount, String kind) {
    static final String FILE_NAME = "meta";
    static final int VERSION = 2;

    private static final String LOG = "hailstorm-log";
    private static final String KAFKA_CACHE = "hailstorm-kafka-cache";
    private static final String REGIONS_LOG = "hailstorm-regions-log";
    private static final String KIND = "(" + LOG + "|" + KAFKA_CACHE + "|" + REGIONS_LOG + ")";
    private static final Pattern LINE = Pattern.compile(KIND + " (\\d{1,9}) partitions (\\d{1,9})\\s*");
    private static final Pattern VERSION_ONLY = Pattern.compile(KIND + " (\\d{1,9}) .*\\s*", Pattern.DOTALL);

    static LogMeta ofLog(int partitionCount) {
        return new LogMeta(VERSION, partitionCount, LOG);
    }

    static LogMeta ofKafkaCache(int partitionCount) {
        return new LogMeta(VERSION, partitionCount, KAFKA_CACHE);
    }

    static LogMeta ofRegions(int partitionCount) {
        return new LogMeta(VERSION, partitionCount, REGIONS_LOG);
    }

    /** Whether the records' home is elsewhere. */
    boolean isKafkaCache() {
        return kind.equals(KAFKA_CACHE);
    }

    boolean isOfRegions() {
        return kind.equals(REGIONS_LOG);
    }

    /** @throws HailstormException {@code FAILED_PRECONDITION} for a newer version, {@code DATA_LOSS} for anything else */
    static Optional<LogMeta> read(Disk disk, Path logDirectory) {
        Path path = logDirectory.resolve(FILE_NAME);
        return disk.readAll(path).map(content -> parse(path, new String(content, StandardCharsets.US_ASCII)));
    }

    private static LogMeta parse(Path path, String text) {
        Matcher any = VERSION_ONLY.matcher(text);
        if (any.matches() && Integer.parseInt(any.group(2)) > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    SegmentHeader.newer(path.toString(), Integer.parseInt(any.group(2)), VERSION));
        }
        Matcher line = LINE.matcher(text);
        if (!line.matches()) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    path + ": expected \"hailstorm-log VERSION partitions COUNT\", got \"" + text.trim() + "\"");
        }
        return new LogMeta(Integer.parseInt(line.group(2)), Integer.parseInt(line.group(3)), line.group(1));
    }

    void write(Disk disk, Path logDirectory) {
        String text = kind + " " + version + " partitions " + partitionCount + "\n";
        disk.writeAtomically(logDirectory.resolve(FILE_NAME), text.getBytes(StandardCharsets.US_ASCII));
    }
}
