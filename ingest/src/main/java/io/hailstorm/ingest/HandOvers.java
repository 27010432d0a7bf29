package io.hailstorm.ingest;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.ObjIntConsumer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Drivers on their way to a node that serves another partition. Owned by the agent's thread.
 *
 * <table>
 * <caption>One hand-over</caption>
 * <tr><th>state</th><th>until</th><th>then</th></tr>
 * <tr><td>asked: nothing of the driver is undurable, its next fixes are held</td><td>the log takes the
 *     {@link DriverHandedOver}, the driver's last record here</td><td>written</td></tr>
 * <tr><td>written</td><td>that record is durable</td><td>gone: the phone is told where, held fixes are let go</td></tr>
 * <tr><td>asked, of a driver without a record anywhere</td><td>at once</td><td>gone</td></tr>
 * </table>
 *
 * The other node accepts the driver when it has read the record, so no two nodes ever have authority over one driver, and
 * nothing that was acknowledged here can be unknown there.
 */
final class HandOvers {
    private static final int EVENT_BYTES = 256;
    private static final long NOT_WRITTEN = -1;

    private static final class Going {
        private final DriverSession session;
        private long offset = NOT_WRITTEN;

        Going(DriverSession session) {
            this.session = session;
        }
    }

    private final Log log;
    private final HybridLogicalClock clock;
    private final PartitionServers servers;
    private final FixAppender appender;
    private final RecordBatch batch = new RecordBatch(EVENT_BYTES);
    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);
    private final List<Going> going = new ArrayList<>();

    HandOvers(Log log, HybridLogicalClock clock, PartitionServers servers, FixAppender appender) {
        this.log = log;
        this.clock = clock;
        this.servers = servers;
        this.appender = appender;
    }

    /** The driver is to leave for {@link DriverSession#awayPartition}; nothing of it is undurable. */
    void begin(DriverSession session) {
        if (!session.leaving) {
            session.leaving = true;
            going.add(new Going(session));
        }
    }

    /** A step of each hand-over; {@code gone} is told the session and the partition that has authority now. */
    int doWork(ObjIntConsumer<DriverSession> gone, long nowMs) {
        int done = 0;
        for (Iterator<Going> each = going.iterator(); each.hasNext(); ) {
            Going next = each.next();
            DriverSession session = next.session;
            if (session.owner != DriverSession.NO_OWNER && next.offset == NOT_WRITTEN) {
                next.offset = write(session, nowMs);
            }
            boolean finished = session.owner == DriverSession.NO_OWNER
                    || (next.offset >= 0
                            && log.partition(StreamName.FIXES, session.owner).durableOffset() > next.offset);
            if (finished) {
                each.remove();
                gone.accept(session, session.awayPartition);
                done++;
            }
        }
        return done;
    }

    /** This node no longer serves the partition: whoever does decides anew. */
    void forget(int partition) {
        going.removeIf(each -> each.session.owner == partition);
    }

    private long write(DriverSession session, long nowMs) {
        if (appender.isBlocked() || !appender.flush()) {
            return NOT_WRITTEN;
        }
        long hlc = clock.next();
        byte[] event = Event.newBuilder()
                .setEventId(hlc ^ servers.eventSalt())
                .setSchemaVersion(SchemaVersion.current(Event.PayloadCase.DRIVER_HANDED_OVER))
                .setHlc(hlc)
                .setTimeMs(nowMs)
                .setDriverHandedOver(DriverHandedOver.newBuilder()
                        .setDriver(session.driver)
                        .setSession(session.session)
                        .setDe(session.de + 1)
                        .setToPartition(session.awayPartition))
                .build()
                .toByteArray();
        bytes.wrap(event);
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc);
        if (!batch.add(RecordType.EVENT, bytes, 0, event.length)) {
            throw new IllegalStateException("a hand-over fits into " + EVENT_BYTES + " bytes, got " + event.length);
        }
        long offset = log.partition(StreamName.FIXES, session.owner).append(batch);
        return offset == PartitionLog.BACK_PRESSURED || offset == PartitionLog.FENCED ? NOT_WRITTEN : offset;
    }
}
