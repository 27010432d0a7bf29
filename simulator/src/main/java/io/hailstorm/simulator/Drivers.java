package io.hailstorm.simulator;

import com.google.protobuf.Timestamp;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.TripProgress;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.Arrays;
import java.util.BitSet;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What each driver of a simulated fleet does about offers and trips.
 *
 * <pre>
 *   OFF ──► IDLE ──offer──► THINKING ──accept──► REPLIED ──ACCEPTED──► TO_PICKUP ──there──► ARRIVING
 *            ▲ ▲               │ declined, ended     │ ended                                   │ ARRIVED
 *            │ └───────────────┴─────────────────────┘                                         ▼
 *            └──COMPLETED── COMPLETING ◄──there── TO_DROPOFF ◄──STARTED── STARTING ◄──────── BOARDING
 *   any ── trip cancelled, expired or taken away ──► IDLE;   IDLE at the end of the shift ──► OFF
 * </pre>
 *
 * <p>The server's word moves a driver on; a command that stays unanswered is repeated, then given up. One owner thread.
 */
final class Drivers implements Phone.Listener {
    /** A pickup or drop-off is reached within this. */
    static final double THERE_METERS = 30;
    /** A command without an answer is repeated after this … */
    static final long RETRY_MS = 15_000;
    /** … so many times, then given up. */
    static final int RETRIES_MAX = 6;

    private static final double ACCEPT_PROBABILITY = 0.90;
    private static final double DECLINE_PROBABILITY = 0.08;
    private static final long THINK_MIN_MS = 1_000;
    private static final long THINK_SPREAD_MS = 3_000;
    private static final long BOARD_MIN_MS = 20_000;
    private static final long BOARD_SPREAD_MS = 40_000;
    /** Of the interval between fixes: how much of it is added at most, by chance. */
    private static final double FIX_SPREAD = 0.25;
    /** Intervals between fixes of a driver who stands. */
    private static final double PARKED_INTERVALS = 2.5;

    private static final long PARK_MAX_MS = 240_000;
    private static final long WITHDRAWN_GRACE_MS = 2_000;
    /** Drivers without a rider are in less of a hurry. */
    private static final double CRUISE_SPEED_SHARE = 0.6;

    private static final int ACCURACY_DM = 50;
    private static final double CM_PER_METER = 100;
    private static final long NEVER = Long.MAX_VALUE;

    private static final int STREAM_BEHAVIOUR = 21;
    private static final int STREAM_CRUISE = 24;
    private static final int STREAM_DROPOUT = 28;

    enum Phase {
        OFF(DriverState.OFFLINE),
        IDLE(DriverState.IDLE),
        THINKING(DriverState.IDLE),
        REPLIED(DriverState.IDLE),
        TO_PICKUP(DriverState.EN_ROUTE),
        ARRIVING(DriverState.EN_ROUTE),
        BOARDING(DriverState.EN_ROUTE),
        STARTING(DriverState.EN_ROUTE),
        TO_DROPOFF(DriverState.ON_TRIP),
        COMPLETING(DriverState.ON_TRIP);

        final DriverState reported;

        Phase(DriverState reported) {
            this.reported = reported;
        }
    }

    private final Fleet fleet;
    private final Places places;
    private final CalendarQueue calendar;
    private final ClientLedger ledger;
    private final TripBook trips;
    private final double dropoutProbability;
    private final int fixIntervalMs;
    private final Histogram pickupEtaMs;
    private final Phone[] phones;
    private final Phase[] phase;
    private final @Nullable Offer[] offer;
    private final long[] tickDueMs;
    private final long[] decideDueMs;
    private final long[] boardDueMs;
    private final long[] retryDueMs;
    private final int[] retries;
    private final long[] parkedUntilMs;
    private final long[] shiftEndMs;
    private final long[] reportedMs;
    private final int[] reportedLatE7;
    private final int[] reportedLonE7;
    private final int[] excursions;
    private final BitSet used = new BitSet();
    private boolean finishing;

