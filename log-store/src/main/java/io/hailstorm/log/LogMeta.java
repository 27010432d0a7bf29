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
 * is that of the newest structure in the directory, so that an older Hailstorm refuses the whole by name.
 */
record LogMeta(int version, int partitionCount) {
    static final String FILE_NAME = "meta";
    static final int VERSION = 2;

    private static final Pattern LINE = Pattern.compile("hailstorm-log (\\d{1,9}) partitions (\\d{1,9})\\s*");
    private static final Pattern VERSION_ONLY = Pattern.compile("hailstorm-log (\\d{1,9}) .*\\s*", Pattern.DOTALL);

    /** @throws HailstormException {@code FAILED_PRECONDITION} for a newer version, {@code DATA_LOSS} for anything else */
    static Optional<LogMeta> read(Disk disk, Path logDirectory) {
        Path path = logDirectory.resolve(FILE_NAME);
        return disk.readAll(path).map(content -> parse(path, new String(content, StandardCharsets.US_ASCII)));
    }

    private static LogMeta parse(Path path, String text) {
        Matcher any = VERSION_ONLY.matcher(text);
        if (any.matches() && Integer.parseInt(any.group(1)) > VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    SegmentHeader.newer(path.toString(), Integer.parseInt(any.group(1)), VERSION));
        }
        Matcher line = LINE.matcher(text);
        if (!line.matches()) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    path + ": expected \"hailstorm-log VERSION partitions COUNT\", got \"" + text.trim() + "\"");
        }
        return new LogMeta(Integer.parseInt(line.group(1)), Integer.parseInt(line.group(2)));
    }

    void write(Disk disk, Path logDirectory) {
        String text = "hailstorm-log " + version + " partitions " + partitionCount + "\n";
        disk.writeAtomically(logDirectory.resolve(FILE_NAME), text.getBytes(StandardCharsets.US_ASCII));
    }
}
