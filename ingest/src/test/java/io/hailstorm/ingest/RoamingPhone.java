package io.hailstorm.ingest;

import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Fix;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A phone that walks to and fro over the border, goes where it is sent, and sends again what was not acknowledged. */
final class RoamingPhone {
    private static final long SESSION = 7;
    private static final int UNACKED_MAX = 12;
    private static final long FIX_INTERVAL_MS = 4_000;

    final long driver;
    private final HandOverSimulation world;
    private final Deque<Fix> unacked = new ArrayDeque<>();
    private EdgeHarness.@Nullable Phone stream;
    private TwoNodes.Node node;
    private @Nullable Authority authority;
    private int taken;
    private boolean greeted;
    private long ackedSeq;
    private long lastSeq;
    private long nextFixMs;
    private long connectMs;
    private int steps;
    private int direction = 1;

    RoamingPhone(long driver, HandOverSimulation world) {
        this.driver = driver;
        this.world = world;
        node = world.nodes.node((int) (driver & 1));
        steps = -TwoNodes.WALK_STEPS;
    }

    long ackedSeq() {
        return ackedSeq;
    }

    boolean isAllAcknowledged() {
        return unacked.isEmpty();
    }

    void crashed(TwoNodes.Node crashed) {
        if (node == crashed) {
            stream = null;
        }
    }

    /** Listens, and does one thing. */
    void step() {
        move();
        listen();
        int kind = world.below(40);
        if (stream == null) {
            connect(kind < 2);
        } else if (kind == 0) {
            stream = null; // the connection is lost; the server does not know yet
        } else if (kind < 4 && greeted && !unacked.isEmpty()) {
            send(unacked.peekLast()); // once more
        }
    }

    /** Nothing new, only what is still to be acknowledged. */
    void rest() {
        listen();
        if (stream == null) {
            connect(false);
        }
    }

    private void move() {
        long now = world.nodes.time.epochMs();
        if (now < nextFixMs || unacked.size() >= UNACKED_MAX) {
            return;
        }
        nextFixMs = now + FIX_INTERVAL_MS;
        if (Math.abs(steps + direction) > TwoNodes.WALK_STEPS) {
            direction = -direction;
        }
        steps += direction;
        Fix fix = EdgeHarness.fix(++lastSeq, world.nodes.at(steps), now);
        unacked.add(fix);
        if (stream != null && greeted) {
            send(fix);
        }
    }

    private void send(Fix fix) {
        if (stream != null && !stream.completed && stream.failure == null) {
            stream.send(fix);
        }
    }

    private void connect(boolean astray) {
        if (world.nodes.time.epochMs() < connectMs) {
            return;
        }
        if (astray) {
            node = world.nodes.node(1 - node.own);
        }
        taken = 0;
        greeted = false;
        stream = node.edge.phone(driver, SESSION, authority);
    }

    private void listen() {
        EdgeHarness.Phone current = stream;
        if (current == null) {
            return;
        }
        while (taken < current.received.size()) {
            take(current.received.get(taken++));
        }
        if (current.completed || current.failure != null) {
            stream = null;
        }
    }

    private void take(DriveResponse response) {
        switch (response.getMessageCase()) {
            case WELCOME -> {
                if (response.getWelcome().hasAuthority()) {
                    authority = response.getWelcome().getAuthority();
                }
                greeted = true;
                acknowledged(response.getWelcome().getAckedSeq());
                unacked.forEach(this::send);
            }
            case FIX_ACK -> {
                if (response.getFixAck().hasAuthority()) {
                    authority = response.getFixAck().getAuthority();
                }
                acknowledged(response.getFixAck().getAckedSeq());
            }
            case DIRECTIVE -> {
                if (response.getDirective().hasAuthority()) {
                    authority = response.getDirective().getAuthority();
                }
                connectMs = world.nodes.time.epochMs() + response.getDirective().getDelayMs();
                String endpoint = response.getDirective().getEndpoint();
                if (!endpoint.isEmpty()) {
                    node = world.nodes.named(endpoint);
                }
            }
            default -> {}
        }
    }

    private void acknowledged(long seq) {
        ackedSeq = Math.max(ackedSeq, seq);
        while (!unacked.isEmpty() && unacked.peekFirst().getSeq() <= ackedSeq) {
            unacked.removeFirst();
        }
    }
}