    Drivers(
            Fleet fleet,
            Places places,
            CalendarQueue calendar,
            ClientLedger ledger,
            TripBook trips,
            double dropoutProbability,
            int fixIntervalMs,
            Histogram pickupEtaMs) {
        int size = fleet.size();
        this.fleet = fleet;
        this.places = places;
        this.calendar = calendar;
        this.ledger = ledger;
        this.trips = trips;
        this.dropoutProbability = dropoutProbability;
        this.fixIntervalMs = fixIntervalMs;
        this.pickupEtaMs = pickupEtaMs;
        phones = new Phone[size];
        phase = new Phase[size];
        Arrays.fill(phase, Phase.OFF);
        offer = new Offer[size];
        tickDueMs = filled(size, NEVER);
        decideDueMs = filled(size, NEVER);
        boardDueMs = filled(size, NEVER);
        retryDueMs = filled(size, NEVER);
        retries = new int[size];
        parkedUntilMs = new long[size];
        shiftEndMs = filled(size, NEVER);
        reportedMs = new long[size];
        reportedLatE7 = new int[size];
        reportedLonE7 = new int[size];
        excursions = new int[size];
    }

    private static long[] filled(int size, long value) {
        long[] values = new long[size];
        Arrays.fill(values, value);
        return values;
    }

    /** A driver whose shift begins at its first tick, at {@code beginMs}. */
    void add(int vehicle, Phone phone, int latE7, int lonE7, long beginMs, long endMs) {
        phones[vehicle] = phone;
        shiftEndMs[vehicle] = endMs;
        fleet.place(vehicle, latE7, lonE7, beginMs);
        reportedLatE7[vehicle] = latE7;
        reportedLonE7[vehicle] = lonE7;
        schedule(vehicle, tickDueMs, beginMs, EventKind.VEHICLE_TICK);
    }

    int usedCount() {
        return used.cardinality();
    }

    /** No more fixes, no more answers. */
    void finish() {
        finishing = true;
    }

    // ---- due events

    void onTick(int v, long nowMs) {
        if (tickDueMs[v] != nowMs || finishing) {
            return; // a later tick replaced this one
        }
        if (phase[v] == Phase.OFF) {
            phase[v] = Phase.IDLE;
            fleet.place(v, fleet.latE7(v), fleet.lonE7(v), nowMs);
            phones[v].start(nowMs);
            report(v, nowMs);
        } else {
            fleet.move(v, nowMs, speed(v, nowMs), phase[v].reported == DriverState.ON_TRIP);
            if (fleet.uniform(v, STREAM_DROPOUT) >= dropoutProbability && nowMs - reportedMs[v] >= fixIntervalMs / 2) {
                report(v, nowMs);
            }
            arriveIfThere(v, nowMs);
        }
        if (phase[v] == Phase.IDLE) {
            idle(v, nowMs);
        }
        if (phase[v] != Phase.OFF) {
            scheduleTick(v, nowMs);
        }
    }

    private void scheduleTick(int v, long nowMs) {
        long interval = fixIntervalMs + (long) (fleet.uniform(v, STREAM_BEHAVIOUR) * (FIX_SPREAD * fixIntervalMs));
        if (fleet.isMoving(v)) {
            interval = Math.clamp(fleet.targetMs(v, speed(v, nowMs)), 1L, interval);
        } else if (phase[v] == Phase.IDLE) {
            interval = (long) (PARKED_INTERVALS * fixIntervalMs);
        }
        schedule(v, tickDueMs, nowMs + interval, EventKind.VEHICLE_TICK);
    }

