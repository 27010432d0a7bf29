package io.hailstorm.simulator;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.TripUpdate;
import io.hailstorm.protocol.v1.Welcome;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A driver's phone: numbers fixes, keeps them until they are acknowledged, resends them on the next stream under the same
 * session and numbers, and does as it is told by directives. {@link Route} says where it connects.
 *
 * <pre>
 *            connect              Welcome
 *   DOWN ─────────────► GREETING ─────────► UP
 *    ▲                     ├────────────────┴──► CLOSING   RECONNECT: no more is sent; the server answers, then ends
 *    └──── stream ended ◄──┴────────────────┴───────┘      or nothing was heard in ANSWER_MAX_MS while not UP
 *   any ── SUPERSEDED ──► STOPPED (for good)
 * </pre>
 *
 * <p>An app restart begins a new session, and only once everything of the old one is acknowledged. One owner thread.
 */
final class Phone {
    /** Fixes sent on a stream without an answer; at the bound the phone waits. */
    static final int WINDOW_MAX = 900;
    /** Commands kept while there is no stream; at the bound the oldest is dropped, as it is the stalest. */
    static final int COMMANDS_MAX = 16;

    /** A server that neither greets nor ends a stream for so long is given up. */
    static final long ANSWER_MAX_MS = 20_000;

    private static final long RESTART_PAUSE_MS = 5_000;
    private static final long RESTART_POLL_MS = 500;
    private static final double MS_PER_HOUR = 3_600_000;
    private static final long NEVER = Long.MAX_VALUE;
    private static final Status SILENT = Status.DEADLINE_EXCEEDED.withDescription("the server says nothing");

    private static final int STREAM_DROP = 113;
    private static final int STREAM_RESTART = 114;

    private enum Link {
        DOWN,
        GREETING,
        UP,
        CLOSING,
        STOPPED
    }

    /** What the phone's driver is told. */
    interface Listener {
        void onOffer(Phone phone, Offer offer, long receivedNs, long nowMs);

        void onTripUpdate(Phone phone, TripUpdate update, long nowMs);

        /** A stream is up again after one was lost; unanswered commands may not have arrived. */
        void onResumed(Phone phone, long nowMs);

        /** Whether the driver is at leisure to restart the app. */
        boolean mayRestart(Phone phone);
    }

    private final int index;
    private final long driver;
    private final PhoneNetwork network;
    private final Realism realism;
    private final Listener listener;
    private final boolean batchPerStep;
    private final UnackedFixes fixes;
    private final Route route;
    private final ArrayDeque<DriveRequest> commands = new ArrayDeque<>(2);

    private Link link = Link.DOWN;
    private int generation;
    private @Nullable ClientCallStreamObserver<DriveRequest> requests;
    private long eventCount;
    private long connectDueMs = NEVER;
    private long sendDueMs = NEVER;
    private int slowDownMs;
    private long notBeforeMs;
    private boolean restarting;
    private boolean finishing;
    private boolean hadStream;
    private boolean greeted;
    private long giveUpDueMs = NEVER;

    Phone(int index, long driver, PhoneNetwork network, Realism realism, boolean batchPerStep, Listener listener) {
        this.index = index;
        this.driver = driver;
        this.network = network;
        this.realism = realism;
        this.batchPerStep = batchPerStep;
        this.listener = listener;
        fixes = new UnackedFixes(driver, network, realism);
        route = new Route(network, driver, index);
    }

    int index() {
        return index;
    }

    long driver() {
        return driver;
    }

    /** No more fixes are taken until some are acknowledged. */
    boolean isFull() {
        return link != Link.STOPPED && fixes.isFull();
    }

    /** Numbered, and not acknowledged. */
    long unackedCount() {
        return fixes.count();
    }

    /** Everything it ever numbered is acknowledged, and everything it sent is answered. */
    boolean isDrained() {
        return link == Link.STOPPED || fixes.isDrained();
    }

    // ---- what the driver does with it

    /** Starts the app. */
    void start(long nowMs) {
        beginSession(Math.max(fixes.session() + 1, Math.max(network.firstSession, nowMs)));
        scheduleDrop(nowMs);
        scheduleRestart(nowMs);
        connect(nowMs);
    }

