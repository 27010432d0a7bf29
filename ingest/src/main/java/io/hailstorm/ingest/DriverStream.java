package io.hailstorm.ingest;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.TripProgress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The edge's side of one driver's stream. gRPC's call-backs decode messages and copy them into the ring; the region agent
 * answers through {@link #outbox}. Reading is a token that exactly one party holds:
 *
 * <table>
 * <caption>Who may ask gRPC for the next message</caption>
 * <tr><th>after a message</th><th>the token</th></tr>
 * <tr><td>copied, little unacknowledged</td><td>used at once: request(1)</td></tr>
 * <tr><td>copied, {@code maxInFlightFixes} unacknowledged</td><td>parked; taken by the agent when half is settled</td></tr>
 * <tr><td>the ring is full</td><td>stalled; the agent calls {@link #retry} after it drained</td></tr>
 * </table>
 *
 * <p>So nothing is dropped and no thread waits.
 */
final class DriverStream implements StreamObserver<DriveRequest> {
    /** No fix batch may hold more: the window of numbers is no wider. */
    static final int MAX_FIXES_PER_BATCH = SeqWindow.SIZE;

    private final EdgeHub hub;
    private final EdgeRing ring;
    private final TimeSource time;
    private final IngestMetrics metrics;
    private final IngestConfig config;
    private final ServerCallStreamObserver<DriveResponse> responses;
    private final @Nullable RateLimit rateLimit;
    final Principal principal;
    final Outbox<DriveResponse> outbox;
    /** The region agent's account of this stream; nobody else reads it. */
    final StreamTally tally = new StreamTally();

    final int slot;

    private final FixWriter writer;
    private final AtomicBoolean parked = new AtomicBoolean();
    private final AtomicBoolean ackWaiting = new AtomicBoolean();
    private boolean greeted;
    /** Copied into the ring so far. */
    private volatile long sentFixes;

    private volatile long settledFixes;
    /** What the ring had no room for. */
    private @Nullable DriveRequest stalled;

    private int stalledIndex;
    /** When the message being taken, or stalled, came; real time, whatever the node's clock says. */
    private long arrivalNs;

    private boolean stallNoted;
    private int closeDue;

    DriverStream(
            EdgeHub hub,
            TimeSource time,
            int slot,
            Principal principal,
            ServerCallStreamObserver<DriveResponse> responses,
            @Nullable RateLimit rateLimit) {
        this.hub = hub;
        this.ring = hub.ring();
        this.time = time;
        this.metrics = hub.metrics();
        this.config = hub.config();
        this.slot = slot;
        this.principal = principal;
        this.responses = responses;
        this.rateLimit = rateLimit;
        outbox = new Outbox<>(responses, config.outboundCapacity(), metrics);
        writer = new FixWriter(principal.id());
    }

    @Override
    public void onNext(DriveRequest message) {
        boolean mayRead;
        synchronized (this) {
            if (outbox.isClosed() || !admitted(message)) {
                return;
            }
            arrivalNs = hub.wall().monotonicNs();
            mayRead = take(message, 0);
        }
        if (mayRead) {
            readOn();
        }
    }

    @Override
    public void onCompleted() {
        close(EdgeRing.HALF_CLOSED);
    }

    @Override
    public void onError(Throwable failure) {
        // The client has gone; gRPC says so through ended as well.
        outbox.cancelled();
    }

    /** The call is over, by the client's doing or the server's. gRPC says so exactly once. */
    void ended() {
        outbox.cancelled();
        close(EdgeRing.CANCELLED);
    }

    void onReady() {
        outbox.onReady();
        if (ackWaiting.compareAndSet(true, false)) {
            hub.ready(this);
        }
    }

    /**
     * Asks to be named by the hub once the client takes more. The region agent's thread.
     *
     * @return false when the client takes more already
     */
    boolean awaitReady() {
        ackWaiting.set(true);
        return !(outbox.isReady() && ackWaiting.compareAndSet(true, false));
    }

    private void close(int type) {
        synchronized (this) {
            closeDue = Math.max(closeDue, type);
            if (stalled == null) {
                writeClose();
            }
        }
    }

    private void writeClose() {
        if (closeDue == 0) {
            return;
        }
        int index = ring.tryClaim(closeDue, EdgeRing.CLOSE_LENGTH);
        if (index < 0) {
            noteStalled();
            return;
        }
        ring.buffer().putInt(index + EdgeRing.SLOT_OFFSET, slot);
        ring.commit(index);
        closeDue = 0;
    }

    /** Tries again what the ring had no room for. The region agent's thread. */
    void retry() {
        boolean mayRead = false;
        synchronized (this) {
            stallNoted = false;
            DriveRequest message = stalled;
            if (message != null) {
                stalled = null;
                mayRead = take(message, stalledIndex);
            }
            if (stalled == null) {
                writeClose();
            }
        }
        if (mayRead) {
            readOn();
        }
    }

    /** Told by the region agent how much of the stream is settled. */
    void settled(long fixes) {
        settledFixes = fixes;
        if (parked.get() && sentFixes - fixes <= config.maxInFlightFixes() / 2 && parked.compareAndSet(true, false)) {
            responses.request(1);
        }
    }

    private void readOn() {
        if (sentFixes - settledFixes < config.maxInFlightFixes()) {
            responses.request(1);
            return;
        }
        metrics.inFlightWasFull();
        parked.set(true);
        // The agent may have settled everything before it could see the parked token.
        if (sentFixes - settledFixes <= config.maxInFlightFixes() / 2 && parked.compareAndSet(true, false)) {
            responses.request(1);
        }
    }

    private boolean admitted(DriveRequest message) {
        if (time.epochMs() > principal.expireMs()) {
            outbox.fail(Status.UNAUTHENTICATED.withDescription("token expired; reconnect with a new one"));
            return false;
        }
        if (!greeted && !message.hasHello()) {
            outbox.fail(RpcErrors.invalid("the first message must be hello, got " + message.getMessageCase()));
            return false;
        }
        if (rateLimit != null && message.hasFixBatch()) {
            long waitMs = rateLimit.tryTakeOrWaitMs();
            if (waitMs > 0) {
                metrics.shed("driver_rate").increment();
                outbox.send(DriveResponse.newBuilder()
                        .setDirective(Directive.newBuilder()
                                .setKind(Directive.Kind.SLOW_DOWN)
                                .setDelayMs((int) Math.min(waitMs, Integer.MAX_VALUE)))
                        .build());
                outbox.fail(RpcErrors.overloaded(
                        "too many batches: at most " + config.driverBatchesPerSecond() + " a second", waitMs));
                return false;
            }
        }
        return true;
    }

    /** @return whether the next message may be read; false after an error or when the ring was full */
    private boolean take(DriveRequest message, int fromIndex) {
        boolean copied =
                switch (message.getMessageCase()) {
                    case HELLO -> hello(message);
                    case FIX_BATCH -> fixes(message, fromIndex);
                    case OFFER_REPLY -> offerReply(message.getOfferReply());
                    case TRIP_PROGRESS -> progress(message.getTripProgress());
                    case MESSAGE_NOT_SET -> {
                        outbox.fail(RpcErrors.invalid(
                                "empty message: expected hello, fix_batch, offer_reply or trip_progress"));
                        yield false;
                    }
                };
        if (!copied && !outbox.isClosed() && stalled == null) {
            stall(message, 0);
        }
        return copied;
    }

    private void stall(DriveRequest message, int index) {
        stalled = message;
        stalledIndex = index;
        metrics.ringWasFull();
        noteStalled();
    }

    private void noteStalled() {
        if (!stallNoted) {
            stallNoted = true;
            hub.stalled(this);
        }
    }

    private boolean hello(DriveRequest message) {
        long session = message.getHello().getSession();
        if (greeted || session <= 0) {
            outbox.fail(RpcErrors.invalid(
                    greeted
                            ? "hello came twice: open a new stream for a new session"
                            : "session: expected a positive number, got " + session));
            return false;
        }
        int index = ring.tryClaim(EdgeRing.HELLO, EdgeRing.HELLO_LENGTH);
        if (index < 0) {
            return false;
        }
        long clockOffsetMs = FixWriter.clockOffsetMs(message.getHello(), time.epochMs());
        ring.buffer().putInt(index + EdgeRing.SLOT_OFFSET, slot);
        ring.buffer().putLong(index + EdgeRing.BODY_OFFSET, session);
        ring.buffer().putLong(index + EdgeRing.LONG_2_OFFSET, clockOffsetMs);
        AuthorityClaim.of(message.getHello()).write(ring.buffer(), index);
        ring.commit(index);
        greeted = true;
        writer.begin(session, clockOffsetMs);
        return true;
    }

    /** Server clock minus device clock, as far as this stream knows; any thread. */
    long clockOffsetMs() {
        return writer.clockOffsetMs();
    }

    private boolean fixes(DriveRequest message, int fromIndex) {
        FixBatch batch = message.getFixBatch();
        int count = batch.getFixesCount();
        if (count > MAX_FIXES_PER_BATCH) {
            outbox.fail(
                    RpcErrors.invalid("fix batch too large: at most " + MAX_FIXES_PER_BATCH + " fixes, got " + count));
            return false;
        }
        long nowMs = time.epochMs();
        for (int first = fromIndex; first < count; first += EdgeRing.FIXES_PER_MESSAGE) {
            int part = Math.min(EdgeRing.FIXES_PER_MESSAGE, count - first);
            int index = ring.tryClaim(EdgeRing.FIXES, EdgeRing.FIXES_OFFSET + part * FixDescriptor.LENGTH);
            if (index < 0) {
                stall(message, first);
                return false;
            }
            ring.buffer().putInt(index + EdgeRing.SLOT_OFFSET, slot);
            ring.buffer().putInt(index + EdgeRing.SMALL_OFFSET, part);
            ring.buffer().putLong(index + EdgeRing.BODY_OFFSET, arrivalNs);
            writer.write(batch, first, part, nowMs, hub.shortcut(), ring.buffer(), index + EdgeRing.FIXES_OFFSET);
            ring.commit(index);
            addSent(part);
        }
        return true;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer: whoever holds the reading token and this lock
    private void addSent(int count) {
        sentFixes += count;
    }

    private boolean offerReply(OfferReply reply) {
        TripId trip = trip(reply.getTrip());
        if (trip == null) {
            return false;
        }
        if (reply.getAnswer() != OfferReply.Answer.ACCEPT && reply.getAnswer() != OfferReply.Answer.DECLINE) {
            outbox.fail(RpcErrors.invalid("answer: expected ACCEPT or DECLINE, got " + reply.getAnswer()));
            return false;
        }
        int index = ring.tryClaim(EdgeRing.OFFER_REPLY, EdgeRing.OFFER_REPLY_LENGTH);
        if (index < 0) {
            return false;
        }
        ring.buffer().putInt(index + EdgeRing.SLOT_OFFSET, slot);
        ring.buffer().putInt(index + EdgeRing.SMALL_OFFSET, reply.getAnswer() == OfferReply.Answer.ACCEPT ? 1 : 0);
        ring.buffer().putLong(index + EdgeRing.BODY_OFFSET, trip.homeCell());
        ring.buffer().putLong(index + EdgeRing.LONG_2_OFFSET, trip.value());
        ring.buffer().putLong(index + EdgeRing.LONG_3_OFFSET, reply.getOffer());
        ring.commit(index);
        return true;
    }

    private boolean progress(TripProgress progress) {
        TripId trip = trip(progress.getTrip());
        if (trip == null) {
            return false;
        }
        if (progress.getStep() == TripProgress.Step.STEP_UNSPECIFIED
                || progress.getStep() == TripProgress.Step.UNRECOGNIZED) {
            outbox.fail(RpcErrors.invalid(
                    "step: expected ARRIVE, START, COMPLETE, CANCEL or NO_SHOW, got " + progress.getStepValue()));
            return false;
        }
        int index = ring.tryClaim(EdgeRing.PROGRESS, EdgeRing.PROGRESS_LENGTH);
        if (index < 0) {
            return false;
        }
        ring.buffer().putInt(index + EdgeRing.SLOT_OFFSET, slot);
        ring.buffer().putInt(index + EdgeRing.SMALL_OFFSET, progress.getStepValue());
        ring.buffer().putLong(index + EdgeRing.BODY_OFFSET, trip.homeCell());
        ring.buffer().putLong(index + EdgeRing.LONG_2_OFFSET, trip.value());
        ring.commit(index);
        return true;
    }

    private @Nullable TripId trip(String text) {
        try {
            return TripId.parse(text);
        } catch (HailstormException e) {
            outbox.fail(RpcErrors.of(e));
            return null;
        }
    }
}