    private void arriveIfThere(int v, long nowMs) {
        if (fleet.targetMeters(v) > THERE_METERS) {
            return;
        }
        if (phase[v] == Phase.TO_PICKUP) {
            fleet.stop(v);
            phase[v] = Phase.ARRIVING;
            progress(v, TripProgress.Step.ARRIVE, nowMs);
        } else if (phase[v] == Phase.TO_DROPOFF) {
            fleet.stop(v);
            phase[v] = Phase.COMPLETING;
            progress(v, TripProgress.Step.COMPLETE, nowMs);
        }
    }

    /** Goes off at the end of the shift; else cruises from hot spot to hot spot, with pauses. */
    private void idle(int v, long nowMs) {
        if (nowMs >= shiftEndMs[v]) {
            phase[v] = Phase.OFF;
            tickDueMs[v] = NEVER;
            reportState(v, nowMs);
            return;
        }
        if (!fleet.isMoving(v) && nowMs >= parkedUntilMs[v]) {
            GeoPoint here = new GeoPoint(fleet.latE7(v), fleet.lonE7(v));
            GeoPoint spot = places.sampleNear(here, 0, v, ++excursions[v], STREAM_CRUISE);
            fleet.drive(v, spot.latE7(), spot.lonE7());
            long driveMs = fleet.targetMs(v, speed(v, nowMs));
            parkedUntilMs[v] = nowMs + driveMs + (long) (fleet.uniform(v, STREAM_BEHAVIOUR) * PARK_MAX_MS);
        }
    }

    void onDecide(int v, long nowMs) {
        Offer made = offer[v];
        if (decideDueMs[v] != nowMs || phase[v] != Phase.THINKING || made == null || finishing) {
            return;
        }
        decideDueMs[v] = NEVER;
        double mood = fleet.uniform(v, STREAM_BEHAVIOUR);
        if (nowMs >= expireMs(made)) {
            giveUpOffer(v, ClientLedger.OfferEnd.WITHDRAWN, nowMs);
        } else if (mood < ACCEPT_PROBABILITY) {
            phase[v] = Phase.REPLIED;
            reply(v, made, OfferReply.Answer.ACCEPT);
            startRetries(v, nowMs);
        } else if (mood < ACCEPT_PROBABILITY + DECLINE_PROBABILITY) {
            reply(v, made, OfferReply.Answer.DECLINE);
            giveUpOffer(v, ClientLedger.OfferEnd.DECLINED, nowMs);
        } else {
            // The driver did not look at the phone; the offer runs out.
            schedule(v, decideDueMs, expireMs(made) + WITHDRAWN_GRACE_MS, EventKind.DRIVER_DECIDES);
        }
    }

    void onBoarded(int v, long nowMs) {
        if (boardDueMs[v] == nowMs && phase[v] == Phase.BOARDING && !finishing) {
            phase[v] = Phase.STARTING;
            progress(v, TripProgress.Step.START, nowMs);
        }
    }

    void onRetry(int v, long nowMs) {
        if (retryDueMs[v] != nowMs || finishing || !isAwaiting(phase[v])) {
            return;
        }
        if (++retries[v] > RETRIES_MAX) {
            Offer lost = offer[v];
            if (phase[v] == Phase.REPLIED) {
                giveUpOffer(v, ClientLedger.OfferEnd.WITHDRAWN, nowMs);
            } else if (lost != null) {
                send(v, lost, TripProgress.Step.CANCEL);
                becomeIdle(v, nowMs);
            }
            return;
        }
        repeat(v);
        schedule(v, retryDueMs, nowMs + RETRY_MS, EventKind.DRIVER_RETRY);
    }

    // ---- what the server says

