package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm node}: serves until it is told to stop, or fails. */
@Command(name = "node", description = "Run a node.", mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
    private static final long CHECK_MS = 100;
    private static final long STOP_WAIT_S = 60;

    @Mixin
    private final NodeOptions options = new NodeOptions();

    @Option(
            names = "--clock-file",
            hidden = true,
            paramLabel = "FILE",
            description = "simulated time, shared with the process that drives this one")
    private @Nullable Path clockFile;

    @Option(
            names = "--figures-file",
            hidden = true,
            paramLabel = "FILE",
            description = "where to write what was measured, for the process that drives this one; with --clock-file")
    private @Nullable Path figuresFile;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        NodeConfig config = NodeConfig.of(options.resolve(System.getenv()));
        Optional<ClockFile> clock = Optional.ofNullable(clockFile).map(ClockFile::open);
        if (clock.isPresent()) {
            config = config.keepingAllFixes();
        }
        TimeSource wall = new SystemTimeSource();
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        try (HailstormNode node = HailstormNode.open(
                config, clock.<TimeSource>map(file -> file.time(wall)).orElse(wall))) {
            // From here on there is something to end in order; a process stopped while it still waits just ends.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                stop.countDown();
                awaitQuietly(stopped);
            }));
            int index = config.regions().map(RegionsConfig::selfIndex).orElse(0);
            clock.ifPresent(file -> node.onTurn(count -> file.turns(index, count)));
            if (config.httpPort() != 0) {
                err.println("console    http://" + config.httpHost() + ":" + node.startHttp() + "/");
            }
            int port = node.startGrpc();
            node.startThreads();
            err.println("phones     grpc://" + config.ingest().host() + ":" + port);
            err.println("data       " + config.dataDir().toAbsolutePath());
            err.println("READY");
            err.flush();
            while (!stop.await(CHECK_MS, TimeUnit.MILLISECONDS)) {
                clock.ifPresent(file -> settle(file, index, node));
                if (!node.isHealthy()) {
                    throw node.failure()
                            .map(failure -> new HailstormException(
                                    ErrorCode.INTERNAL, "the node failed: " + failure.getMessage(), failure))
                            .orElseThrow();
                }
            }
            err.println("stopping");
        } finally {
            stopped.countDown();
        }
        return 0;
    }

    /** Settles when the process that drives this one has asked for it. */
    private void settle(ClockFile file, int index, HailstormNode node) {
        long asked = file.settlingAsked();
        if (file.settled(index) == asked) {
            return;
        }
        node.settle(false);
        if (figuresFile != null) {
            NodeFigures.of(node).write(figuresFile);
        }
        file.settled(index, asked);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            boolean done = latch.await(STOP_WAIT_S, TimeUnit.SECONDS);
            if (!done) {
                System.err.println(
                        "hailstorm: the node did not stop in time; the log will be recovered at the next start");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
