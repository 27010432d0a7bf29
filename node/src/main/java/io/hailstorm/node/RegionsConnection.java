package io.hailstorm.node;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.TenureServiceGrpc;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where a node is, how to prove that the caller may ask, and how to follow what was begun there. */
final class RegionsConnection {
    private static final long CALL_S = 10;
    private static final long POLL_NS = 50_000_000;
    /** Ten minutes. */
    private static final int POLLS_MAX = 12_000;

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT",
            defaultValue = "localhost:7100",
            description =
                    "a node's gRPC address (localhost:7100); of another than the one that decides, that one is asked")
    private String target = "localhost:7100";

    @Mixin
    private final KeyOptions keys = new KeyOptions();

    /** Asks; and once more, elsewhere, when the node names the one that decides. That one is asked from then on. */
    <T> T call(Function<AdminServiceGrpc.AdminServiceBlockingStub, T> call) {
        try {
            return callOnce(call);
        } catch (StatusRuntimeException e) {
            Metadata trailers = e.getTrailers();
            String dispatcher = trailers == null ? null : trailers.get(AdminService.DISPATCHER);
            if (e.getStatus().getCode() != Status.Code.FAILED_PRECONDITION || dispatcher == null) {
                throw failure(e);
            }
            target = dispatcher;
        }
        try {
            return callOnce(call);
        } catch (StatusRuntimeException e) {
            throw failure(e);
        }
    }

    private static HailstormException failure(StatusRuntimeException e) {
        return new HailstormException(
                ErrorCode.FAILED_PRECONDITION,
                e.getStatus().getCode() + ": " + e.getStatus().getDescription(),
                e);
    }

    /** Asks this node about the regions' logs. */
    <T> T callTenures(Function<TenureServiceGrpc.TenureServiceBlockingStub, T> call) {
        try {
            return ask(TenureServiceGrpc::newBlockingStub, call);
        } catch (StatusRuntimeException e) {
            throw failure(e);
        }
    }

    private <T> T callOnce(Function<AdminServiceGrpc.AdminServiceBlockingStub, T> call) {
        return ask(AdminServiceGrpc::newBlockingStub, call);
    }

    private <S extends AbstractStub<S>, T> T ask(Function<Channel, S> stub, Function<S, T> call) {
        InetSocketAddress address = SimulateCommand.address(target);
        SimulateCommand.probe(address);
        Metadata headers = new Metadata();
        headers.put(
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                "Bearer " + Tokens.admin(keys.directory(), new SystemTimeSource()));
        ManagedChannel channel = NettyChannelBuilder.forAddress(address.getHostString(), address.getPort())
                .usePlaintext()
                .build();
        try {
            return call.apply(stub.apply(channel)
                    .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers)));
        } finally {
            channel.shutdownNow();
        }
    }

    ShowRangesResponse show() {
        return call(stub -> stub.showRanges(ShowRangesRequest.getDefaultInstance()));
    }

    /** Waits until these moves, and the group of this name, have ended; how the moves did, in the order in which they are named. */
    List<Migration> await(String group, List<String> migrations) {
        for (int poll = 0; poll < POLLS_MAX; poll++) {
            ShowRangesResponse ranges = show();
            Set<String> wanted = Set.copyOf(migrations);
            List<Migration> ended = new ArrayList<>(ranges.getMigrationsList().stream()
                    .filter(each -> wanted.contains(each.getMigration()) && each.getDone())
                    .toList());
            boolean isGroupOver = ranges.getGroupsList().stream()
                    .noneMatch(each -> each.getGroup().equals(group));
            if (isGroupOver && ended.size() == wanted.size()) {
                return ended;
            }
            LockSupport.parkNanos(POLL_NS);
        }
        throw new HailstormException(
                ErrorCode.DEADLINE_EXCEEDED,
                "migration " + group + " is still under way; see 'hailstorm regions show'");
    }
}