    @Override
    public void onOffer(Phone phone, Offer made, long receivedNs, long nowMs) {
        int v = phone.index();
        trips.offered(made.getTrip(), receivedNs);
        ledger.offerReceived(phone.driver(), made.getOffer(), made.getTrip(), nowMs);
        Offer current = offer[v];
        if (current != null
                && current.getOffer() == made.getOffer()
                && current.getTrip().equals(made.getTrip())) {
            return; // the server repeats itself after a lost stream
        }
        if (phase[v] != Phase.IDLE || finishing) {
            reply(v, made, OfferReply.Answer.DECLINE);
            ledger.offerEnded(phone.driver(), made.getOffer(), made.getTrip(), ClientLedger.OfferEnd.DECLINED, nowMs);
            return;
        }
        offer[v] = made;
        phase[v] = Phase.THINKING;
        long thinkMs = THINK_MIN_MS + (long) (fleet.uniform(v, STREAM_BEHAVIOUR) * THINK_SPREAD_MS);
        schedule(v, decideDueMs, nowMs + thinkMs, EventKind.DRIVER_DECIDES);
    }

    @Override
    public void onTripUpdate(Phone phone, TripUpdate update, long nowMs) {
        int v = phone.index();
        Offer mine = offer[v];
        if (mine == null || !mine.getTrip().equals(update.getTrip()) || finishing) {
            return;
        }
        boolean concernsMe = update.getDriver() == 0 || update.getDriver() == phone.driver();
        switch (update.getState()) {
            case ACCEPTED -> {
                if (concernsMe && (phase[v] == Phase.REPLIED || phase[v] == Phase.THINKING)) {
                    accepted(v, mine, nowMs);
                }
            }
            case ARRIVED -> {
                if (phase[v] == Phase.ARRIVING) {
                    phase[v] = Phase.BOARDING;
                    long boardMs = BOARD_MIN_MS + (long) (fleet.uniform(v, STREAM_BEHAVIOUR) * BOARD_SPREAD_MS);
                    schedule(v, boardDueMs, nowMs + boardMs, EventKind.RIDER_BOARDED);
                }
            }
            case STARTED -> {
                if (phase[v] == Phase.STARTING) {
                    started(v, mine, nowMs);
                }
            }
            case COMPLETED -> becomeIdle(v, nowMs);
            case MATCHING, CANCELLED, EXPIRED -> {
                if (update.getOffer() == 0 || update.getOffer() == mine.getOffer()) {
                    giveUpOffer(v, ClientLedger.OfferEnd.WITHDRAWN, nowMs);
                }
            }
            case QUOTED, REQUESTED, OFFERED, TRIP_STATE_UNSPECIFIED, UNRECOGNIZED -> {} // nothing to do about it
        }
    }

    @Override
    public void onResumed(Phone phone, long nowMs) {
        int v = phone.index();
        if (isAwaiting(phase[v]) && !finishing) {
            repeat(v);
        }
    }

    @Override
    public boolean mayRestart(Phone phone) {
        return phase[phone.index()] == Phase.IDLE;
    }

    private void accepted(int v, Offer mine, long nowMs) {
        fleet.move(v, nowMs, speed(v, nowMs), false);
        phase[v] = Phase.TO_PICKUP;
        ledger.offerEnded(phones[v].driver(), mine.getOffer(), mine.getTrip(), ClientLedger.OfferEnd.ACCEPTED, nowMs);
        pickupEtaMs.recordValue(Math.clamp(mine.getPickupEtaMs(), 0L, pickupEtaMs.getHighestTrackableValue()));
        fleet.drive(v, mine.getPickup().getLatE7(), mine.getPickup().getLonE7());
        reportState(v, nowMs);
        scheduleTick(v, nowMs);
    }

    private void started(int v, Offer mine, long nowMs) {
        fleet.move(v, nowMs, speed(v, nowMs), false);
        phase[v] = Phase.TO_DROPOFF;
        used.set(v);
        fleet.drive(v, mine.getDropoff().getLatE7(), mine.getDropoff().getLonE7());
        reportState(v, nowMs);
        scheduleTick(v, nowMs);
    }

    private void giveUpOffer(int v, ClientLedger.OfferEnd how, long nowMs) {
        Offer mine = offer[v];
        if (mine != null) {
            ledger.offerEnded(phones[v].driver(), mine.getOffer(), mine.getTrip(), how, nowMs);
        }
        becomeIdle(v, nowMs);
    }

