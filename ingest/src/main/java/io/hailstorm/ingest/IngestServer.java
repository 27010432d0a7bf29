package io.hailstorm.ingest;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.FleetServiceGrpc;
import io.hailstorm.protocol.v1.RiderServiceGrpc;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The gRPC listener: the three services, reflection and health, on a few Netty event loops. {@link #services} gives the
 * same services, with the same interceptors, to an in-process server with a direct executor. Started and stopped by the
 * composing thread.
 */
public final class IngestServer {
    private final IngestConfig config;
    private final HealthStatusManager health = new HealthStatusManager();
    private final List<ServerServiceDefinition> services = new ArrayList<>();
    private final ConnectionLimit connectionLimit;
    private final AuthInterceptor auth;
    private final Map<String, Set<Role>> roles = new HashMap<>();
    private @Nullable Server server;
    private @Nullable EventLoopGroup acceptLoop;
    private @Nullable EventLoopGroup eventLoops;

    /** @param adminServices further services, for role admin only */
    public IngestServer(
            IngestConfig config,
            IngestAgent agent,
            Cells cells,
            TokenVerifier verifier,
            TimeSource time,
            List<BindableService> adminServices) {
        this.config = config;
        EdgeHub hub = agent.hub();
        CallDesk desk = new CallDesk(hub, time);
        List<BindableService> bindables = new ArrayList<>();
        bindables.add(new DriveService(hub, time));
        bindables.add(new RideService(desk));
        bindables.add(new FleetService(desk, cells));
        roles.put(DriverServiceGrpc.SERVICE_NAME, Set.of(Role.DRIVER));
        roles.put(RiderServiceGrpc.SERVICE_NAME, Set.of(Role.RIDER, Role.ADMIN));
        roles.put(FleetServiceGrpc.SERVICE_NAME, Set.of(Role.DRIVER, Role.RIDER, Role.ADMIN));
        for (BindableService admin : adminServices) {
            bindables.add(admin);
            roles.put(admin.bindService().getServiceDescriptor().getName(), Set.of(Role.ADMIN));
        }
        auth = new AuthInterceptor(verifier, roles, agent.metrics());
        connectionLimit = new ConnectionLimit(config.maxConnections(), agent.metrics());
        for (BindableService bindable : bindables) {
            services.add(ServerInterceptors.intercept(bindable, auth));
        }
    }

    /** The services with their interceptors, for {@code InProcessServerBuilder.directExecutor()}. */
    public List<ServerServiceDefinition> services() {
        return List.copyOf(services);
    }

    /**
     * Listens.
     *
     * @throws HailstormException FAILED_PRECONDITION naming the port when it is taken
     */
    public void start() {
        Invariants.require(server == null, "the server is started once");
        acceptLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        eventLoops = new MultiThreadIoEventLoopGroup(config.eventLoopCount(), NioIoHandler.newFactory());
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress(config.host(), config.port()))
                .channelType(NioServerSocketChannel.class)
                .bossEventLoopGroup(acceptLoop)
                .workerEventLoopGroup(eventLoops)
                .directExecutor()
                .maxInboundMessageSize(config.maxMessageBytes())
                .maxConcurrentCallsPerConnection(config.maxStreamsPerConnection())
                .keepAliveTime(config.keepAliveTimeMs(), TimeUnit.MILLISECONDS)
                .keepAliveTimeout(config.keepAliveTimeoutMs(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(config.keepAliveTimeMs() / 2, TimeUnit.MILLISECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addTransportFilter(connectionLimit)
                .intercept(connectionLimit)
                .addService(health.getHealthService())
                .addService(ProtoReflectionServiceV1.newInstance());
        if (config.maxConnectionAgeMs() > 0) {
            builder.maxConnectionAge(config.maxConnectionAgeMs(), TimeUnit.MILLISECONDS);
        }
        services.forEach(builder::addService);
        try {
            server = builder.build().start();
        } catch (IOException e) {
            shutDownLoops();
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    "cannot listen on " + config.host() + ":" + config.port()
                            + ": port " + config.port() + " is taken or not permitted (" + rootMessage(e)
                            + "); stop the other process, or choose another port with --grpc-port",
                    e);
        }
        ready(true);
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return String.valueOf(root.getMessage());
    }

    /** The port listened on. */
    public int port() {
        Server running = server;
        if (running == null) {
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, "the gRPC server is not started");
        }
        return running.getPort();
    }

    /** What health checks hear: whether this node takes traffic. */
    public void ready(boolean ready) {
        ServingStatus status = ready ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
        health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
        for (ServerServiceDefinition service : services) {
            health.setStatus(service.getServiceDescriptor().getName(), status);
        }
    }

    /** Tells clients to go, waits for their calls to end, then ends the rest. */
    public void stop(long graceMs) {
        Server running = server;
        if (running == null) {
            return;
        }
        ready(false);
        running.shutdown();
        try {
            if (!running.awaitTermination(graceMs, TimeUnit.MILLISECONDS)) {
                running.shutdownNow();
                running.awaitTermination(graceMs, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            running.shutdownNow();
        }
        server = null;
        shutDownLoops();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the loops end by themselves; nobody needs to wait
    private void shutDownLoops() {
        for (EventLoopGroup group : new EventLoopGroup[] {acceptLoop, eventLoops}) {
            if (group != null) {
                group.shutdownGracefully(0, 100, TimeUnit.MILLISECONDS);
            }
        }
    }
}
