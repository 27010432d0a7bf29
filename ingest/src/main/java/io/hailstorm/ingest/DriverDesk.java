package io.hailstorm.ingest;

import io.grpc.Status;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.TripId;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.FixAck;
import io.hailstorm.protocol.v1.FixRejection;
import io.hailstorm.protocol.v1.OfferAnswered;
import io.hailstorm.protocol.v1.TripProgressReported;
import io.hailstorm.protocol.v1.Welcome;
import java.util.ArrayList;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Serves drivers' streams on the agent's thread: sessions, fixes, answers to offers, and one coalesced acknowledgement a
 * stream and turn. Methods that answer false must be asked again at a later turn with the same message.
 */
final class DriverDesk implements PendingAcks.Tally, HandOvers.Phones {
    /** Bounds of waits that phones are told, which draw a time below them: those who are sent on together come apart. */
    private static final int AWAY_DELAY_MS_MAX = 100;

    private static final int RETRY_DELAY_MS_MAX = 1_000;
    private static final int LOST_DELAY_MS_MAX = 1_000;
    private static final int JITTER_STREAM = 0;

    private final IngestConfig config;
    private final EdgeHub hub;
    private final DriverSessions sessions;
    private final PartitionServers servers;
    private final FixDecider decider;
    private final TripAppender trips;
    private final TripFeed tripFeed;
    private final IngestMetrics metrics;
    private final Reception reception;
    private final EarlyPhones early;
    private final HandOverStats stats;
    private long draws;
    /** Streams with something to acknowledge. */
    private ArrayList<DriverStream> due = new ArrayList<>();

    private ArrayList<DriverStream> answering = new ArrayList<>();

    DriverDesk(
            IngestConfig config,
            EdgeHub hub,
            DriverSessions sessions,
            PartitionServers servers,
            FixDecider decider,
            TripAppender trips,
            TripFeed tripFeed,
            IngestMetrics metrics,
            Reception reception,
            HandOverStats stats) {
        this.config = config;
        this.hub = hub;
        this.sessions = sessions;
        this.servers = servers;
        this.decider = decider;
        this.trips = trips;
        this.tripFeed = tripFeed;
        this.metrics = metrics;
        this.reception = reception;
        this.stats = stats;
        early = new EarlyPhones(stats);
    }

    boolean hello(DriverStream stream, long sessionNumber, long clockOffsetMs, AuthorityClaim claim, long nowMs) {
        return switch (reception.of(stream.principal.id(), claim, nowMs)) {
            case Reception.Here here -> greet(stream, sessionNumber, clockOffsetMs, nowMs);
            case Reception.Elsewhere(int partition, AuthorityClaim authority) -> {
                sendAway(stream, partition, delayMs(stream, AWAY_DELAY_MS_MAX), authority);
                yield true;
            }
            case Reception.Unclear unclear -> {
                if (!early.hold(stream, sessionNumber, clockOffsetMs, claim, nowMs)) {
                    retry(stream);
                }
                yield true;
            }
        };
    }

    /** Greets or sends on the phones of whom it is clear now where they belong. */
    int receiveEarly(long nowMs) {
        return early.isEmpty() ? 0 : early.settle(each -> receive(each, nowMs), this::retry, nowMs);
    }

    private boolean receive(EarlyPhones.Early each, long nowMs) {
        DriverStream stream = each.stream();
        switch (reception.of(stream.principal.id(), each.claim(), nowMs)) {
            case Reception.Here here -> {
                if (!greet(stream, each.session(), each.clockOffsetMs(), nowMs)) {
                    return false;
                }
                stream.tally.early = null;
                arrive(stream, each.count(), each.records(), 0, nowMs);
            }
            case Reception.Elsewhere(int partition, AuthorityClaim authority) ->
                sendAway(stream, partition, delayMs(stream, AWAY_DELAY_MS_MAX), authority);
            case Reception.Unclear unclear -> {
                return false;
            }
        }
        return true;
    }

    /** Nothing is known of the driver yet: the phone asks again later, where it was last known to be. */
    private void retry(DriverStream stream) {
        stats.retried();
        DriverSession known = sessions.find(stream.principal.id());
        int partition = known == null ? DriverSession.NO_OWNER : known.owner;
        sendAway(stream, partition, delayMs(stream, RETRY_DELAY_MS_MAX), AuthorityClaim.NONE);
    }

    private int delayMs(DriverStream stream, int boundMs) {
        return CounterRandom.below(boundMs, servers.eventSalt(), stream.principal.id(), draws++, JITTER_STREAM);
    }

