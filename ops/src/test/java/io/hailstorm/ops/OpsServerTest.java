package io.hailstorm.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.TripRequested;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpsServerTest {
    private static final GeoPoint MARKET_STREET = GeoPoint.ofDegrees(37.7793, -122.4193);
    private static final OpsConfig CONFIG = new OpsConfig("127.0.0.1", Set.of(), 100, 2, 200_000, 200_000);

    private final SystemTimeSource time = new SystemTimeSource();
    private final ListLog log = new ListLog(2);
    private final Cells cells = Cells.create();
    private final TestNode node = new TestNode(time, 2);
    private final LiveProjection projection = new LiveProjection(log, cells, node, CONFIG, UnaryOperator.identity());
    private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicLong aheadNs = new AtomicLong();
    /** Real time that a test can let run ahead. */
    private final TimeSource wall = new TimeSource() {
        @Override
        public long epochMs() {
            return time.epochMs();
        }

        @Override
        public long monotonicNs() {
            return time.monotonicNs() + aheadNs.get();
        }
    };

    private final OpsServer server = new OpsServer(CONFIG, node, projection, metrics, wall);
    private final HttpClient http = HttpClient.newHttpClient();
    private int port;

    @BeforeEach
    void start() {
        port = server.start(0);
    }

    @AfterEach
    void stop() {
        server.stop();
        http.close();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }

    private JsonNode json(String path) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(get(path).body());
    }

    private void readAll() {
        int read;
        do {
            read = projection.doWork(time.epochMs());
        } while (read > 0);
    }

    private void addFixes(int count) {
        FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);
        fix.position(MARKET_STREET.latE7(), MARKET_STREET.lonE7())
                .cell(cells.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), Cells.DRIVER_RESOLUTION))
                .state(DriverState.IDLE.code());
        for (int driver = 1; driver <= count; driver++) {
            log.addFix(0, fix.driver(driver), time.epochMs());
        }
    }

    @Test
    void printsMetricsAsPrometheusText() throws Exception {
        metrics.counter("hailstorm.probe").increment();

        var response = get("/metrics");

        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
        assertThat(response.body()).contains("hailstorm_probe_total 1.0");
    }

    @Test
    void answersProbesWith503AndTheReasonWhenNotReady() throws Exception {
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);

        node.ready = NodeStatus.Health.failing("recovering partition 1");

        var response = get("/health/ready");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("\"DOWN\"", "recovering partition 1");
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/started").statusCode()).isEqualTo(200);
    }

    @Test
    void tellsWhatRunsAndHow() throws Exception {
        JsonNode info = json("/info");

        assertThat(info.path("name").asText()).isEqualTo("hailstorm");
        assertThat(info.path("version").asText()).isEqualTo("0.1.0");
        assertThat(info.path("region").asText()).isEqualTo("sf");
        assertThat(info.path("config").path("grpc-port").asText()).isEqualTo("7100");
    }

    @Test
    void answersTheApiFromTheProjection() throws Exception {
        addFixes(3);
        String trip = "872830828ffffff-00000000000000aa";
        log.addEvent(
                StreamName.TRIPS,
                1,
                Event.newBuilder()
                        .setTripRequested(TripRequested.newBuilder()
                                .setTrip(trip)
                                .setRider(1)
                                .setPickup(Point.newBuilder()
                                        .setLatE7(MARKET_STREET.latE7())
                                        .setLonE7(MARKET_STREET.lonE7()))),
                time.epochMs());
        readAll();

        assertThat(json("/api/summary").path("vehicles").path("idle").asInt()).isEqualTo(3);
        assertThat(json("/api/partitions").path("partitions")).hasSize(2);
        assertThat(json("/api/cells").get(0).path("supply").asInt()).isEqualTo(3);
        assertThat(json("/api/cells").get(0).path("boundary").isNull()).isTrue();
        assertThat(json("/api/cells?boundary=true").get(0).path("boundary")).hasSize(7);
        assertThat(json("/api/trips?state=open").get(0).path("trip").asText()).isEqualTo(trip);
        assertThat(json("/api/trips?state=completed")).isEmpty();
        assertThat(json("/api/trips/" + trip)
                        .path("timeline")
                        .get(0)
                        .path("what")
                        .asText())
                .isEqualTo("requested");
        JsonNode regions = json("/api/regions");
        assertThat(regions.path("features").get(0).path("geometry").path("type").asText())
                .isEqualTo("Polygon");
        assertThat(regions.path("partitions")).hasSize(2);
    }

    @Test
    void answersErrorsAsJsonWithACode() throws Exception {
        assertThat(get("/api/trips/none").statusCode()).isEqualTo(404);
        assertThat(json("/api/trips/none").path("code").asText()).isEqualTo("NOT_FOUND");
        assertThat(get("/api/trips?limit=zero").statusCode()).isEqualTo(400);
        assertThat(json("/api/trips?state=lost").path("message").asText()).contains("\"LOST\"");
        assertThat(get("/nothing/here").statusCode()).isEqualTo(404);
        assertThat(get("/assets/..%2f..%2fsecret").statusCode()).isIn(400, 404);
    }

    @Test
    void sendsSecurityHeadersWithEveryAnswerAndKeepsHashedAssetsForEver() throws Exception {
        for (String path : new String[] {"/info", "/api/trips/none", "/assets/probe-0a1b2c3d.js"}) {
            var headers = get(path).headers();
            assertThat(headers.firstValue("x-content-type-options")).as(path).hasValue("nosniff");
            assertThat(headers.firstValue("content-security-policy").orElse(""))
                    .as(path)
                    .contains("default-src 'self'");
        }
        assertThat(get("/assets/probe-0a1b2c3d.js").headers().firstValue("cache-control"))
                .hasValue("public, max-age=31536000, immutable");
    }

    @Test
    void refusesAHostThatIsNotThisOne() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(ask("/info", "evil.example"));
            String head = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(head).isEqualTo("HTTP/1.1 403");
        }
    }

    @Test
    void namesAPortThatIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                OpsServer second = new OpsServer(CONFIG, node, projection, metrics, time)) {
            assertThatThrownBy(() -> second.start(taken.getLocalPort()))
                    .isInstanceOfSatisfying(
                            HailstormException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                    .hasMessageContaining(Integer.toString(taken.getLocalPort()));
        }
    }

    @Test
    void streamsAPictureAndThenHeartbeatsWhileNothingChanges() throws Exception {
        addFixes(5);
        readAll();
        try (LiveClient client = new LiveClient(port)) {
            ByteBuffer first = client.frame();
            assertThat(first.getInt(LiveFrameDescriptor.VEHICLE_COUNT_OFFSET)).isEqualTo(5);
            ByteBuffer second = client.frame();
            assertThat(second.getShort(LiveFrameDescriptor.FLAGS_OFFSET))
                    .isEqualTo((short) LiveFrameDescriptor.FLAG_HEARTBEAT);
            assertThat(second.getInt(LiveFrameDescriptor.VEHICLE_COUNT_OFFSET)).isZero();
        }
    }

    @Test
    void turnsAwayMoreLiveClientsThanItsBoundAndLetsTheNextInWhenOneLeaves() throws Exception {
        addFixes(5);
        readAll();
        try (LiveClient first = new LiveClient(port)) {
            first.frame();
            LiveClient second = new LiveClient(port);
            second.frame();
            var refused = get("/live");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("max=2");
            second.close();

            // The server learns that a client left when it next writes to it.
            int status = 503;
            for (int attempt = 0; attempt < 100 && status == 503; attempt++) {
                addFixes(1);
                readAll();
                first.frame();
                status = LiveClient.statusOf(port);
            }
            assertThat(status).isEqualTo(200);
        }
    }

    @Test
    void givesASlowClientFewerFramesAndTheNewestWhenItReadsOn() throws Exception {
        addFixes(50_000);
        readAll();
        try (LiveClient slow = new LiveClient(port);
                LiveClient fast = new LiveClient(port)) {
            int before = slow.frame().getInt(LiveFrameDescriptor.NUMBER_OFFSET);
            int fastCount = 0;
            int newest = before;
            while (newest < before + 15) {
                addFixes(1);
                readAll();
                newest = fast.frame().getInt(LiveFrameDescriptor.NUMBER_OFFSET);
                fastCount++;
            }

            int slowCount = 0;
            int seen = before;
            while (seen < newest) {
                addFixes(1);
                readAll();
                seen = slow.frame().getInt(LiveFrameDescriptor.NUMBER_OFFSET);
                slowCount++;
            }

            assertThat(slowCount).isLessThan(fastCount);
        }
    }

    @Test
    void givesTheSeatOfAClientThatStoppedReadingToTheNext() throws Exception {
        addFixes(100_000);
        readAll();
        try (LiveClient first = new LiveClient(port);
                LiveClient second = new LiveClient(port)) {
            assertThat(first.status + second.status).isEqualTo(400);

            int status = 503;
            for (int attempt = 0; attempt < 5000 && status == 503; attempt++) {
                addFixes(1);
                readAll();
                status = LiveClient.statusOf(port);
                aheadNs.addAndGet(1_000_000_000L);
            }
            assertThat(status).isEqualTo(200);
        }
    }

    private static byte[] ask(String path, String host) {
        return ("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** Reads frames off a socket with a small buffer, only when asked to. */
    private static final class LiveClient implements AutoCloseable {
        private final Socket socket = new Socket();
        private final DataInputStream in;
        private final int status;
        private ByteBuffer chunk = ByteBuffer.allocate(0);

        LiveClient(int port) throws IOException {
            socket.setReceiveBufferSize(64 * 1024);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(ask("/live", "localhost"));
            in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream(), 1024));
            status = Integer.parseInt(line(in).substring(9, 12));
            String header;
            do {
                header = line(in);
            } while (!header.isEmpty());
        }

        static int statusOf(int port) throws IOException {
            try (LiveClient client = new LiveClient(port)) {
                return client.status;
            }
        }

        ByteBuffer frame() throws IOException {
            ByteBuffer header = take(LiveFrameDescriptor.HEADER_LENGTH);
            int length = header.getInt(LiveFrameDescriptor.LENGTH_OFFSET);
            ByteBuffer frame = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            frame.put(header).put(take(length - LiveFrameDescriptor.HEADER_LENGTH));
            return frame.flip();
        }

        private ByteBuffer take(int length) throws IOException {
            ByteBuffer taken = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
            while (taken.hasRemaining()) {
                if (!chunk.hasRemaining()) {
                    chunk = nextChunk();
                }
                int count = Math.min(taken.remaining(), chunk.remaining());
                taken.put(chunk.slice(chunk.position(), count));
                chunk.position(chunk.position() + count);
            }
            return taken.flip();
        }

        private ByteBuffer nextChunk() throws IOException {
            byte[] bytes = new byte[Integer.parseInt(line(in).strip(), 16)];
            in.readFully(bytes);
            line(in);
            return ByteBuffer.wrap(bytes);
        }

        private static String line(InputStream in) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new IOException("stream ended");
                }
                if (c != '\r') {
                    line.append((char) c);
                }
            }
            return line.toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
