package io.hailstorm.simulator;

import io.grpc.Channel;
import io.grpc.Status;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.Hello;
import io.hailstorm.protocol.v1.Welcome;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where one phone goes: to the server it was last sent to, and on to the next known one when that fails. A phone that is
 * sent about without being kept anywhere for {@link #STEADY_MS} takes longer with every time. One owner thread.
 */
final class Route {
    /** A stream this old ends the patience with being sent about: the next time is a first time again. */
    static final long STEADY_MS = 10_000;
    /** Bound of the first wait, of a failure and of being sent about; doubles with every further one. Full jitter. */
    static final long BACKOFF_BASE_MS = 500;

    static final long BACKOFF_MAX_MS = 30_000;
    /** Being sent about costs less: a node that takes over is not kept waiting long for those who came too early. */
    static final long SENT_BACKOFF_MAX_MS = 4_000;

    private static final long BACKOFF_MIN_MS = 50;
    private static final int DOUBLINGS_MAX = 10;
    private static final int STREAM_BACKOFF = 112;

    private static final long NEVER = Long.MAX_VALUE;

    private final Endpoints endpoints;
    private final PhoneCounters counters;
    private final long seed;
    private final long driver;
    private final int phoneIndex;
    private int attempt;
    private int endpoint;
    private int sentFrom = Endpoints.UNKNOWN;
    private int timesSent;
    private boolean sentElsewhere;
    private long upSinceMs = NEVER;
    private @Nullable Authority authority;
    /** What a server that sent the phone elsewhere knew of its clock. */
    private OptionalLong clockOffsetMs = OptionalLong.empty();

    Route(PhoneNetwork network, long driver, int phoneIndex) {
        endpoints = network.endpoints;
        counters = network.counters;
        seed = network.seed;
        this.driver = driver;
        this.phoneIndex = phoneIndex;
        endpoint = endpoints.first(phoneIndex);
    }

    Channel channel() {
        return endpoints.channel(endpoint, phoneIndex);
    }

    /** Gives back what servers said. */
    void introduce(Hello.Builder hello) {
        if (authority != null) {
            hello.setAuthority(authority);
        }
        clockOffsetMs.ifPresent(hello::setClockOffsetMs);
    }

    void greeted(Welcome welcome, long nowMs) {
        if (welcome.hasAuthority()) {
            authority = welcome.getAuthority();
        }
        clockOffsetMs = OptionalLong.empty();
        attempt = 0;
        upSinceMs = nowMs;
    }

    void acknowledged(FixAck ack) {
        if (ack.hasAuthority()) {
            authority = ack.getAuthority();
        }
    }

    /**
     * How long to wait after a failure; {@code draw} names the random draw. Waits grow when all servers were tried, so that
     * one that failed costs the way to the next no more than the first wait.
     */
    long backoffMs(long draw) {
        return Math.max(BACKOFF_MIN_MS, jitterMs(BACKOFF_MAX_MS, attempt++ / endpoints.count(), draw));
    }

    private long jitterMs(long maxMs, int doublings, long draw) {
        long boundMs = Math.min(maxMs, BACKOFF_BASE_MS << Math.min(doublings, DOUBLINGS_MAX));
        return (long) (boundMs * CounterRandom.uniform(seed, driver, draw, STREAM_BACKOFF));
    }

    /**
     * The server asks the phone to connect again, at that endpoint; here when it names none, or none that can be gone to.
     *
     * @return how long to wait: as the server says, and jitter that grows with every time
     */
    long sentTo(Directive directive, long draw, long nowMs) {
        if (directive.hasAuthority()) {
            authority = directive.getAuthority();
        }
        if (directive.hasClockOffsetMs()) {
            clockOffsetMs = OptionalLong.of(directive.getClockOffsetMs());
        }
        String name = directive.getEndpoint();
        if (upSinceMs != NEVER && nowMs - upSinceMs >= STEADY_MS) {
            timesSent = 0;
            sentFrom = Endpoints.UNKNOWN;
        }
        upSinceMs = NEVER;
        long waitMs =
                Math.max(BACKOFF_MIN_MS, directive.getDelayMs() + jitterMs(SENT_BACKOFF_MAX_MS, timesSent++, draw));
        int target = name.isEmpty() ? endpoint : endpoints.named(name);
        if (!name.isEmpty()) {
            counters.redirects++;
        }
        sentElsewhere = target != Endpoints.UNKNOWN && target != endpoint;
        if (sentElsewhere) {
            if (target == sentFrom) {
                counters.bounces++;
            }
            sentFrom = endpoint;
            go(target);
        }
        return waitMs;
    }

    /** Whether the last {@link #sentTo} changed the server. */
    boolean isSentElsewhere() {
        return sentElsewhere;
    }

    /** The server cannot be reached, or is at its end. */
    void failed(Status why) {
        upSinceMs = NEVER;
        if (Endpoints.isWorthTryingElsewhere(why) && endpoints.count() > 1) {
            go(endpoints.next(endpoint));
        }
    }

    private void go(int target) {
        endpoint = target;
        counters.endpointSwitches++;
    }
}
