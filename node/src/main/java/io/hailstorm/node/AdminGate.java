package io.hailstorm.node;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.hailstorm.ingest.Role;
import io.hailstorm.ingest.TokenVerifier;
import io.hailstorm.kernel.HailstormException;

/** Lets a call through that brings a valid token of role admin. */
record AdminGate(TokenVerifier verifier) implements ServerInterceptor {
    static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    static final String SCHEME = "Bearer ";

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String authorization = headers.get(AUTHORIZATION);
        if (authorization == null || !authorization.startsWith(SCHEME)) {
            return refuse(call, Status.UNAUTHENTICATED.withDescription("no token"));
        }
        try {
            Role role =
                    verifier.verify(authorization.substring(SCHEME.length())).role();
            if (role != Role.ADMIN) {
                return refuse(
                        call, Status.PERMISSION_DENIED.withDescription("role " + role.text() + " is no region's"));
            }
        } catch (HailstormException e) {
            return refuse(
                    call,
                    Status.UNAUTHENTICATED.withDescription(
                            e.getMessage() + "; regions and their witness share one --keys-dir"));
        }
        return next.startCall(call, headers);
    }

    private static <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, Status status) {
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }
}
