package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only a real listener shows. */
class IngestServerTest {
    private final EdgeHarness edge =
            new EdgeHarness(IngestConfig.defaults().withPort("127.0.0.1", 0).withMaxConnections(1), new ManualLog(2));
    private final IngestServer server = serverOn(edge.config);

    @SuppressWarnings("NullAway.Init") // set before each test
    private ManagedChannel channel;

    private IngestServer serverOn(IngestConfig config) {
        return new IngestServer(
                config, edge.agent, edge.cells, new TokenVerifier(edge.keys, edge.time), edge.time, List.of());
    }

    @BeforeEach
    void start() {
        server.start();
        channel = connect();
    }

    private ManagedChannel connect() {
        return NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.stop(1_000);
        edge.close();
    }

    @Test
    void aProbeThatIsNoConnectionCountsForNothing() {
        var metrics = new IngestMetrics(new SimpleMeterRegistry());
        var limit = new ConnectionLimit(1, metrics);

        limit.transportTerminated(null);

        assertThat(metrics.connections().get()).isZero();
    }

    private static Status.Code codeOf(Runnable call) {
        try {
            call.run();
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    private RiderServiceGrpc.RiderServiceBlockingStub rider(String token) {
        return RiderServiceGrpc.newBlockingStub(channel).withCallCredentials(EdgeHarness.bearer(token));
    }

    @Test
    void refusesMissingWrongAndExpiredTokensAndOtherRoles() {
        GetQuoteRequest request = GetQuoteRequest.getDefaultInstance();
        String driver = edge.tokens.issue(Role.DRIVER, 1, Duration.ofMinutes(1));
        String expired = edge.tokens.issue(Role.RIDER, 1, Duration.ofMinutes(-1));
        assertThat(codeOf(() -> RiderServiceGrpc.newBlockingStub(channel).getQuote(request)))
                .isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(codeOf(() -> rider("wrong").getQuote(request))).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(codeOf(() -> rider(expired).getQuote(request))).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(codeOf(() -> rider(driver).getQuote(request))).isEqualTo(Status.Code.PERMISSION_DENIED);
        String rider = edge.tokens.issue(Role.RIDER, 1, Duration.ofMinutes(1));
        assertThat(codeOf(() -> rider(rider).getQuote(request)))
                .as("the token passes, the empty request does not")
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void refusesOversizedMessages() {
        String rider = edge.tokens.issue(Role.RIDER, 1, Duration.ofMinutes(1));
        RequestTripRequest large = RequestTripRequest.newBuilder()
                .setQuote(Quote.newBuilder().setSignature(ByteString.copyFrom(new byte[2 << 20])))
                .build();
        assertThat(codeOf(() -> rider(rider).requestTrip(large))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void refusesCallsOnConnectionsBeyondTheLimit() {
        HealthCheckRequest request = HealthCheckRequest.getDefaultInstance();
        assertThat(HealthGrpc.newBlockingStub(channel).check(request).getStatus())
                .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
        ManagedChannel second = connect();
        assertThat(codeOf(() -> HealthGrpc.newBlockingStub(second).check(request)))
                .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        second.shutdownNow();
    }

    @Test
    void saysWhichPortIsTaken() {
        IngestServer other = serverOn(edge.config.withPort("127.0.0.1", server.port()));
        assertThatThrownBy(other::start)
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("port " + server.port() + " is taken");
    }
}
