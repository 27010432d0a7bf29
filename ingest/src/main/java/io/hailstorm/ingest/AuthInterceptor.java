package io.hailstorm.ingest;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.hailstorm.kernel.HailstormException;
import java.util.Map;
import java.util.Set;

/**
 * Lets a call through when it brings {@code authorization: Bearer <token>} of a role that may use the service, and leaves
 * the {@link Principal} in the call's context.
 */
public final class AuthInterceptor implements ServerInterceptor {
    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String SCHEME = "Bearer ";

    private final TokenVerifier verifier;
    private final Map<String, Set<Role>> rolesByService;
    private final IngestMetrics metrics;

    AuthInterceptor(TokenVerifier verifier, Map<String, Set<Role>> rolesByService, IngestMetrics metrics) {
        this.verifier = verifier;
        this.rolesByService = Map.copyOf(rolesByService);
        this.metrics = metrics;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String authorization = headers.get(AUTHORIZATION);
        if (authorization == null || !authorization.startsWith(SCHEME)) {
            return refuse(
                    call,
                    "missing",
                    Status.UNAUTHENTICATED.withDescription(
                            "no token: send metadata \"authorization: Bearer <token>\""));
        }
        Principal principal;
        try {
            principal = verifier.verify(authorization.substring(SCHEME.length()).trim());
        } catch (HailstormException e) {
            return refuse(call, "invalid", Status.UNAUTHENTICATED.withDescription(e.getMessage()));
        }
        String service = call.getMethodDescriptor().getServiceName();
        Set<Role> roles = service == null ? Set.of() : rolesByService.getOrDefault(service, Set.of());
        if (!roles.contains(principal.role())) {
            return refuse(
                    call,
                    "role",
                    Status.PERMISSION_DENIED.withDescription(
                            "role " + principal.role().text() + " may not call "
                                    + call.getMethodDescriptor().getFullMethodName() + "; it takes one of " + roles));
        }
        return Contexts.interceptCall(
                Context.current().withValue(Principal.CONTEXT_KEY, principal), call, headers, next);
    }

    private <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, String reason, Status status) {
        metrics.authFailure(reason).increment();
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
