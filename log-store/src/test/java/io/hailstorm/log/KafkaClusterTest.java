package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A development cluster's life, with one broker to be quick, and what it refuses before it starts any. */
class KafkaClusterTest {
    private static final TimeSource TIME = new SystemTimeSource();
    private static final Path LIBRARIES = Path.of(Objects.requireNonNull(
            System.getProperty(KafkaClusterConfig.LIBRARIES_PROPERTY), "the build says where the Kafka jars are"));

    @TempDir
    private Path directory;

    @Test
    void outlivesItsStarterAndDiesAndComesBackWithItsIdentity() {
        KafkaCluster cluster = KafkaCluster.start(oneNode(0), TIME);
        try (KafkaClusterAdmin admin = new KafkaClusterAdmin(cluster.bootstrap())) {
            assertThat(admin.registered()).isEqualTo(Set.of(1));
            assertThat(admin.controller()).isEqualTo(OptionalInt.of(1));
            assertThatThrownBy(() -> KafkaCluster.start(oneNode(0), TIME)).hasMessageContaining("runs already");

            KafkaCluster found = KafkaCluster.attach(clusterDirectory(), TIME);
            assertThat(found.broker(1).pid())
                    .isPresent()
                    .isEqualTo(cluster.broker(1).pid());
            assertThat(found.clusterId()).isEqualTo(cluster.clusterId());

            found.kill(1);
            assertThat(cluster.isRunning()).isFalse();
            assertRefused(ErrorCode.FAILED_PRECONDITION, "node 1 does not run", () -> found.kill(1));

            found.restart(1);
            assertThat(admin.registered()).isEqualTo(Set.of(1));
            found.stop();
            assertThat(cluster.isRunning()).isFalse();
        } finally {
            cluster.kill();
        }
    }

    @Test
    void believesNoPidFileOfAnotherProcess() throws IOException {
        KafkaBroker broker = new KafkaBroker(1, 1, directory);
        long own = ProcessHandle.current().pid();
        String start =
                ProcessHandle.current().info().startInstant().orElseThrow().toString();

        Files.writeString(directory.resolve("pid"), own + " " + start);
        assertThat(broker.pid()).contains(own);

        Files.writeString(directory.resolve("pid"), own + " 2001-01-01T00:00:00Z");
        assertThat(broker.isAlive()).isFalse();
    }

    @Test
    void refusesADirectoryOfSomethingElse() throws IOException {
        Files.createDirectories(clusterDirectory());
        Files.writeString(clusterDirectory().resolve("thesis.txt"), "mine");

        assertRefused(
                ErrorCode.FAILED_PRECONDITION,
                "neither empty nor a cluster's: it has thesis.txt",
                () -> KafkaCluster.start(oneNode(0), TIME));
    }

    @Test
    void refusesAPortThatIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            assertRefused(
                    ErrorCode.FAILED_PRECONDITION,
                    "port " + port + " of 127.0.0.1 is taken",
                    () -> KafkaCluster.start(oneNode(port), TIME));
        }
        assertThat(clusterDirectory()).doesNotExist();
    }

    @Test
    void saysWhatIsMissing() {
        KafkaClusterConfig unbuilt =
                new KafkaClusterConfig(clusterDirectory(), 1, 0, "256m", directory.resolve("nowhere"));
        KafkaClusterConfig none = new KafkaClusterConfig(clusterDirectory(), 0, 0, "256m", LIBRARIES);

        assertRefused(ErrorCode.FAILED_PRECONDITION, "mvn -pl ops/kafka", () -> KafkaCluster.start(unbuilt, TIME));
        assertRefused(ErrorCode.INVALID_ARGUMENT, "1 to 9 nodes, got 0", () -> KafkaCluster.start(none, TIME));
        assertRefused(ErrorCode.NOT_FOUND, "no Kafka cluster in", () -> KafkaCluster.attach(directory, TIME));
    }

    private Path clusterDirectory() {
        return directory.resolve("kafka");
    }

    private KafkaClusterConfig oneNode(int portBase) {
        return new KafkaClusterConfig(clusterDirectory(), 1, portBase, "256m", LIBRARIES);
    }

    private static void assertRefused(ErrorCode code, String part, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        HailstormException.class,
                        refused -> assertThat(refused.code()).isEqualTo(code))
                .hasMessageContaining(part);
    }
}