    /** A position fix. Returns false when the buffer is full or the app is restarting; the fix was not taken then. */
    boolean capture(long atMs, int latE7, int lonE7, byte state, int headingCd, int speedCm, int accuracyDm) {
        if (!takesFixes()) {
            return false;
        }
        fixes.addMeasured(atMs, latE7, lonE7, state, headingCd, speedCm, accuracyDm);
        afterCapture(atMs, false);
        return true;
    }

    /** A recorded fix, of which only place and state are known. */
    boolean capture(long atMs, int latE7, int lonE7, byte state) {
        if (!takesFixes()) {
            return false;
        }
        fixes.add(atMs, latE7, lonE7, state);
        afterCapture(atMs, false);
        return true;
    }

    /** A change of state at the last reported place; goes out with what has gathered, without waiting for a full batch. */
    void captureState(long atMs, int latE7, int lonE7, byte state) {
        if (takesFixes()) {
            fixes.addStateOnly(atMs, latE7, lonE7, state);
            afterCapture(atMs, true);
        }
    }

    /** Sends a command now, or when the stream is up again. */
    void command(DriveRequest command) {
        if (link == Link.UP && requests != null) {
            requests.onNext(command);
            return;
        }
        if (commands.size() == COMMANDS_MAX) {
            commands.pollFirst();
        }
        commands.addLast(command);
    }

    /** Puts what has gathered on its way; for phones that batch by step. */
    void flush(long nowMs) {
        fixes.cut(nowMs);
        send(nowMs);
    }

    private boolean takesFixes() {
        if (restarting || finishing) {
            return false;
        }
        if (link == Link.STOPPED || fixes.isFull()) {
            network.counters.skippedFixes++;
            return false;
        }
        return true;
    }

    private void afterCapture(long nowMs, boolean urgent) {
        if (!batchPerStep && (urgent || fixes.isBatchFull())) {
            fixes.cutBatch(nowMs);
            send(nowMs);
        }
    }

    // ---- sending

    /** The calendar says it is time to send. */
    void onSendDue(long nowMs) {
        if (sendDueMs <= nowMs) {
            sendDueMs = NEVER;
            send(nowMs);
        }
    }

    private void send(long nowMs) {
        for (Outbox.Batch batch = fixes.peekBatch(); batch != null; batch = fixes.peekBatch()) {
            ClientCallStreamObserver<DriveRequest> stream = requests;
            if (link != Link.UP || stream == null || fixes.unanswered() >= WINDOW_MAX || !stream.isReady()) {
                return; // an acknowledgement, the stream's readiness or the next Welcome calls again
            }
            long dueMs = Math.max(batch.sendAtMs, notBeforeMs);
            if (dueMs > nowMs) {
                scheduleSend(dueMs);
                return;
            }
            fixes.pollBatch();
            if (fixes.isAcked(batch)) {
                continue; // acknowledged meanwhile
            }
            DriveRequest message = fixes.message(batch);
            int sendGeneration = generation;
            fixes.sent(batch, nowMs);
            stream.onNext(message);
            if (batch.duplicated && isCurrent(sendGeneration)) {
                fixes.sent(batch, nowMs);
                stream.onNext(message);
            }
            notBeforeMs = slowDownMs == 0 ? 0 : nowMs + slowDownMs;
        }
    }

    private void scheduleSend(long dueMs) {
        if (dueMs < sendDueMs) {
            sendDueMs = dueMs;
            network.calendar.schedule(dueMs, EventKind.PHONE_SEND.event(index));
        }
    }

    // ---- the stream's life

    /** The calendar says it is time to connect. */
    void onConnectDue(long nowMs) {
        if (connectDueMs <= nowMs && link == Link.DOWN) {
            connect(nowMs);
        }
    }

    private void link(Link next) {
        network.counters.greeting += (next == Link.GREETING ? 1 : 0) - (link == Link.GREETING ? 1 : 0);
        link = next;
    }

    private void connect(long nowMs) {
        connectDueMs = NEVER;
        link(Link.GREETING);
        network.counters.streamsOpened++;
        ClientCallStreamObserver<DriveRequest> stream = network.open(this, route.channel(), ++generation);
        requests = stream;
        stream.onNext(fixes.hello(nowMs, route));
        awaitAnswer(nowMs);
    }

