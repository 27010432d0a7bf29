package io.hailstorm.node;

import io.grpc.Context;
import io.grpc.stub.StreamObserver;
import io.hailstorm.ingest.Principal;
import io.hailstorm.ingest.Role;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc.DriverServiceImplBase;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One driver's stream, in place of gRPC and the network: messages wait on the way, in order, until the world lets them arrive. */
final class WorldStream extends WorldObserver<DriveResponse> {
    private final ArrayDeque<DriveRequest> up = new ArrayDeque<>();
    private final ArrayDeque<DriveResponse> down = new ArrayDeque<>();
    private final Consumer<DriveResponse> onSent;
    private final StreamObserver<DriveRequest> requests;
    private Runnable onCancel = () -> {};
    private Runnable onClose = () -> {};
    private int requested;
    private boolean isEndedByServer;
    private boolean isCancelled;
    private String end = "";

    /** @param onSent sees what the node says the moment it says it */
    WorldStream(DriverServiceImplBase service, long driver, Consumer<DriveResponse> onSent) {
        this.onSent = onSent;
        Context context =
                Context.ROOT.withValue(Principal.CONTEXT_KEY, new Principal(Role.DRIVER, driver, Long.MAX_VALUE));
        Context former = context.attach();
        try {
            requests = service.drive(this);
        } finally {
            context.detach(former);
        }
    }

    void send(DriveRequest message) {
        up.add(message);
    }

    /** The next message on the way up arrives, if the node reads. */
    boolean deliver() {
        if (requested == 0 || isOver()) {
            return false;
        }
        DriveRequest message = up.poll();
        if (message == null) {
            return false;
        }
        requested--;
        requests.onNext(message);
        return true;
    }

    @Nullable
    DriveResponse receive() {
        return down.poll();
    }

    boolean hasNews() {
        return !down.isEmpty();
    }

    /** The connection breaks; what is on the way is lost. The node hears of it. */
    void breakOff() {
        up.clear();
        down.clear();
        if (!isCancelled && !isEndedByServer) {
            isCancelled = true;
            onCancel.run();
        }
    }

    /** The other side's machine died. */
    void vanish() {
        isCancelled = true;
        up.clear();
        down.clear();
    }

    /** How the node ended it; empty when it did not. */
    String end() {
        return end;
    }

    /** Whether nothing can be sent any more; what was received may still be read. */
    boolean isOver() {
        return isCancelled || isEndedByServer;
    }

    @Override
    public String toString() {
        return up.size() + " messages up, " + down.size() + " down, " + requested + " asked for";
    }

    @Override
    public void onNext(DriveResponse value) {
        onSent.accept(value);
        down.add(value);
    }

    @Override
    public void onError(Throwable failure) {
        end = failure.toString();
        finish();
    }

    @Override
    public void onCompleted() {
        end = "well";
        finish();
    }

    private void finish() {
        if (!isOver()) {
            isEndedByServer = true;
            onClose.run();
        }
    }

    @Override
    public boolean isCancelled() {
        return isCancelled;
    }

    @Override
    public boolean isReady() {
        return !isOver();
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        onCancel = handler;
    }

    @Override
    public void setOnCloseHandler(Runnable handler) {
        onClose = handler;
    }

    @Override
    public void request(int count) {
        requested += count;
    }
}
