package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code hailstorm node}: serves until it is told to stop, or fails. */
@Command(name = "node", description = "Run a node.", mixinStandardHelpOptions = true)
final class NodeCommand implements Callable<Integer> {
    private static final long CHECK_MS = 100;
    private static final long STOP_WAIT_S = 60;

    @Mixin
    private final NodeOptions options = new NodeOptions();

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        NodeConfig config = NodeConfig.of(options.resolve(System.getenv()));
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.countDown();
            awaitQuietly(stopped);
        }));
        try (HailstormNode node = HailstormNode.open(config, new SystemTimeSource())) {
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
