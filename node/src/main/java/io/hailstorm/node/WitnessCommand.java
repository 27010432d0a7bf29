package io.hailstorm.node;

import io.hailstorm.ingest.DevKeys;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm witness}: keeps the register of who writes for which region, until it is told to stop. */
@Command(
        name = "witness",
        description = {
            "Run the witness of several regions: a small durable register that says which region writes whose"
                    + " partitions.",
            "Run it where no region runs, so that it outlives any of them."
        },
        mixinStandardHelpOptions = true)
final class WitnessCommand implements Callable<Integer> {
    private static final long CHECK_MS = 100;
    private static final long STOP_WAIT_S = 10;

    @Mixin
    private final KeyOptions keys = new KeyOptions();

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "0.0.0.0",
            description = "address to listen on (0.0.0.0)")
    private String host = "0.0.0.0";

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "7300", description = "port to listen on (7300)")
    private int port = 7300;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        DataDirectory given = keys.directory();
        DataDirectory data = DataDirectory.create(given.root(), given.keys());
        TimeSource wall = new SystemTimeSource();
        try (RegionTransport transport = RegionTransport.open(
                        new RegionTransport.Place(RegionsConfig.WITNESS, host, port, Map.of(), true),
                        DevKeys.loadOrCreate(data.keys()),
                        wall);
                WitnessAgent witness = WitnessAgent.open(directory(data), transport, wall)) {
            CountDownLatch stop = new CountDownLatch(1);
            CountDownLatch stopped = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                stop.countDown();
                awaitQuietly(stopped);
            }));
            err.println("regions    grpc://" + host + ":" + transport.port());
            err.println("data       " + data.root().toAbsolutePath());
            err.println("READY");
            err.flush();
            try {
                while (!stop.await(CHECK_MS, TimeUnit.MILLISECONDS)) {
                    witness.requireHealthy();
                }
                err.println("stopping");
            } finally {
                stopped.countDown();
            }
        }
        return 0;
    }

    private static Path directory(DataDirectory data) {
        return data.root().resolve("witness");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            boolean done = latch.await(STOP_WAIT_S, TimeUnit.SECONDS);
            if (!done) {
                System.err.println("hailstorm: the witness did not stop in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
