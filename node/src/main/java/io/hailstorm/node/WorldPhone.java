package io.hailstorm.node;

import com.google.protobuf.Timestamp;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A driver's phone in a simulated world: walks over the city's borders, numbers its fixes, keeps each until it is acknowledged,
 * and sends again, elsewhere, twice and out of order as phones do.
 */
final class WorldPhone {
    private static final int BATCH_MAX = 5;
    private static final int KEPT_MAX = 40;
    private static final int STEP_METERS = 430;
    private static final double E7_PER_METER = 1 / 0.011132;
    private static final double LON_PER_LAT = 1.26;

    private final long driver;
    private final SplittableRandom random;
    private final World world;
    private final ArrayDeque<Fix> unacked = new ArrayDeque<>();
    private final WorldWork work;
    private GeoPoint at;
    private GeoPoint target;
    private long session = 1;
    private String told = "";
    private long lastSeq;
    private long sentSeq;
    private long fixedMs;
    private long sentMs;
    private long connectFromMs;
    private int nodeIndex;
    private @Nullable WorldStream stream;
    /** What it was told last of where its driver belongs; kept over restarts. */
    private @Nullable Authority authority;

    WorldPhone(long driver, World world, SplittableRandom random, int nodeIndex) {
        this.driver = driver;
        this.world = world;
        this.random = random;
        this.nodeIndex = nodeIndex;
        work = new WorldWork(random);
        at = somewhere();
        target = somewhere();
    }

    private GeoPoint somewhere() {
        return WorldPlace.INSTANCE.point(random.nextInt(101), random.nextInt(101));
    }

    long driver() {
        return driver;
    }

    /** Whether everything it has was acknowledged. */
    boolean isSettled() {
        return unacked.isEmpty();
    }

    /** Does one thing. */
    void act(long nowMs, boolean mayFix) {
        WorldStream open = stream;
        if (open != null && open.hasNews()) {
            hear(open, nowMs);
        } else if (open == null || open.isOver()) {
            if (open != null && !open.end().isEmpty()) {
                tell("ended: " + open.end());
                stream = null;
                connectFromMs = Math.max(connectFromMs, nowMs + random.nextInt(200));
                if (random.nextInt(3) == 0) {
                    nodeIndex = random.nextInt(world.nodeCount());
                }
            }
            if (nowMs >= connectFromMs) {
                connect(nowMs);
            }
        } else if (open.deliver()) {
            return;
        }
        if (mayFix && unacked.size() < KEPT_MAX && nowMs - fixedMs >= 250) {
            fix(nowMs);
        }
        send(nowMs);
        WorldStream connected = stream;
        DriveRequest tap = connected == null || connected.isOver() ? null : work.next(nowMs);
        if (connected != null && tap != null) {
            connected.send(tap);
        }
    }

    private void connect(long nowMs) {
        stream = world.connect(nodeIndex, driver, session);
        WorldStream open = stream;
        if (open == null) {
            connectFromMs = nowMs + 50 + random.nextInt(300);
            nodeIndex = random.nextInt(world.nodeCount());
            return;
        }
        sentSeq = 0;
        sentMs = nowMs;
        Hello.Builder hello = Hello.newBuilder()
                .setSession(session)
                .setDeviceTime(
                        Timestamp.newBuilder().setSeconds(nowMs / 1_000).setNanos((int) (nowMs % 1_000) * 1_000_000));
        Authority told = authority;
        if (told != null) {
            hello.setAuthority(told);
        }
        open.send(DriveRequest.newBuilder().setHello(hello).build());
    }

    private void hear(WorldStream open, long nowMs) {
        for (DriveResponse next = open.receive(); next != null; next = open.receive()) {
            switch (next.getMessageCase()) {
                case WELCOME -> {
                    if (next.getWelcome().hasAuthority()) {
                        authority = next.getWelcome().getAuthority();
                    }
                    acknowledged(next.getWelcome().getAckedSeq());
                }
                case FIX_ACK -> {
                    if (next.getFixAck().hasAuthority()) {
                        authority = next.getFixAck().getAuthority();
                    }
                    acknowledged(next.getFixAck().getAckedSeq());
                }
                case DIRECTIVE -> directed(next.getDirective(), nowMs);
                case OFFER -> work.onOffer(next.getOffer(), nowMs);
                case TRIP_UPDATE -> work.onTrip(driver, next.getTripUpdate(), nowMs);
                case MESSAGE_NOT_SET -> {}
            }
        }
    }