    private boolean greet(DriverStream stream, long sessionNumber, long clockOffsetMs, long nowMs) {
        long driver = stream.principal.id();
        DriverSession known = sessions.find(driver);
        if (known == null && sessions.count() >= config.maxSessions()) {
            metrics.shed("sessions").increment();
            stream.outbox.fail(RpcErrors.overloaded("too many drivers: at most " + config.maxSessions(), 60_000));
            return true;
        }
        DriverSession session = sessions.findOrCreate(driver);
        if (sessionNumber < session.session) {
            stream.outbox.send(superseded());
            stream.outbox.fail(Status.FAILED_PRECONDITION.withDescription("stale session: expected at least "
                    + session.session + ", got " + sessionNumber + "; another app instance is in charge"));
            return true;
        }
        DriverStream former = session.stream;
        if (sessionNumber > session.session) {
            if (!decider.abandonHeld(session)) {
                return false;
            }
            session.begin(sessionNumber);
        }
        if (former != null && former != stream) {
            replace(former, sessionNumber);
        }
        session.stream = stream;
        stream.tally.greeted(session, session.doneSeq());
        Welcome.Builder welcome = Welcome.newBuilder()
                .setAckedSeq(session.doneSeq())
                .setClockOffsetMs(clockOffsetMs)
                .setRegionEpoch((int) decider.map().epoch());
        AuthorityClaim authority = reception.authority(session);
        if (!authority.isNone()) {
            welcome.setAuthority(authority.toProto());
            stream.tally.told(authority.partition(), authority.de());
        }
        stream.outbox.send(DriveResponse.newBuilder().setWelcome(welcome).build());
        tripFeed.connected(driver, nowMs);
        return true;
    }

    /** Tells the phone which node serves it; without one for now, to come back soon. */
    private void sendAway(DriverStream stream, int partition, int delayMs, AuthorityClaim authority) {
        Directive.Builder directive = Directive.newBuilder()
                .setKind(Directive.Kind.RECONNECT)
                .setDelayMs(delayMs)
                .setClockOffsetMs(stream.clockOffsetMs())
                .setEndpoint(partition < 0 ? "" : servers.endpoint(partition));
        if (!authority.isNone()) {
            directive.setAuthority(authority.toProto());
        }
        stream.outbox.send(DriveResponse.newBuilder().setDirective(directive).build());
        early.forget(stream);
        stream.tally.away = true;
        metrics.sentAway();
        stream.outbox.complete();
    }

    /** The driver is another node's now: what is settled is acknowledged, the rest the phone sends there, at once. */
    @Override
    public void left(DriverSession session, int partition, AuthorityClaim authority) {
        gone(session, partition, 0, authority, null);
    }

    /** The partition that has authority over the driver is another node's now; so are all its drivers. */
    void lost(DriverSession session, long @Nullable [] undurable) {
        int delayMs = session.stream == null ? 0 : delayMs(session.stream, LOST_DELAY_MS_MAX);
        gone(session, session.owner, delayMs, AuthorityClaim.NONE, undurable);
    }

    private void gone(
            DriverSession session, int partition, int delayMs, AuthorityClaim authority, long @Nullable [] undurable) {
        DriverStream stream = session.stream;
        if (stream != null) {
            acknowledge(stream);
            sendAway(stream, partition, delayMs, authority);
            session.stream = null;
        }
        sessions.rollBack(session, undurable);
    }

    private void replace(DriverStream former, long sessionNumber) {
        acknowledge(former);
        if (former.tally.sessionNumber < sessionNumber) {
            former.outbox.send(superseded());
            former.outbox.complete();
        } else {
            former.outbox.fail(Status.ABORTED.withDescription("the same session opened a newer stream"));
        }
    }

    private static DriveResponse superseded() {
        return DriveResponse.newBuilder()
                .setDirective(Directive.newBuilder().setKind(Directive.Kind.SUPERSEDED))
                .build();
    }

    void fixes(DriverStream stream, int count, MutableDirectBuffer buffer, int bodyIndex, long nowMs) {
        stream.tally.receivedCount += count;
        if (stream.tally.away) {
            stream.tally.settledCount += count;
        } else if (stream.tally.early == null) {
            arrive(stream, count, buffer, bodyIndex, nowMs);
        } else if (!early.keep(stream.tally.early, count, buffer, bodyIndex)) {
            retry(stream);
        }
    }

    private void arrive(DriverStream stream, int count, MutableDirectBuffer buffer, int bodyIndex, long nowMs) {
        DriverSession session = stream.tally.session;
        boolean current = session != null && session.session == stream.tally.sessionNumber;
        for (int i = 0; i < count; i++) {
            int index = bodyIndex + i * FixDescriptor.LENGTH;
            if (session == null || !current) {
                long seq = buffer.getLong(index + FixDescriptor.SEQ_OFFSET);
                decider.refuse(stream, seq, FixRejection.STALE_SESSION_VALUE);
            } else {
                decider.arrive(session, stream, buffer, index, nowMs);
            }
        }
        markDue(stream);
    }

    boolean offerReply(DriverStream stream, DirectBuffer buffer, int index, long nowMs) {
        TripId trip = trip(buffer, index);
        return append(
                stream,
                trip,
                Event.newBuilder()
                        .setOfferAnswered(OfferAnswered.newBuilder()
                                .setTrip(trip.toString())
                                .setOffer(buffer.getLong(index + EdgeRing.LONG_3_OFFSET))
                                .setDriver(stream.principal.id())
                                .setAccepted(buffer.getInt(index + EdgeRing.SMALL_OFFSET) == 1)),
                nowMs);
    }

