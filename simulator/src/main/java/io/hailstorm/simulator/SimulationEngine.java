package io.hailstorm.simulator;

import io.grpc.Status;
import io.hailstorm.kernel.TimeSource;
import java.util.Optional;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** Wires the parts of a simulation and drives them; one method for each kind of event and of message. */
final class SimulationEngine implements Simulation {
    private static final long DURATION_MAX_MS = 86_400_000L;
    private static final double MS_PER_SECOND = 1_000;
    private static final double US_PER_MS = 1_000;
    private static final double NS_PER_SECOND = 1e9;
    private static final double METERS_PER_KM = 1_000;

    private final SimulationConfig config;
    private final TimeSource time;
    private final LedgerFile.@Nullable Writer ledgerFile;
    private final Pauses pauses;
    private final CalendarQueue calendar;
    private final Inbox inbox = new Inbox();
    private final PhoneCounters counters = new PhoneCounters();
    private final ClientLedger ledger = new ClientLedger();
    private final PhoneNetwork network;
    private final Phone[] phones;
    private final Fleet fleet;
    private final Drivers drivers;
    private final Riders riders;
    private final @Nullable OpenLoop openLoop;
    private final Histogram waitMs = new Histogram(DURATION_MAX_MS, 3);
    private final Histogram pickupEtaMs = new Histogram(DURATION_MAX_MS, 3);
    private final Histogram requestToOfferUs = new Histogram(DURATION_MAX_MS * 1_000, 3);

    private long nowMs;
    private long finishByMs = Long.MAX_VALUE;
    private boolean finishing;
    private boolean closed;
    private long progressNs;
    private long progressAnswered;

    SimulationEngine(
            SimulationConfig config,
            Endpoints endpoints,
            TokenSource tokens,
            TimeSource time,
            Optional<LedgerFile.Writer> ledgerFile,
            long startMs,
            Pauses pauses) {
        this.pauses = pauses;
        this.config = config;
        this.time = time;
        this.ledgerFile = ledgerFile.orElse(null);
        nowMs = startMs;
        progressNs = time.monotonicNs();
        calendar = new CalendarQueue(startMs);
        network = new PhoneNetwork(
                calendar, inbox, counters, ledger, this.ledgerFile, config, endpoints, tokens, time, pauses);
        Places places = new Places(config.city(), config.serviceArea(), config.seed(), startMs);
        TripBook book = new TripBook(requestToOfferUs);
        FleetPlan plan = FleetPlan.of(config, places, startMs);
        fleet = new Fleet(
                config.isOpenLoop() ? 0 : plan.size(),
                config.seed(),
                config.realism().gpsNoiseMeters());
        drivers = new Drivers(
                fleet,
                places,
                calendar,
                ledger,
                book,
                config.realism().dropoutProbability(),
                config.fixIntervalMs(),
                pickupEtaMs);
        phones = new Phone[plan.size()];
        openLoop = config.isOpenLoop() ? new OpenLoop(config.fixes().orElseThrow(), phones) : null;
        for (int v = 0; v < phones.length; v++) {
            phones[v] = openLoop == null
                    ? new Phone(v, plan.driver(v), network, config.realism(), false, drivers)
                    : new Phone(v, plan.driver(v), network, Realism.off(), true, openLoop);
            if (openLoop == null) {
                drivers.add(v, phones[v], plan.latE7(v), plan.lonE7(v), plan.beginMs(v), plan.endMs(v));
            }
        }
        riders = new Riders(
                demand(places, plan.size()),
                new RiderNetwork(inbox, endpoints, tokens),
                calendar,
                ledger,
                book,
                time,
                waitMs,
                config,
                startMs);
    }

    private Demand demand(Places places, int fleetSize) {
        if (config.trips().isPresent()) {
            return new Demand.Recorded(config.trips().orElseThrow());
        }
        return config.isOpenLoop()
                ? new Demand.None()
                : new Demand.Synthetic(places, config.seed(), config.tripsPerVehicleHour() * fleetSize);
    }

    @Override
    public int step(long toMs) {
        nowMs = Math.max(nowMs, toMs);
        int work = calendar.poll(nowMs, this::onEvent);
        if (openLoop != null && !finishing) {
            work += openLoop.replayUntil(nowMs);
        }
        for (Inbox.Inbound inbound = inbox.poll(); inbound != null; inbound = inbox.poll()) {
            onInbound(inbound);
            work++;
        }
        if (ledgerFile != null) {
            ledgerFile.flush();
        }
        return work;
    }

    private void onEvent(long event, long atMs) {
        int index = EventKind.indexOf(event);
        switch (EventKind.kindOf(event)) {
            case VEHICLE_TICK -> drivers.onTick(index, atMs);
            case DRIVER_DECIDES -> drivers.onDecide(index, atMs);
            case RIDER_BOARDED -> drivers.onBoarded(index, atMs);
            case DRIVER_RETRY -> drivers.onRetry(index, atMs);
            case PHONE_SEND -> phones[index].onSendDue(atMs);
            case PHONE_CONNECT -> phones[index].onConnectDue(atMs);
            case PHONE_DROP -> phones[index].onDropDue(atMs);
            case PHONE_RESTART -> phones[index].onRestartDue(atMs);
            case PHONE_GIVE_UP -> phones[index].onGiveUpDue(atMs);
            case DEMAND -> riders.onDemand(atMs);
            case RIDER_RETRY -> riders.onRetry(index, atMs);
            case RIDER_CANCEL -> riders.onCancelDue(index);
            case RIDER_WATCH -> riders.onWatchDue(index);
        }
    }

