package io.hailstorm.node;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command in a process of its own, which can be killed; with this process's flags and class path. */
final class CommandProcess {
    private CommandProcess() {}

    static ProcessBuilder of(String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-javaagent") && !flag.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Hailstorm.class.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }
}