    boolean progress(DriverStream stream, DirectBuffer buffer, int index, long nowMs) {
        TripId trip = trip(buffer, index);
        return append(
                stream,
                trip,
                Event.newBuilder()
                        .setTripProgressReported(TripProgressReported.newBuilder()
                                .setTrip(trip.toString())
                                .setDriver(stream.principal.id())
                                .setStep(buffer.getInt(index + EdgeRing.SMALL_OFFSET))),
                nowMs);
    }

    private static TripId trip(DirectBuffer buffer, int index) {
        return new TripId(buffer.getLong(index + EdgeRing.BODY_OFFSET), buffer.getLong(index + EdgeRing.LONG_2_OFFSET));
    }

    private boolean append(DriverStream stream, TripId trip, Event.Builder command, long nowMs) {
        PartitionMap map = decider.map();
        int partition = trips.partitionOf(map, trip.homeCell());
        if (partition == PartitionMap.NO_PARTITION) {
            stream.outbox.fail(RpcErrors.invalid("trip " + trip + " is of no region served here"));
            return true;
        }
        if (partition == TripAppender.NONE_SERVED) {
            stream.outbox.fail(Status.UNAVAILABLE.withDescription("this node serves no partition just now"));
            return true;
        }
        DriverSession session = stream.tally.session;
        if (session != null) {
            command.setDe(session.de).setSession(session.session).setSeq(session.orderSeq);
        }
        command.setAggregateId(trip.toString()).setCorrelationId(trip.toString());
        return trips.append(partition, command, map.epoch(), nowMs) != PartitionLog.BACK_PRESSURED;
    }

    /** The client has sent everything; the stream ends once that is settled. */
    boolean halfClosed(DriverStream stream) {
        stream.tally.halfClosed = true;
        markDue(stream);
        return true;
    }

    /** The call is over, and this is the last that comes of it. */
    boolean ended(DriverStream stream) {
        DriverSession session = stream.tally.session;
        if (session != null && session.stream == stream) {
            session.stream = null;
        }
        early.forget(stream);
        hub.release(stream);
        return true;
    }

    @Override
    public void settled(DriverSession session, DriverStream stream, int outcome, long lastSeq, int count) {
        if (outcome == PendingAcks.ACCEPTED) {
            stream.tally.accepted(count);
            metrics.acceptedFixes(count);
        } else if (outcome == PendingAcks.LATE) {
            stream.tally.late(count);
            metrics.lateFixes(count);
        } else {
            int reason = outcome - PendingAcks.REJECTED;
            stream.tally.rejected(lastSeq, reason);
            metrics.rejectedFixes(reason, count);
        }
        markDue(stream);
        DriverStream current = session.stream;
        if (current != null && current != stream) {
            markDue(current);
        }
    }

    private void markDue(DriverStream stream) {
        if (!stream.tally.due) {
            stream.tally.due = true;
            due.add(stream);
        }
    }

    /** Acknowledges what is due to every client that reads. */
    int answer(int maxReady) {
        DriverStream ready;
        for (int i = 0; i < maxReady && (ready = hub.pollReady()) != null; i++) {
            markDue(ready);
        }
        if (due.isEmpty()) {
            return 0;
        }
        ArrayList<DriverStream> streams = due;
        due = answering;
        answering = streams;
        int answered = streams.size();
        for (int i = 0; i < answered; i++) {
            DriverStream stream = streams.get(i);
            stream.tally.due = false;
            answer(stream);
        }
        streams.clear();
        return answered;
    }

    private void answer(DriverStream stream) {
        if (stream.outbox.isReady() || !stream.awaitReady()) {
            acknowledge(stream);
        }
        stream.settled(stream.tally.settledCount);
        if (stream.tally.halfClosed && stream.tally.isSettled() && !stream.outbox.isClosed()) {
            acknowledge(stream);
            stream.outbox.complete();
        }
    }

    private void acknowledge(DriverStream stream) {
        DriverSession session = stream.tally.session;
        if (session == null || stream.outbox.isClosed()) {
            return;
        }
        boolean current = session.session == stream.tally.sessionNumber;
        long doneSeq = current ? session.doneSeq() : 0;
        if (stream.tally.hasNews(doneSeq)) {
            FixAck ack = stream.tally.take(doneSeq);
            stream.outbox.send(DriveResponse.newBuilder()
                    .setFixAck(current && isNews(session, stream) ? withAuthority(ack, session, stream) : ack)
                    .build());
        }
    }

    /** Whether the driver has another owner, or another epoch, than the phone was last told on this stream. */
    private boolean isNews(DriverSession session, DriverStream stream) {
        return !servers.isAlone()
                && session.owner != DriverSession.NO_OWNER
                && !session.isChangeUndurable()
                && !stream.tally.isTold(session.owner, session.de);
    }

    private FixAck withAuthority(FixAck ack, DriverSession session, DriverStream stream) {
        stream.tally.told(session.owner, session.de);
        return ack.toBuilder()
                .setAuthority(reception.authority(session).toProto())
                .build();
    }
}
