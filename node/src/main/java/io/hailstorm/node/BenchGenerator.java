package io.hailstorm.node;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixBatch;
import io.hailstorm.protocol.v1.Hello;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The other side of {@code bench ingest}: a process of its own that streams fixes from many phones as fast as
 * acknowledgements come back, or at a rate. Arguments: port, file of tokens (one a line, driver ids 1, 2 …), fixes a batch,
 * seconds, fixes a second (0 for as fast as possible). At a rate, what was acknowledged goes to standard output as
 * {@link AckRecords}.
 */
final class BenchGenerator {
    private static final int STREAMS_PER_CHANNEL = 64;
    private static final int WINDOW_FIXES = 500;
    private static final long FLUSH_NS = 20_000_000;
    private static final int LAT_E7 = 377_700_000;
    private static final int LON_E7 = -1_224_300_000;
    private static final int SPREAD_E7 = 300_000;
    private static final int STEP_E7 = 200;
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private BenchGenerator() {}

    private record Sent(long lastSeq, int count, long atNs, int latE7, int lonE7) {}

    /** One driver's stream; the sending loop and the call-backs share only atomics. */
    private static final class Phone extends ClientCall.Listener<DriveResponse> {
        private final ClientCall<DriveRequest, DriveResponse> call;
        private final long driver;
        /** Batches sent and not acknowledged: the last number, and when and where it was sent; bounded by the window. */
        private final ConcurrentLinkedQueue<Sent> sent = new ConcurrentLinkedQueue<>();

        private final AckRecords.@Nullable Writer acks;
        private final long session = System.currentTimeMillis();
        private long rejectedCount;
        private final AtomicLong ackedSeq = new AtomicLong();
        private final AtomicBoolean open = new AtomicBoolean();
        private volatile String failure = "";
        private long nextSeq = 1;
        private int latE7;
        private int lonE7;

        Phone(ManagedChannel channel, String token, long driver, AckRecords.@Nullable Writer acks) {
            this.acks = acks;
            this.driver = driver;
            latE7 = LAT_E7 + CounterRandom.below(2 * SPREAD_E7, 1, driver, 0, 0) - SPREAD_E7;
            lonE7 = LON_E7 + CounterRandom.below(2 * SPREAD_E7, 1, driver, 1, 0) - SPREAD_E7;
            call = channel.newCall(DriverServiceGrpc.getDriveMethod(), CallOptions.DEFAULT);
            Metadata headers = new Metadata();
            headers.put(AUTHORIZATION, "Bearer " + token);
            call.start(this, headers);
            call.request(Integer.MAX_VALUE);
            Hello.Builder hello = Hello.newBuilder().setSession(session);
            hello.getDeviceTimeBuilder()
                    .setSeconds(System.currentTimeMillis() / 1000)
                    .setNanos((int) (System.currentTimeMillis() % 1000) * 1_000_000);
            call.sendMessage(DriveRequest.newBuilder().setHello(hello).build());
        }

        @Override
        public void onMessage(DriveResponse message) {
            if (message.hasWelcome()) {
                open.set(true);
            } else if (message.hasFixAck()) {
                long nowNs = System.nanoTime();
                rejectedCount += message.getFixAck().getRejectedCount();
                ackedSeq.set(message.getFixAck().getAckedSeq());
                report(message.getFixAck().getAckedSeq(), nowNs);
            }
        }