    private void onInbound(Inbox.Inbound inbound) {
        switch (inbound) {
            case Inbox.FromDriverStream message -> message.phone().onMessage(message, nowMs);
            case Inbox.DriverStreamReady ready -> ready.phone().onStreamReady(ready.generation(), nowMs);
            case Inbox.DriverStreamEnded end -> end.phone().onStreamEnded(end.generation(), end.status(), nowMs);
            case Inbox.QuoteAnswered answer -> riders.onQuote(answer, nowMs);
            case Inbox.TripAnswered answer -> riders.onTrip(answer, nowMs);
            case Inbox.CallFailed failure -> riders.onCallFailed(failure, nowMs);
            case Inbox.CancelAnswered answer -> riders.onCancelAnswered(answer, nowMs);
            case Inbox.TripChanged change -> riders.onTripChanged(change, nowMs);
            case Inbox.WatchEnded end -> riders.onWatchEnded(end, nowMs);
        }
    }

    @Override
    public boolean canAdvance() {
        // A clock that moved between Hello and its reading would pass for the phone's skew.
        return counters.greeting == 0
                && counters.inFlight.total() <= config.maxInFlightFixes()
                && counters.inFlight.ageMs(nowMs) <= config.maxInFlightAgeMs()
                && riders.outstandingCalls <= config.maxOutstandingCalls();
    }

    @Override
    public boolean isInputExhausted() {
        return openLoop != null ? openLoop.isExhausted() : riders.isExhausted();
    }

    @Override
    public void finish(long atMs) {
        if (finishing) {
            return;
        }
        nowMs = Math.max(nowMs, atMs);
        finishing = true;
        pauses.stop();
        finishByMs = nowMs + DRAIN_MAX_MS;
        drivers.finish();
        riders.finish();
        for (Phone phone : phones) {
            phone.finish(nowMs);
        }
    }

    @Override
    public boolean isFinished() {
        return finishing && (nowMs >= finishByMs || isDrained());
    }

    private boolean isDrained() {
        for (Phone phone : phones) {
            if (!phone.isDrained()) {
                return false;
            }
        }
        return riders.outstandingCalls == 0;
    }

    @Override
    public SimulationReport report() {
        long unacked = 0;
        for (Phone phone : phones) {
            unacked += phone.unackedCount();
        }
        return new SimulationReport(
                new SimulationReport.Fixes(
                        counters.sends - counters.sendsLost + counters.resumed,
                        counters.accepted + counters.resumed,
                        counters.duplicate,
                        counters.late,
                        counters.resumed,
                        counters.rejectedByReason(),
                        counters.inFlight.total(),
                        unacked),
                config.fixes().map(RecordedFixes::malformedCount).orElse(0L)
                        + config.trips().map(RecordedTrips::malformedCount).orElse(0L),
                new SimulationReport.Trips(
                        riders.requested,
                        riders.matched,
                        riders.completed,
                        riders.cancelled,
                        riders.expired,
                        riders.openTrips(),
                        riders.priceDeclined,
                        riders.failed),
                seconds(waitMs),
                seconds(pickupEtaMs),
                new SimulationReport.Vehicles(
                        phones.length,
                        drivers.usedCount(),
                        fleet.emptyMeters() / METERS_PER_KM,
                        fleet.occupiedMeters() / METERS_PER_KM),
                latency(requestToOfferUs),
                latency(counters.fixToAckUs),
                new SimulationReport.Phones(
                        counters.streamsOpened,
                        counters.streamsLost,
                        counters.resumes,
                        counters.restarts,
                        counters.superseded,
                        counters.skippedFixes,
                        counters.redirects,
                        counters.endpointSwitches,
                        counters.bounces,
                        counters.unansweredStreams,
                        riders.endpointSwitches));
    }

    private static SimulationReport.Percentiles seconds(Histogram ms) {
        return new SimulationReport.Percentiles(
                ms.getTotalCount(),
                ms.getValueAtPercentile(50) / MS_PER_SECOND,
                ms.getValueAtPercentile(95) / MS_PER_SECOND);
    }

    private static SimulationReport.Latency latency(Histogram us) {
        return new SimulationReport.Latency(
                us.getTotalCount(), us.getValueAtPercentile(50) / US_PER_MS, us.getValueAtPercentile(99) / US_PER_MS);
    }

    @Override
    public SimulationProgress progress() {
        long atNs = time.monotonicNs();
        long answered = counters.answered();
        double seconds = (atNs - progressNs) / NS_PER_SECOND;
        double perSecond = seconds <= 0 ? 0 : (answered - progressAnswered) / seconds;
        progressNs = atNs;
        progressAnswered = answered;
        return new SimulationProgress(
                counters.online, perSecond, answered, riders.openTrips(), riders.requested, riders.completed);
    }

    @Override
    public Optional<String> lastFailure() {
        Status failure = network.lastFailure != null ? network.lastFailure : riders.lastFailure;
        return failure == null
                ? Optional.empty()
                : Optional.of(failure.getCode() + ": " + String.valueOf(failure.getDescription()));
    }

    @Override
    public Pauses pauses() {
        return pauses;
    }

    @Override
    public ClientLedger ledger() {
        return ledger;
    }

    @Override
    public long fleetDigest() {
        return fleet.digest();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Phone phone : phones) {
            phone.close();
        }
        riders.close();
        if (ledgerFile != null) {
            ledgerFile.flush();
        }
    }
}
