package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP admin surface of a node: metrics, probes, {@code /api}, live frames and the console. It has no log-in:
 * who reaches the port is the operator, so it binds loopback unless told otherwise, and then refuses requests
 * naming a host it does not know.
 *
 * <p>{@link #start} and {@link #stop} from one thread; requests run on virtual threads.
 */
public final class OpsServer implements AutoCloseable {
    private static final String CONTENT_SECURITY_POLICY = "default-src 'self'; img-src 'self' data: blob:; "
            + "style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'";
    private static final int CONNECTION_MAX = 512;
    /** Small, so that a slow reader's connection holds little that is out of date. */
    private static final int SEND_BUFFER_BYTES = 256 * 1024;

    private final OpsConfig config;
    private final NodeStatus status;
    private final PrometheusMeterRegistry metrics;
    private final OpsApi api;
    private final LiveStream live;
    private final ConsoleFiles console = new ConsoleFiles();
    private @Nullable WebServer server;

    /**
     * @param metrics what {@code /metrics} prints
     * @param wall real time, which paces live frames even where the node's own clock is a virtual one
     */
    public OpsServer(
            OpsConfig config,
            NodeStatus status,
            LiveProjection projection,
            PrometheusMeterRegistry metrics,
            TimeSource wall) {
        this.config = config;
        this.status = status;
        this.metrics = metrics;
        api = new OpsApi(status, projection);
        live = new LiveStream(projection, config, wall);
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @return the port listened on
     * @throws HailstormException {@code FAILED_PRECONDITION} naming a port that is taken
     */
    public int start(int port) {
        requireFree(port);
        WebServer starting = WebServer.builder()
                .host(config.bindAddress())
                .port(port)
                .maxTcpConnections(CONNECTION_MAX)
                .connectionOptions(options -> options.tcpNoDelay(true).socketSendBufferSize(SEND_BUFFER_BYTES))
                // Helidon's NIO socket drops what a write to a slow reader did not take, which corrupts the stream.
                .useNio(false)
                .shutdownHook(false)
                .routing(this::route)
                .build()
                .start();
        if (!starting.isRunning()) {
            throw cannotListen(port, "it was taken, or refused, while starting", null);
        }
        server = starting;
        return starting.port();
    }

    /** Helidon logs a failed bind and says no more: trying first tells why. */
    private void requireFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(config.bindAddress(), port));
        } catch (IOException e) {
            throw cannotListen(port, String.valueOf(e.getMessage()), e);
        }
    }

    private HailstormException cannotListen(int port, String reason, @Nullable IOException cause) {
        return new HailstormException(
                ErrorCode.FAILED_PRECONDITION,
                "HTTP port " + port + " on " + config.bindAddress() + " cannot be listened on: " + reason
                        + "; choose another port, or 0 to go without",
                cause);
    }

    /** Ends live streams and closes the listener; may be called twice. */
    public void stop() {
        live.stop();
        WebServer running = server;
        if (running != null) {
            running.stop();
            server = null;
        }
    }

    @Override
    public void close() {
        stop();
    }

    private void route(HttpRouting.Builder routing) {
        routing.addFilter((chain, request, response) -> {
            secure(response);
            requireKnownHost(request);
            chain.proceed();
        });
        routing.error(HailstormException.class, (request, response, e) -> Json.sendError(response, e));
        routing.error(Exception.class, (request, response, e) -> {
            System.getLogger(OpsServer.class.getName())
                    .log(System.Logger.Level.ERROR, "request failed: path=" + path(request), e);
            Json.sendError(response, new HailstormException(ErrorCode.INTERNAL, "internal error; see the node's log"));
        });
        routing.get("/metrics", (request, response) -> {
            response.header(HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
            response.send(metrics.scrape().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        });
        probe(routing, "/health/live", status::live);
        probe(routing, "/health/ready", status::ready);
        probe(routing, "/health/started", status::started);
        api.route(routing);
        routing.get("/live", live::serve);
        routing.get("/*", (request, response) -> console.serve(path(request), response));
        routing.any((request, response) -> {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "nothing at " + request.prologue().method() + " " + path(request));
        });
    }

    private static void probe(HttpRouting.Builder routing, String path, Supplier<NodeStatus.Health> probe) {
        routing.get(path, (request, response) -> {
            NodeStatus.Health health = probe.get();
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("state", health.ok() ? "UP" : "DOWN");
            if (!health.ok()) {
                body.put("reason", health.reason());
            }
            response.status(health.ok() ? 200 : 503);
            Json.send(response, body);
        });
    }

    private static void secure(ServerResponse response) {
        response.header("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.header("X-Content-Type-Options", "nosniff");
        response.header("Referrer-Policy", "no-referrer");
        response.header("Cross-Origin-Resource-Policy", "same-origin");
    }

    /** Refuses pages from elsewhere that made their own name resolve to this loopback address. */
    private void requireKnownHost(ServerRequest request) {
        if (!isLoopback(config.bindAddress())) {
            return;
        }
        String authority = request.prologue() == null ? "" : request.authority();
        String host = hostOf(authority);
        if (!isLoopback(host) && !config.allowedHosts().contains(host)) {
            throw new HailstormException(
                    ErrorCode.PERMISSION_DENIED,
                    "host not allowed: \"" + host + "\"; use localhost, or add it to the allowed hosts");
        }
    }

    private static String hostOf(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon >= 0 && authority.indexOf(']', colon) < 0;
        return (hasPort ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.matches("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}")
                || host.equals("[::1]")
                || host.equals("::1");
    }

    private static String path(ServerRequest request) {
        return request.path().path();
    }
}