    private void awaitAnswer(long nowMs) {
        giveUpDueMs = nowMs + ANSWER_MAX_MS;
        network.calendar.schedule(giveUpDueMs, EventKind.PHONE_GIVE_UP.event(index));
    }

    /** The server had its time to greet, or to end the stream. */
    void onGiveUpDue(long nowMs) {
        ClientCallStreamObserver<DriveRequest> stream = requests;
        if (nowMs >= giveUpDueMs && link != Link.UP && stream != null) {
            network.counters.unansweredStreams++;
            stream.cancel(SILENT.getDescription(), null);
            onStreamEnded(generation, SILENT, nowMs);
        }
    }

    private void reconnectAfter(long delayMs, long nowMs) {
        connectDueMs = nowMs + delayMs;
        network.calendar.schedule(connectDueMs, EventKind.PHONE_CONNECT.event(index));
    }

    private boolean isCurrent(int ofGeneration) {
        return ofGeneration == generation && requests != null;
    }

    void onStreamReady(int ofGeneration, long nowMs) {
        if (isCurrent(ofGeneration)) {
            send(nowMs);
        }
    }

    /** The server, or the network, ended the stream. */
    void onStreamEnded(int ofGeneration, Status status, long nowMs) {
        if (!isCurrent(ofGeneration)) {
            return;
        }
        boolean asked = link == Link.CLOSING;
        boolean refused = !asked && !greeted;
        if (!asked && !status.isOk()) {
            network.lastFailure = status;
            route.failed(status);
        }
        loseStream();
        network.counters.streamsLost++;
        if (refused && status.getCode() == Status.Code.FAILED_PRECONDITION) {
            beginSession(fixes.session() + SESSION_LEAP); // the server knows a higher session of this driver
        }
        if (!asked || connectDueMs == NEVER) {
            reconnectAfter(route.backoffMs(++eventCount), nowMs);
        } else {
            network.calendar.schedule(connectDueMs, EventKind.PHONE_CONNECT.event(index));
        }
    }

    /** A day in milliseconds: what a session number grows by when the server has seen a higher one. */
    static final long SESSION_LEAP = 86_400_000L;

    private void loseStream() {
        if (greeted) {
            greeted = false;
            network.counters.online--;
        }
        link(Link.DOWN);
        requests = null;
        fixes.streamLost();
    }

    /** The radio network loses the stream. */
    void onDropDue(long nowMs) {
        if (finishing || link == Link.STOPPED) {
            return;
        }
        if (link == Link.UP) {
            cancel("simulated loss of the radio network");
            network.counters.streamsLost++;
            reconnectAfter(route.backoffMs(++eventCount), nowMs);
        }
        scheduleDrop(nowMs);
    }

    private void cancel(String why) {
        ClientCallStreamObserver<DriveRequest> stream = requests;
        loseStream();
        if (stream != null) {
            stream.cancel(why, null);
        }
    }

    /** The driver restarts the app, as soon as nothing is left to lose. */
    void onRestartDue(long nowMs) {
        if (finishing || link == Link.STOPPED) {
            return;
        }
        if (!restarting && !listener.mayRestart(this)) {
            network.calendar.schedule(nowMs + RESTART_PAUSE_MS, EventKind.PHONE_RESTART.event(index));
            return;
        }
        if (!restarting) {
            restarting = true;
            fixes.hurry(nowMs);
            send(nowMs);
        }
        if (!isDrained() || link != Link.UP) {
            network.calendar.schedule(nowMs + RESTART_POLL_MS, EventKind.PHONE_RESTART.event(index));
            return;
        }
        cancel("simulated restart of the app");
        restarting = false;
        network.counters.restarts++;
        beginSession(Math.max(fixes.session() + 1, nowMs));
        reconnectAfter(RESTART_PAUSE_MS, nowMs);
        scheduleRestart(nowMs + RESTART_PAUSE_MS);
    }

    private void scheduleDrop(long nowMs) {
        schedulePoisson(realism.streamDropsPerHour(), STREAM_DROP, EventKind.PHONE_DROP, nowMs);
    }

