package io.hailstorm.node;

import io.grpc.stub.ServerCallStreamObserver;

/** The server's side of a call that no transport carries: always ready, and deaf to what it is asked for, unless overridden. */
abstract class WorldObserver<T> extends ServerCallStreamObserver<T> {
    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setOnCloseHandler(Runnable handler) {}

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void request(int count) {}

    @Override
    public void disableAutoRequest() {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setMessageCompression(boolean isEnabled) {}

    @Override
    @SuppressWarnings("deprecation") // gRPC's, and abstract
    public void disableAutoInboundFlowControl() {}
}
