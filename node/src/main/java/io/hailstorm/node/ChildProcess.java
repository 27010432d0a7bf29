package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@code hailstorm} command in a JVM of its own, like this one but for its heap. What it prints goes to files. */
final class ChildProcess implements AutoCloseable {
    private static final int LAST_WORDS_MAX = 2_000;

    private final String name;
    private final Process process;
    private final Path out;
    private final Path err;

    private ChildProcess(String name, Process process, Path out, Path err) {
        this.name = name;
        this.process = process;
        this.out = out;
        this.err = err;
    }

    static ChildProcess start(String name, Path directory, String heap, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--") || flag.startsWith("-XX:+UseCompact"))
                .forEach(command::add);
        command.addAll(List.of("-Xmx" + heap, "-XX:+UseSerialGC", "-Dchronicle.analytics.disable=true"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Hailstorm.class.getName()));
        command.addAll(arguments);
        Path out = directory.resolve(name + ".out");
        Path err = directory.resolve(name + ".err");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            return new ChildProcess(name, process, out, err);
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot start " + name + ": " + e.getMessage(), e);
        }
    }

    String name() {
        return name;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Only once it ended. */
    int exitCode() {
        return process.exitValue();
    }

    boolean hasSaid(String text) {
        return read(err).contains(text);
    }

    /** What it printed on stdout. */
    String output() {
        return read(out).strip();
    }

    /** Ends with its last words if it ended: for a process that should be at work. */
    void requireAlive() {
        if (!isAlive()) {
            String said = read(err).strip();
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE,
                    name + " ended by itself, exit " + exitCode() + ": "
                            + said.substring(Math.max(0, said.length() - LAST_WORDS_MAX)));
        }
    }

    /** SIGKILL; returns when it is gone. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** @return whether it ended in time */
    boolean awaitEnd(long ms) {
        boolean interrupted = false;
        try {
            long endMs = System.currentTimeMillis() + ms;
            while (true) {
                try {
                    return process.waitFor(Math.max(0, endMs - System.currentTimeMillis()), TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        kill();
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }
}
