package io.hailstorm.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.Timestamps;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import io.hailstorm.simulator.LedgerFile;
import io.hailstorm.simulator.TokenSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real process, killed in the middle of its work: what it promised is in the log, and its successor carries on. */
final class KillTest {
    private static final int VEHICLES = 200;
    private static final int FIXES_PER_VEHICLE = 300;
    private static final long START_MS = 1_211_385_600_000L;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int TURNS_MAX = 100_000;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.4, 0.8})
    void keepsEveryPromiseOverKillAndRestart(double part) throws Exception {
        Path ledger = killedRun(part);

        assertHistory(ledger);
        LedgerFile.Entry promised = LedgerFile.read(ledger).stream()
                .max(Comparator.comparingLong(LedgerFile.Entry::ackedSeq))
                .orElseThrow();
        try (RestartedNode node = new RestartedNode(data())) {
            assertThat(node.welcome(promised)).isGreaterThanOrEqualTo(promised.ackedSeq());
            assertThat(node.resend(promised)).isEqualTo(promised.ackedSeq());
        }
        assertHistory(ledger);
    }

    @Test
    void rebuildsALostOrSpoiltDriverDirectoryToTheSameAnswer() throws Exception {
        Path ledger = killedRun(0.5);
        List<Long> answers = welcomes(ledger);
        Path drivers = new DataDirectory(data()).drivers();

        Files.delete(drivers.resolve("drivers.map"));
        assertThat(welcomes(ledger)).as("map deleted, offsets kept").isEqualTo(answers);

        byte[] garbage = new byte[(int) Files.size(drivers.resolve("drivers.map"))];
        Arrays.fill(garbage, (byte) 0x5a);
        Files.write(drivers.resolve("drivers.map"), garbage);
        assertThat(welcomes(ledger)).as("map overwritten").isEqualTo(answers);

        Files.delete(drivers.resolve("clean"));
        Files.write(drivers.resolve("drivers.map"), new byte[] {1, 2, 3});
        assertThat(welcomes(ledger)).as("map cut short, not closed in order").isEqualTo(answers);
    }

    private Path data() {
        return directory.resolve("data");
    }

    /** Runs {@code demo} over generated fixes and kills it once so much of them is acknowledged; its ledger. */
    private Path killedRun(double part) throws IOException, InterruptedException {
        Path fixes = recordedFixes();
        Path ledger = directory.resolve("ledger");
        Path err = directory.resolve("err");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> !flag.startsWith("-javaagent") && !flag.startsWith("-agentlib"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Hailstorm.class.getName(), "demo"));
        command.addAll(List.of("--fixes", fixes.toString(), "--speed", "max", "--data-dir", data().toString()));
        command.addAll(List.of("--ledger", ledger.toString(), "--http-port", "0", "--grpc-port", "0"));
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err.toFile())
                .start();
        try {
            long enough = (long) (part * VEHICLES * FIXES_PER_VEHICLE);
            long endNs = System.nanoTime() + PATIENCE.toNanos();
            while (process.isAlive() && acked(ledger) < enough && System.nanoTime() < endNs) {
                process.waitFor(5, TimeUnit.MILLISECONDS);
            }
            assertThat(process.isAlive())
                    .as("still at work at %d acknowledged:%n%s", acked(ledger), Files.readString(err))
                    .isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(acked(ledger)).isGreaterThanOrEqualTo((long) (part * VEHICLES * FIXES_PER_VEHICLE));
        return ledger;
    }

    private static long acked(Path ledger) {
        return Files.exists(ledger)
                ? LedgerFile.read(ledger).stream()
                        .mapToLong(LedgerFile.Entry::ackedSeq)
                        .sum()
                : 0;
    }

    /** Vehicles that circle downtown San Francisco, a fix each every ten seconds. */
    private Path recordedFixes() throws IOException {
        Path file = directory.resolve("fixes.csv");
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file, UTF_8))) {
            out.println("vehicle_id,epoch_ms,lat,lon,occupied");
            for (int i = 0; i < FIXES_PER_VEHICLE; i++) {
                for (int vehicle = 0; vehicle < VEHICLES; vehicle++) {
                    double angle = vehicle + i / 20.0;
                    out.printf(
                            Locale.ROOT,
                            "v%d,%d,%.5f,%.5f,0%n",
                            vehicle,
                            START_MS + i * 10_000L + vehicle,
                            37.76 + 0.02 * Math.sin(angle),
                            -122.43 + 0.03 * Math.cos(angle));
                }
            }
        }
        return file;
    }

    private void assertHistory(Path ledger) throws IOException {
        CommandRun verify = CommandRun.of("log", "verify", "--data-dir", data().toString());
        assertThat(verify.exitCode()).as(verify.out()).isZero();
        CommandRun history = CommandRun.of(
                "log", "check-history", "--data-dir", data().toString(), "--clients", ledger.toString(), "--json");
        assertThat(history.exitCode()).as(history.out()).isZero();
        assertThat(new ObjectMapper().readTree(history.out()).get("acked").asLong())
                .isPositive();
    }

    private List<Long> welcomes(Path ledger) throws IOException {
        try (RestartedNode node = new RestartedNode(data())) {
            return LedgerFile.read(ledger).stream().map(node::welcome).toList();
        }
    }

    /** The production node on the killed one's data, given turns by the test, and phones that come back to it. */
    private static final class RestartedNode implements AutoCloseable {
        private final HailstormNode node;
        private final ManagedChannel channel;
        private final TokenSource tokens;

        RestartedNode(Path data) {
            Settings settings = Settings.resolve(
                    Map.of(Setting.DATA_DIR, data.toString(), Setting.RATE_LIMITS, "false"), Map.of(), null);
            node = HailstormNode.open(NodeConfig.of(settings).keepingAllFixes(), new SystemTimeSource());
            channel = InProcessChannelBuilder.forName(node.startInProcess())
                    .directExecutor()
                    .build();
            tokens = node.tokens();
        }

        /** What the node says is acknowledged when the phone resumes its session. */
        long welcome(LedgerFile.Entry of) {
            Phone phone = hello(of);
            phone.hangUp();
            return phone.welcomed;
        }

        /** Sends everything promised once more; how many of it the node calls duplicates. */
        long resend(LedgerFile.Entry of) {
            Phone phone = hello(of);
            for (long seq = 1; seq <= of.ackedSeq(); seq++) {
                phone.send(DriveRequest.newBuilder()
                        .setFixBatch(FixBatch.newBuilder()
                                .addFixes(Fix.newBuilder()
                                        .setSeq(seq)
                                        .setDeviceTimeMs(System.currentTimeMillis())
                                        .setLatE7(377_600_000)
                                        .setLonE7(-1_224_300_000)
                                        .setState(DriverState.IDLE)))
                        .build());
                node.turn();
            }
            for (int turn = 0; turn < TURNS_MAX && phone.duplicates < of.ackedSeq(); turn++) {
                node.turn();
            }
            phone.hangUp();
            assertThat(phone.others).isZero();
            return phone.duplicates;
        }

        private Phone hello(LedgerFile.Entry of) {
            Phone phone = new Phone(channel, tokens.token(TokenSource.Role.DRIVER, of.driver()));
            phone.send(DriveRequest.newBuilder()
                    .setHello(Hello.newBuilder()
                            .setSession(of.session())
                            .setDeviceTime(Timestamps.fromMillis(System.currentTimeMillis())))
                    .build());
            for (int turn = 0; turn < TURNS_MAX && phone.welcomed < 0; turn++) {
                node.turn();
            }
            assertThat(phone.welcomed).as("welcome of driver %d", of.driver()).isNotNegative();
            return phone;
        }

        @Override
        public void close() {
            channel.shutdownNow();
            node.close();
        }
    }

    /** A driver's stream that counts what it is answered. In-process, so all on the test's thread. */
    private static final class Phone implements StreamObserver<DriveResponse> {
        private static final Metadata.Key<String> AUTHORIZATION =
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

        private final StreamObserver<DriveRequest> requests;
        private long welcomed = -1;
        private long duplicates;
        private long others;

        Phone(Channel channel, String token) {
            Metadata headers = new Metadata();
            headers.put(AUTHORIZATION, "Bearer " + token);
            requests = DriverServiceGrpc.newStub(
                            ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)))
                    .drive(this);
        }

        void send(DriveRequest request) {
            requests.onNext(request);
        }

        void hangUp() {
            requests.onCompleted();
        }

        @Override
        public void onNext(DriveResponse response) {
            if (response.hasWelcome()) {
                welcomed = response.getWelcome().getAckedSeq();
            } else if (response.hasFixAck()) {
                FixAck ack = response.getFixAck();
                duplicates += ack.getDuplicateCount();
                others += ack.getAcceptedCount() + ack.getLateCount() + ack.getRejectedCount();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            // A newer stream of the driver replaces this one, or the channel is closed; a refusal shows as no Welcome.
        }

        @Override
        public void onCompleted() {}
    }
}