    private void becomeIdle(int v, long nowMs) {
        boolean wasIdle = phase[v].reported == DriverState.IDLE;
        if (!wasIdle) {
            fleet.move(v, nowMs, speed(v, nowMs), phase[v].reported == DriverState.ON_TRIP);
            fleet.stop(v);
        }
        phase[v] = Phase.IDLE;
        offer[v] = null;
        retryDueMs[v] = NEVER;
        decideDueMs[v] = NEVER;
        boardDueMs[v] = NEVER;
        if (!wasIdle) {
            reportState(v, nowMs);
            scheduleTick(v, nowMs);
        }
    }

    // ---- what the phone says

    private void progress(int v, TripProgress.Step step, long nowMs) {
        Offer mine = offer[v];
        if (mine != null) {
            send(v, mine, step);
            startRetries(v, nowMs);
        }
    }

    private void startRetries(int v, long nowMs) {
        retries[v] = 0;
        schedule(v, retryDueMs, nowMs + RETRY_MS, EventKind.DRIVER_RETRY);
    }

    private void repeat(int v) {
        Offer mine = offer[v];
        if (mine == null) {
            return;
        }
        switch (phase[v]) {
            case REPLIED -> reply(v, mine, OfferReply.Answer.ACCEPT);
            case ARRIVING -> send(v, mine, TripProgress.Step.ARRIVE);
            case STARTING -> send(v, mine, TripProgress.Step.START);
            case COMPLETING -> send(v, mine, TripProgress.Step.COMPLETE);
            case OFF, IDLE, THINKING, TO_PICKUP, BOARDING, TO_DROPOFF -> {}
        }
    }

    private static boolean isAwaiting(Phase phase) {
        return switch (phase) {
            case REPLIED, ARRIVING, STARTING, COMPLETING -> true;
            case OFF, IDLE, THINKING, TO_PICKUP, BOARDING, TO_DROPOFF -> false;
        };
    }

    private void reply(int v, Offer made, OfferReply.Answer answer) {
        phones[v].command(DriveRequest.newBuilder()
                .setOfferReply(OfferReply.newBuilder()
                        .setTrip(made.getTrip())
                        .setOffer(made.getOffer())
                        .setAnswer(answer))
                .build());
    }

    private void send(int v, Offer of, TripProgress.Step step) {
        phones[v].command(DriveRequest.newBuilder()
                .setTripProgress(TripProgress.newBuilder().setTrip(of.getTrip()).setStep(step))
                .build());
    }

    private void report(int v, long nowMs) {
        fleet.drift(v, nowMs);
        reportedLatE7[v] = fleet.measuredLatE7(v);
        reportedLonE7[v] = fleet.measuredLonE7(v);
        reportedMs[v] = nowMs;
        int speedCm = fleet.isMoving(v) ? (int) (speed(v, nowMs) * CM_PER_METER) : 0;
        phones[v].capture(
                nowMs,
                reportedLatE7[v],
                reportedLonE7[v],
                phase[v].reported.code(),
                fleet.headingCentidegrees(v),
                speedCm,
                ACCURACY_DM);
    }

    private void reportState(int v, long nowMs) {
        phones[v].captureState(nowMs, reportedLatE7[v], reportedLonE7[v], phase[v].reported.code());
    }

    private double speed(int v, long nowMs) {
        double speed = places.speedMetersPerSecond(nowMs);
        return phase[v].reported == DriverState.IDLE ? speed * CRUISE_SPEED_SHARE : speed;
    }

    private void schedule(int v, long[] due, long atMs, EventKind kind) {
        due[v] = Math.max(atMs, calendar.cursorMs());
        calendar.schedule(due[v], kind.event(v));
    }

    private static long expireMs(Offer made) {
        Timestamp expire = made.getExpireTime();
        return expire.getSeconds() * 1_000 + expire.getNanos() / 1_000_000;
    }
}