    private void directed(Directive directive, long nowMs) {
        tell("told to " + directive.getKind() + " " + directive.getEndpoint());
        if (directive.hasAuthority()) {
            authority = directive.getAuthority();
        }
        switch (directive.getKind()) {
            case RECONNECT -> {
                connectFromMs = nowMs + directive.getDelayMs();
                nodeIndex = world.nodeAt(directive.getEndpoint(), nodeIndex);
                breakOff();
            }
            case SUPERSEDED -> restart();
            default -> connectFromMs = nowMs + directive.getDelayMs();
        }
    }

    private void acknowledged(long seq) {
        while (!unacked.isEmpty() && unacked.getFirst().getSeq() <= seq) {
            unacked.removeFirst();
        }
        sentSeq = Math.max(sentSeq, seq);
    }

    private void fix(long nowMs) {
        double northMeters = (target.latE7() - at.latE7()) / E7_PER_METER;
        double eastMeters = (target.lonE7() - at.lonE7()) / E7_PER_METER / LON_PER_LAT;
        double distance = Math.hypot(northMeters, eastMeters);
        long elapsedMs = nowMs - fixedMs;
        double step = elapsedMs <= 1_000 ? STEP_METERS : Math.min(STEP_METERS, elapsedMs * 0.095);
        if (distance <= step) {
            target = somewhere();
        } else {
            at = new GeoPoint(
                    at.latE7() + (int) (northMeters / distance * step * E7_PER_METER),
                    at.lonE7() + (int) (eastMeters / distance * step * E7_PER_METER * LON_PER_LAT));
        }
        fixedMs = nowMs;
        unacked.addLast(Fix.newBuilder()
                .setSeq(++lastSeq)
                .setDeviceTimeMs(nowMs)
                .setLatE7(at.latE7())
                .setLonE7(at.lonE7())
                .setState(DriverState.IDLE)
                .build());
    }

    private void send(long nowMs) {
        WorldStream open = stream;
        if (open == null || open.isOver() || unacked.isEmpty()) {
            return;
        }
        boolean isDue = nowMs - sentMs > 1_000;
        boolean isAgain = random.nextInt(12) == 0;
        if (lastSeq <= sentSeq && !isDue && !isAgain) {
            return;
        }
        long from = isDue || isAgain ? unacked.getFirst().getSeq() : sentSeq + 1;
        boolean skips = world.plan().has(WorldPlan.Fault.REORDER) && random.nextInt(10) == 0;
        FixBatch.Builder batch = FixBatch.newBuilder();
        for (Fix fix : unacked) {
            if (fix.getSeq() >= from && batch.getFixesCount() < BATCH_MAX) {
                if (skips) {
                    skips = false;
                } else {
                    batch.addFixes(fix);
                }
                sentSeq = Math.max(sentSeq, fix.getSeq());
            }
        }
        if (batch.getFixesCount() > 0) {
            sentMs = nowMs;
            open.send(DriveRequest.newBuilder().setFixBatch(batch).build());
        }
    }

    /** The app starts anew: what it had kept is gone, and it numbers from one. */
    void restart() {
        breakOff();
        session++;
        lastSeq = 0;
        sentSeq = 0;
        unacked.clear();
    }

    void breakOff() {
        WorldStream open = stream;
        if (open != null) {
            open.breakOff();
            stream = null;
        }
    }

    /** The node it talked to died. */
    void nodeDied(int index) {
        WorldStream open = stream;
        if (open != null && nodeIndex == index) {
            open.vanish();
            stream = null;
        }
    }

    /** Notes what is new to it. */
    private void tell(String news) {
        String now = news + " by " + nodeIndex;
        if (!now.equals(told)) {
            told = now;
            world.note("driver " + driver + " " + now);
        }
    }

    @Override
    public String toString() {
        WorldStream open = stream;
        String connection = open == null ? "not connected" : open.isOver() ? "cut off" : open.toString();
        return "driver " + driver + " session " + session + " waits for "
                + unacked.stream().map(Fix::getSeq).toList() + " from region-" + nodeIndex + ", " + connection;
    }
}
