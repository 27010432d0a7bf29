package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The register of {@link Tenure}s: a third party to the regions, which says who writes. An entry changes only from the version
 * that the one who changes it has seen, and is durable before anybody is told. It keeps one small file, knows nothing of
 * records, and may be down for as long as no region fails. One thread.
 */
public final class GeoWitness implements AutoCloseable {
    private static final String FILE_NAME = "tenures";

    /** "HAILWIT1" in file order. */
    private static final long MAGIC = 0x31544957_4C494148L;

    private static final int MESSAGES_PER_TURN = 256;
    private static final int MESSAGE_BYTES_MAX = 64 << 10;
    private static final int ENTRIES_MAX = 1024;

    private final Disk disk;
    private final Path path;
    private final Disk.Lock lock;
    private final GeoTransport transport;
    private final TreeMap<String, Tenure> tenures = new TreeMap<>();
    private final ByteBuffer out = ByteBuffer.allocateDirect(MESSAGE_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
    private final UnsafeBuffer outView = new UnsafeBuffer(out);
    private final GeoTransport.Receiver receiver = this::onMessage;

    private GeoWitness(Disk disk, Path directory, GeoTransport transport) {
        this.disk = disk;
        this.transport = transport;
        path = directory.resolve(FILE_NAME);
        disk.createDirectories(directory);
        lock = disk.lock(directory.resolve("lock"));
        boolean opened = false;
        try {
            disk.readAll(path).ifPresent(this::decode);
            opened = true;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    /**
     * Opens the register of a directory; creates it when there is none.
     *
     * @throws HailstormException {@code DATA_LOSS} when the file does not check out, {@code FAILED_PRECONDITION} when
     *     another process has it open
     */
    public static GeoWitness open(Disk disk, Path directory, GeoTransport transport) {
        return new GeoWitness(disk, directory, transport);
    }

    private void decode(byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        boolean sound = content.length >= 16
                && in.getLong() == MAGIC
                && in.getInt(content.length - Integer.BYTES) == crc(content, content.length - Integer.BYTES);
        if (!sound) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    path + ": does not check out; restore it from a copy. Without it nobody knows who writes");
        }
        for (int i = in.getInt(); i > 0; i--) {
            Tenure tenure = GeoMessage.getTenure(in);
            tenures.put(tenure.region(), tenure);
        }
    }

    private void save() {
        ByteBuffer file = ByteBuffer.allocate(MESSAGE_BYTES_MAX * 4).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(MAGIC).putInt(tenures.size());
        tenures.values().forEach(tenure -> GeoMessage.putTenure(file, tenure));
        int length = file.position();
        file.putInt(crc(file.array(), length));
        disk.writeAtomically(path, java.util.Arrays.copyOf(file.array(), length + Integer.BYTES));
    }

    private static int crc(byte[] content, int length) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, length);
        return (int) crc.getValue();
    }

    /**
     * Answers what came.
     *
     * @param nowNs monotonic nanoseconds
     * @return amount of work done
     */
    public int doWork(long nowNs) {
        return transport.poll(receiver, MESSAGES_PER_TURN);
    }

    private void onMessage(String from, DirectBuffer buffer, int index, int length) {
        GeoMessage message = length > MESSAGE_BYTES_MAX ? null : GeoMessage.decode(buffer, index, length);
        if (message instanceof GeoMessage.ReadRegister read) {
            answer(from, read.sentNs());
        } else if (message instanceof GeoMessage.CompareAndSet change) {
            compareAndSet(change.expectedVersion(), change.next());
            answer(from, change.sentNs());
        }
    }

    private void compareAndSet(long expectedVersion, Tenure next) {
        Tenure held = tenures.getOrDefault(next.region(), Tenure.none(next.region()));
        boolean inOrder = next.version() == expectedVersion + 1 && next.term() >= held.term();
        if (held.version() != expectedVersion || !inOrder || tenures.size() >= ENTRIES_MAX) {
            return;
        }
        tenures.put(next.region(), next);
        boolean saved = false;
        try {
            save();
            saved = true;
        } finally {
            if (!saved) {
                tenures.put(held.region(), held); // nobody was told
            }
        }
    }

    private void answer(String to, long sentNs) {
        out.clear();
        GeoMessage.encode(new GeoMessage.Register(sentNs, new ArrayList<>(tenures.values())), out);
        boolean sent = transport.send(to, outView, 0, out.position());
        if (!sent) {
            return; // it asks again
        }
    }

    /** What the register says, by region. */
    public Map<String, Tenure> tenures() {
        return Map.copyOf(tenures);
    }

    @Override
    public void close() {
        lock.close();
    }
}
