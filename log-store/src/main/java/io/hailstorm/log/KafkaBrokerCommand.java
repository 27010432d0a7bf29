package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command lines of Kafka's own programs, run by the JVM that runs this one. */
final class KafkaBrokerCommand {
    private KafkaBrokerCommand() {}

    /** Kafka's log of a broker, bounded: a cluster without its majority has much to say. */
    static final List<String> LOGGING = List.of(
            "appender.file.type=RollingFile",
            "appender.file.name=file",
            "appender.file.fileName=broker.log",
            "appender.file.filePattern=broker.log.%i",
            "appender.file.layout.type=PatternLayout",
            "appender.file.layout.pattern=%d{ISO8601} %-5p %c{1} - %m%n",
            "appender.file.policies.type=Policies",
            "appender.file.policies.size.type=SizeBasedTriggeringPolicy",
            "appender.file.policies.size.size=16MB",
            "appender.file.strategy.type=DefaultRolloverStrategy",
            "appender.file.strategy.max=2",
            "rootLogger.level=info",
            "rootLogger.appenderRef.file.ref=file");

    static List<String> of(KafkaBroker broker, Path libraries, String heap) {
        List<String> command = java(libraries, "-Xmx" + heap);
        command.add("-Dlog4j2.configurationFile=log4j2.properties");
        command.add("kafka.Kafka");
        command.add(broker.properties().toString());
        return command;
    }

    /** Runs {@code StorageTool format} once a broker, side by side: most of each is a JVM's start. */
    static void format(List<KafkaBroker> brokers, Path libraries, String clusterId) {
        List<Process> running = new ArrayList<>();
        try {
            for (KafkaBroker broker : brokers) {
                List<String> command = java(libraries, "-XX:TieredStopAtLevel=1");
                command.add("-Dlog4j2.level=error");
                command.add("kafka.tools.StorageTool");
                command.addAll(List.of(
                        "format", "-t", clusterId, "-c", broker.properties().toString()));
                running.add(
                        new ProcessBuilder(command).redirectErrorStream(true).start());
            }
            for (Process process : running) {
                String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    throw new HailstormException(
                            ErrorCode.UNAVAILABLE, "cannot format a broker's storage: " + said.strip());
                }
            }
        } catch (IOException e) {
            throw new HailstormException(ErrorCode.UNAVAILABLE, "cannot run StorageTool: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HailstormException(ErrorCode.ABORTED, "interrupted while formatting storage", e);
        } finally {
            running.forEach(Process::destroyForcibly);
        }
    }

    private static List<String> java(Path libraries, String option) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                option,
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                libraries.toAbsolutePath().resolve("*").toString()));
        return command;
    }
}