        private void report(long acked, long nowNs) {
            if (acks == null) {
                return;
            }
            for (Sent first = sent.peek(); first != null && first.lastSeq <= acked; first = sent.peek()) {
                sent.poll();
                try {
                    acks.write(new AckRecords.Ack(
                            driver,
                            session,
                            first.lastSeq,
                            rejectedCount,
                            first.count,
                            first.atNs,
                            nowNs,
                            first.latE7,
                            first.lonE7));
                } catch (IOException e) {
                    failure = e.toString();
                    return;
                }
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            failure = status.toString();
        }

        /** Sends one batch when window and transport allow. */
        boolean send(int batch, long nowMs) {
            if (!open.get() || nextSeq - 1 + batch - ackedSeq.get() > WINDOW_FIXES || !call.isReady()) {
                return false;
            }
            FixBatch.Builder fixes = FixBatch.newBuilder();
            for (int i = 0; i < batch; i++) {
                long seq = nextSeq++;
                long bits = CounterRandom.bits(1, driver, seq, 1);
                latE7 = bounded(latE7 + (int) (bits & 1) * 2 * STEP_E7 - STEP_E7, LAT_E7);
                lonE7 = bounded(lonE7 + (int) (bits >>> 1 & 1) * 2 * STEP_E7 - STEP_E7, LON_E7);
                fixes.addFixes(Fix.newBuilder()
                        .setSeq(seq)
                        .setDeviceTimeMs(nowMs)
                        .setLatE7(latE7)
                        .setLonE7(lonE7)
                        .setState(DriverState.IDLE)
                        .setSpeedCmPerS(800)
                        .setHeadingCentidegrees(9_000));
            }
            if (acks != null) {
                sent.add(new Sent(nextSeq - 1, batch, System.nanoTime(), latE7, lonE7));
            }
            call.sendMessage(DriveRequest.newBuilder().setFixBatch(fixes).build());
            return true;
        }

        private static int bounded(int value, int center) {
            return Math.clamp(value, center - 2 * SPREAD_E7, center + 2 * SPREAD_E7);
        }
    }

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[0]);
        List<String> tokens = Files.readAllLines(Path.of(args[1]));
        int batch = Integer.parseInt(args[2]);
        int seconds = Integer.parseInt(args[3]);
        long rate = Long.parseLong(args[4]);
        AckRecords.Writer acks = rate == 0 ? null : new AckRecords.Writer(new FileOutputStream(FileDescriptor.out));
        System.setOut(System.err); // whatever anybody prints, the pipe is the records'
        Phone[] phones = new Phone[tokens.size()];
        try (ClientChannels channels =
                new ClientChannels("localhost", port, tokens.size() * 500 / STREAMS_PER_CHANNEL)) {
            for (int i = 0; i < phones.length; i++) {
                phones[i] = new Phone(channels.all().get(i % channels.all().size()), tokens.get(i), i + 1, acks);
            }
            long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            if (acks == null) {
                sendAll(phones, batch, endNs);
            } else {
                sendAtRate(phones, batch, rate, endNs, acks);
            }
        }
        System.exit(0);
    }

    private static void sendAll(Phone[] phones, int batch, long endNs) {
        while (System.nanoTime() < endNs) {
            boolean sent = false;
            long nowMs = System.currentTimeMillis();
            for (Phone phone : phones) {
                sent |= phone.send(batch, nowMs);
                exitIfFailed(phone);
            }
            if (!sent) {
                LockSupport.parkNanos(50_000);
            }
        }
    }

    /** Phones take turns; what is due and finds no phone with room is sent as soon as one has. */
    private static void sendAtRate(Phone[] phones, int batch, long rate, long endNs, AckRecords.Writer acks)
            throws IOException {
        long startNs = System.nanoTime();
        long sentBatches = 0;
        int next = 0;
        long flushedNs = startNs;
        for (long nowNs = startNs; nowNs < endNs && !isEnded(); nowNs = System.nanoTime()) {
            long dueBatches = (long) ((nowNs - startNs) / 1e9 * rate / batch);
            long nowMs = System.currentTimeMillis();
            for (int tried = 0; sentBatches < dueBatches && tried < phones.length; tried++) {
                Phone phone = phones[next];
                next = (next + 1) % phones.length;
                sentBatches += phone.send(batch, nowMs) ? 1 : 0;
                exitIfFailed(phone);
            }
            if (nowNs - flushedNs > FLUSH_NS) {
                flushedNs = nowNs;
                acks.flush();
            }
            LockSupport.parkNanos(500_000);
        }
        // What is under way may still be acknowledged.
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
        acks.flush();
    }

    /** The process that measures writes a byte when it has seen enough. */
    private static boolean isEnded() throws IOException {
        return System.in.available() > 0;
    }

    private static void exitIfFailed(Phone phone) {
        if (!phone.failure.isEmpty()) {
            System.err.println("stream of driver " + phone.driver + " ended: " + phone.failure);
            System.exit(1);
        }
    }
}
