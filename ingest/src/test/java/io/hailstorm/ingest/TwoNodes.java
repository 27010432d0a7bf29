package io.hailstorm.ingest;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.List;

/** Two nodes, each with a partition of its own and a copy, as long as the test lets it become, of the other's. */
final class TwoNodes implements AutoCloseable {
    /** A few hundred metres from the border each, so that a car crosses it in a few fixes. */
    static final int WALK_STEPS = 4;

    final VirtualTime time = new VirtualTime(EdgeHarness.START_MS);
    final ManualLog log = new ManualLog(2);
    final PartitionMap map = EdgeHarness.westAndEast(Cells.create());
    final Node west;
    final Node east;
    private final Safeguards safeguards;
    private final GeoPoint border;

    TwoNodes(Safeguards safeguards) {
        this.safeguards = safeguards;
        border = border();
        west = new Node(0);
        east = new Node(1);
    }

    private GeoPoint border() {
        Cells cells = Cells.create();
        for (double lon = -122.47; lon < -122.41; lon += 0.0002) {
            GeoPoint at = GeoPoint.ofDegrees(37.77, lon);
            if (map.partitionOf(cells.cellOf(at.latE7(), at.lonE7(), Cells.DRIVER_RESOLUTION)) == 1) {
                return at;
            }
        }
        throw new IllegalStateException("the map has no border on this line");
    }

    /** So many steps of about a hundred metres east of the border. */
    GeoPoint at(int steps) {
        return new GeoPoint(border.latE7(), border.lonE7() + steps * 12_000);
    }

    Node node(int index) {
        return index == 0 ? west : east;
    }

    Node named(String endpoint) {
        return endpoint.equals("node-0") ? west : east;
    }

    /** Everything gets everywhere, and is acted on. */
    void settle() {
        for (int i = 0; i < 6; i++) {
            for (int n = 0; n < 2; n++) {
                node(n).turn();
                node(n).sync(Integer.MAX_VALUE / 2);
                node(n).turn();
                node(1 - n).follow(Integer.MAX_VALUE / 2);
            }
        }
    }

    /** The events of hand-overs in one node's partition, by name of their payloads. */
    List<String> steps(int partition) {
        List<String> steps = new ArrayList<>();
        for (ManualLog.Entry entry : log.partition(StreamName.FIXES, partition).entries) {
            if (entry.type() == RecordType.EVENT) {
                steps.add(EdgeHarness.event(entry.bytes()).getPayloadCase().name());
            }
        }
        return steps;
    }

    @Override
    public void close() {
        west.edge.close();
        east.edge.close();
    }

    /** One node; a crash takes what is not on its disk. */
    final class Node implements PartitionServers {
        final int own;
        EdgeHarness edge;
        private final FixView fix = new FixView();
        private long copiedFixes;
        private long copiedLate;

        Node(int own) {
            this.own = own;
            edge = new EdgeHarness(log, log, time, map, this, safeguards);
        }

        @Override
        public boolean isAlone() {
            return false;
        }

        @Override
        public boolean serves(int partition) {
            return partition == own;
        }

        @Override
        public String endpoint(int partition) {
            return partition == own ? "" : "node-" + partition;
        }

        @Override
        public long eventSalt() {
            return own;
        }

        void turn() {
            edge.agent.doWork(time.epochMs());
        }

        /** More of what it has appended gets to its disk. */
        void sync(int count) {
            log.partition(StreamName.FIXES, own).sync(count);
            log.partition(StreamName.LATE, own).sync(count);
        }

        /** More of what the other has on its disk gets here, and is read. */
        void follow(int count) {
            int other = 1 - own;
            copiedFixes = fold(StreamName.FIXES, other, copiedFixes, count);
            copiedLate = fold(StreamName.LATE, other, copiedLate, count);
        }

        private long fold(StreamName stream, int partition, long from, int count) {
            int most = (int) Math.min(count, Integer.MAX_VALUE - from);
            boolean late = stream == StreamName.LATE;
            RecordHandler fold = (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT) {
                    byte[] bytes = new byte[length];
                    buffer.getBytes(index, bytes);
                    edge.agent.recoverHandOver(partition, EdgeHarness.event(bytes));
                } else {
                    edge.agent.recover(partition, fix.wrap(buffer, index), late);
                }
                return true;
            };
            long next = log.partition(stream, partition).read(from, most, fold);
            if (partition != own) {
                edge.agent.folded(stream, partition, next);
            }
            return next;
        }

        /** Reads the records it has read before again. */
        void readAgain() {
            int other = 1 - own;
            fold(StreamName.FIXES, other, 0, (int) copiedFixes);
            edge.agent.folded(StreamName.FIXES, other, copiedFixes);
        }

        void crash() {
            edge.close();
            log.partition(StreamName.FIXES, own).crash();
            log.partition(StreamName.LATE, own).crash();
            edge = new EdgeHarness(log, log, time, map, this, safeguards);
            for (int partition = 0; partition < 2; partition++) {
                boolean mine = partition == own;
                fold(StreamName.FIXES, partition, 0, mine ? Integer.MAX_VALUE : (int) copiedFixes);
                fold(StreamName.LATE, partition, 0, mine ? Integer.MAX_VALUE : (int) copiedLate);
            }
        }

        /** Whether it would accept a driver's fixes. */
        boolean hasAuthority(long driver) {
            return edge.agent.authorityOf(driver) == own;
        }

        HandOverSummary summary() {
            return edge.agent.handOverSummary();
        }

        /** The records of hand-overs that are on its disk. */
        List<Event> durable() {
            List<Event> events = new ArrayList<>();
            log.partition(StreamName.FIXES, own)
                    .read(0, Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
                        if (type == RecordType.EVENT) {
                            byte[] bytes = new byte[length];
                            buffer.getBytes(index, bytes);
                            events.add(EdgeHarness.event(bytes));
                        }
                        return true;
                    });
            return events;
        }
    }
}
