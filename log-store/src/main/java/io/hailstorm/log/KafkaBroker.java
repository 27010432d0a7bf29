package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One broker of a {@link KafkaCluster}: its directory and its process. The process is found again by the pid file, and
 * only believed to be ours if it started when the file says, since the system uses pids again.
 *
 * @param node its Kafka node id, counted from 1
 * @param port its listener on 127.0.0.1
 */
public record KafkaBroker(int node, int port, Path directory) {
    private static final long KIB = 1024;
    private static final long TAIL_BYTES = 2 * KIB;

    /** Its process id, while it lives. */
    public Optional<Long> pid() {
        return process().map(ProcessHandle::pid);
    }

    public boolean isAlive() {
        return process().isPresent();
    }

    /** What its JVM writes besides Kafka's own log. */
    public Path output() {
        return directory.resolve("out.log");
    }

    Path data() {
        return directory.resolve("data");
    }

    Path properties() {
        return directory.resolve("server.properties");
    }

    Optional<ProcessHandle> process() {
        try {
            Path file = pidFile();
            if (Files.notExists(file)) {
                return Optional.empty();
            }
            String[] words = Files.readString(file).strip().split(" ", 2);
            return ProcessHandle.of(Long.parseLong(words[0]))
                    .filter(ProcessHandle::isAlive)
                    .filter(process -> words.length == 2 && startOf(process).equals(words[1]));
        } catch (IOException | NumberFormatException e) {
            throw new HailstormException(
                    ErrorCode.INTERNAL, "cannot read the pid file " + pidFile() + ": " + e.getMessage(), e);
        }
    }

    void start(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()))
                    .start();
            process.getOutputStream().close();
            Files.writeString(pidFile(), process.pid() + " " + startOf(process.toHandle()));
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "cannot start the broker " + node + ": " + e.getMessage(), e);
        }
    }

    /** The end of what it wrote, for a message about its death. */
    String lastWords() {
        List<String> words = new ArrayList<>();
        for (Path file : List.of(output(), directory.resolve("broker.log"))) {
            if (Files.exists(file)) {
                words.add(tail(file));
            }
        }
        return String.join("\n", words).strip();
    }

    private static String tail(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            int from = (int) Math.max(0, bytes.length - TAIL_BYTES);
            return new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    private Path pidFile() {
        return directory.resolve("pid");
    }

    private static String startOf(ProcessHandle process) {
        return process.info().startInstant().map(Object::toString).orElse("unknown");
    }
}
