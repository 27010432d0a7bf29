package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.GeoLog;
import io.hailstorm.log.GeoLogConfig;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.GeoTransport;
import io.hailstorm.log.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Two regions and their witness; partition 0 is a's home. */
final class TwoRegions {
    static final Path DIRECTORY = Path.of("/region");
    private static final int TURNS_MAX = 5_000;

    private final VirtualTime time = new VirtualTime(1_000_000);
    private final WorldNetwork network = new WorldNetwork(time, new SplittableRandom(1), new WorldVerdict(1));
    private final WorldWitness witness = new WorldWitness(network, time);
    final FaultyDisk diskA = FaultyDisk.onHeap();
    final FaultyDisk diskB = FaultyDisk.onHeap();
    final GeoLog a = open("a", diskA);
    final GeoLog b = open("b", diskB);
    private final RecordBatch batch = new RecordBatch(4096);
    boolean isCutOff;
    private long hlc = 1;

    TwoRegions() {
        until(() -> a.owns(0) && a.isReady() && b.isReady());
    }

    static GeoLogConfig config(String self) {
        List<GeoMember> members = List.of(new GeoMember("a", "a", 0, 1), new GeoMember("b", "b", 1, 1));
        return GeoLogConfig.defaults(self, members, WorldWitness.NAME);
    }

    private GeoLog open(String self, FaultyDisk disk) {
        GeoTransport transport = network.join(self, () -> {});
        return GeoLog.open(
                config(self),
                WorldPlace.INSTANCE.log(2, 5),
                self.equals("a") ? new Cable(transport) : transport,
                disk,
                time,
                DIRECTORY,
                Safeguards.ALL);
    }

    void append(GeoLog log, String... records) {
        for (String record : records) {
            byte[] bytes = record.getBytes(StandardCharsets.US_ASCII);
            batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc++);
            batch.add(RecordType.TEXT, new UnsafeBuffer(bytes), 0, bytes.length);
            assertThat(log.partition(StreamName.FIXES, 0).append(batch)).isNotNegative();
        }
    }

    long end(GeoLog log) {
        return log.partition(StreamName.FIXES, 0).durableOffset();
    }

    void until(BooleanSupplier isSo) {
        int turns = 0;
        for (; turns < TURNS_MAX && !isSo.getAsBoolean(); turns++) {
            time.advanceMs(5);
            witness.turn();
            a.doWork(time.monotonicNs());
            b.doWork(time.monotonicNs());
        }
        assertThat(turns).isLessThan(TURNS_MAX);
    }

    /** a's way to everybody else. */
    private final class Cable implements GeoTransport {
        private final GeoTransport transport;

        Cable(GeoTransport transport) {
            this.transport = transport;
        }

        @Override
        public boolean send(String toMember, DirectBuffer message, int index, int length) {
            return isCutOff || transport.send(toMember, message, index, length);
        }

        @Override
        public int poll(Receiver receiver, int maxMessages) {
            return isCutOff ? 0 : transport.poll(receiver, maxMessages);
        }

        @Override
        public int maxMessageBytes() {
            return transport.maxMessageBytes();
        }
    }
}