    private void scheduleRestart(long nowMs) {
        schedulePoisson(realism.restartsPerHour(), STREAM_RESTART, EventKind.PHONE_RESTART, nowMs);
    }

    private void schedulePoisson(double perHour, int stream, EventKind kind, long nowMs) {
        if (perHour > 0) {
            double waitMs =
                    CounterRandom.exponential(MS_PER_HOUR / perHour, network.seed, driver, ++eventCount, stream);
            network.calendar.schedule(nowMs + 1 + (long) waitMs, kind.event(index));
        }
    }

    private void beginSession(long session) {
        fixes.beginSession(session);
        hadStream = false;
    }

    /** No more fixes; what there is goes out at once. */
    void finish(long nowMs) {
        finishing = true;
        fixes.hurry(nowMs);
        send(nowMs);
    }

    /** Ends the stream for good. */
    void close() {
        ClientCallStreamObserver<DriveRequest> stream = requests;
        if (stream == null) {
            return;
        }
        if (isDrained() && link != Link.CLOSING) {
            loseStream();
            stream.onCompleted();
        } else {
            cancel("the simulation ends");
        }
        link(Link.STOPPED);
    }

    // ---- what the server says

    /** One message of the stream; asks for the next one. */
    void onMessage(Inbox.FromDriverStream inbound, long nowMs) {
        if (!isCurrent(inbound.generation())) {
            return;
        }
        ClientCallStreamObserver<DriveRequest> stream = requests;
        switch (inbound.message().getMessageCase()) {
            case WELCOME -> onWelcome(inbound.message().getWelcome(), nowMs, inbound.atNs());
            case FIX_ACK -> {
                route.acknowledged(inbound.message().getFixAck());
                fixes.onFixAck(inbound.message().getFixAck(), inbound.receivedNs(), inbound.atNs());
                send(nowMs);
            }
            case OFFER -> listener.onOffer(this, inbound.message().getOffer(), inbound.receivedNs(), nowMs);
            case TRIP_UPDATE -> listener.onTripUpdate(this, inbound.message().getTripUpdate(), nowMs);
            case DIRECTIVE -> onDirective(inbound.message().getDirective(), nowMs, inbound.atNs());
            case MESSAGE_NOT_SET -> {} // a newer server may say what this phone does not know
        }
        if (stream != null && isCurrent(inbound.generation())) {
            stream.request(1);
        }
    }

    private void onWelcome(Welcome welcome, long nowMs, long atNs) {
        if (link != Link.GREETING) {
            return;
        }
        if (fixes.isBeyondSent(welcome.getAckedSeq())) {
            // The server knows this session from a phone that is not this one: it is not ours to go on with.
            cancel("the session belongs to an earlier run");
            beginSession(fixes.session() + SESSION_LEAP);
            reconnectAfter(route.backoffMs(++eventCount), nowMs);
            return;
        }
        link(Link.UP);
        greeted = true;
        route.greeted(welcome, nowMs);
        network.counters.online++;
        fixes.resumeAfter(welcome.getAckedSeq(), nowMs, atNs);
        boolean resumed = hadStream;
        hadStream = true;
        for (DriveRequest command = commands.pollFirst(); command != null; command = commands.pollFirst()) {
            if (requests != null) {
                requests.onNext(command);
            }
        }
        if (resumed) {
            network.counters.resumes++;
            listener.onResumed(this, nowMs);
        }
        send(nowMs);
    }

    private void onDirective(Directive directive, long nowMs, long atNs) {
        switch (directive.getKind()) {
            case RECONNECT -> {
                if ((link == Link.UP || link == Link.GREETING) && requests != null) {
                    link(Link.CLOSING);
                    connectDueMs = nowMs + route.sentTo(directive, ++eventCount, nowMs);
                    if (route.isSentElsewhere()) {
                        fixes.beginHandOver(atNs);
                    }
                    requests.onCompleted();
                    awaitAnswer(nowMs);
                }
            }
            case SLOW_DOWN -> slowDownMs = Math.max(0, directive.getDelayMs());
            case SUPERSEDED -> {
                cancel("superseded by a newer session");
                network.counters.superseded++;
                link(Link.STOPPED);
            }
            case KIND_UNSPECIFIED, UNRECOGNIZED -> {} // nothing this phone can do
        }
    }
}
