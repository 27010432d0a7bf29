package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console in a real browser against a real demo in a process of its own, which the last browser test kills. Skipped
 * where no Chromium or no console was installed: a build with {@code -Dconsole.skip=true}, or a machine without a browser.
 */
final class ConsoleBrowserTest {
    private static final Path CONSOLE =
            Path.of("..", "ops", "console").toAbsolutePath().normalize();
    private static final Pattern URL = Pattern.compile("console +(http://\\S+)");
    private static final long BROWSER_MINUTES_MAX = 8;

    @TempDir
    private Path directory;

    @Test
    void theConsoleShowsALiveDemoAndSaysWhenItStops() throws Exception {
        boolean hasBrowser = System.getenv("CHROMIUM") != null
                || Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser")
                        .anyMatch(path -> Files.exists(Path.of(path)));
        assumeTrue(hasBrowser, "no Chromium on this machine");
        assumeTrue(Files.isDirectory(CONSOLE.resolve("node_modules")), "the console was not built");
        Process demo = demo();
        try (BufferedReader messages = demo.errorReader(StandardCharsets.UTF_8)) {
            String url = awaitReady(messages);
            Thread drain = Thread.ofVirtual().start(() -> messages.lines().forEach(line -> {}));
            Path output = directory.resolve("browser.txt");
            ProcessBuilder browser = new ProcessBuilder("npm", "run", "--silent", "test:browser")
                    .directory(CONSOLE.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            browser.environment().put("HAILSTORM_URL", url);
            browser.environment().put("HAILSTORM_PID", Long.toString(demo.pid()));
            Process tests = browser.start();
            boolean ended = tests.waitFor(BROWSER_MINUTES_MAX, TimeUnit.MINUTES);
            tests.destroyForcibly();

            assertThat(ended).as(Files.readString(output)).isTrue();
            assertThat(tests.exitValue()).as(Files.readString(output)).isZero();
            demo.destroyForcibly();
            drain.join();
        } finally {
            demo.destroyForcibly().waitFor();
        }
    }

    private Process demo() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--"))
                .forEach(command::add);
        command.addAll(
                List.of("-Xmx512m", "-cp", System.getProperty("java.class.path"), Hailstorm.class.getName(), "demo"));
        command.addAll(List.of("--vehicles", "300", "--speed", "10", "--duration", "10m", "--seed", "7"));
        command.addAll(List.of("--grpc-port", "0", "--http-port", Integer.toString(freePort())));
        command.addAll(List.of("--data-dir", directory.resolve("data").toString()));
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    private static String awaitReady(BufferedReader messages) throws IOException {
        String url = "";
        List<String> seen = new ArrayList<>();
        for (String line = messages.readLine(); line != null; line = messages.readLine()) {
            seen.add(line);
            Matcher matcher = URL.matcher(line);
            if (matcher.find()) {
                url = matcher.group(1);
            }
            if (line.equals("READY")) {
                return url;
            }
        }
        throw new AssertionError("the demo ended before it was ready: " + seen);
    }
}
