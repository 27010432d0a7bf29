package io.hailstorm.ingest;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.hailstorm.kernel.HailstormException;

/** Failures in the words of gRPC. */
final class RpcErrors {
    private RpcErrors() {}

    /** RESOURCE_EXHAUSTED with the delay after which to try again, as google.rpc.RetryInfo. */
    static StatusRuntimeException overloaded(String message, long retryDelayMs) {
        Duration delay = Duration.newBuilder()
                .setSeconds(retryDelayMs / 1_000)
                .setNanos((int) (retryDelayMs % 1_000) * 1_000_000)
                .build();
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Code.RESOURCE_EXHAUSTED_VALUE)
                .setMessage(message + "; retry after " + retryDelayMs + " ms")
                .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()))
                .build());
    }

    static StatusRuntimeException invalid(String message) {
        return Status.INVALID_ARGUMENT.withDescription(message).asRuntimeException();
    }

    static StatusRuntimeException of(HailstormException failure) {
        return Status.Code.valueOf(failure.code().name())
                .toStatus()
                .withDescription(failure.getMessage())
                .asRuntimeException();
    }
}
