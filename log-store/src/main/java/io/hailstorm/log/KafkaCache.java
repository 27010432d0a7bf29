package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node keeps of the log on its own disk, to read from without copying and to be warm when it takes over: the
 * embedded engine's files, which other processes can read, and the positions up to which they follow Kafka. It may be
 * thrown away as a whole or in part: it is filled again from Kafka.
 *
 * <pre>
 *   &lt;cacheDir&gt;/log/
 *     meta         "hailstorm-kafka-cache 2 partitions 4": the embedded engine refuses to write here
 *     lock
 *     positions    magic, version, then a stream, partition, topic id and {@link KafkaPartitionState} each; crc32c
 *     fixes/0/…    segments, as the embedded engine's
 * </pre>
 */
final class KafkaCache implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaCache.class);
    private static final String POSITIONS_NAME = "positions";

    /** "HAILKPO1" in file order. */
    private static final long MAGIC = 0x314F504B_4C494148L;

    private static final int VERSION = 1;
    private static final long COMMIT_INTERVAL_NS = 500_000_000;

    private final LogConfig config;
    private final Disk disk;
    private final TimeSource time;
    private final Path directory;
    private final Disk.Lock lock;
    private final Map<String, byte[]> positions;

    KafkaCache(LogConfig config, Disk disk, TimeSource time, Path cacheDir) {
        this.config = config;
        this.disk = disk;
        this.time = time;
        directory = cacheDir.resolve(EmbeddedLog.DIRECTORY_NAME);
        disk.createDirectories(directory);
        lock = disk.lock(directory.resolve("lock"));
        boolean opened = false;
        try {
            checkMeta();
            positions = readPositions();
            opened = true;
        } finally {
            if (!opened) {
                lock.close();
            }
        }
    }

    private void checkMeta() {
        LogMeta wanted = LogMeta.ofKafkaCache(config.partitionCount());
        LogMeta found = LogMeta.read(disk, directory).orElse(null);
        if (found != null && (!found.isKafkaCache() || found.partitionCount() != wanted.partitionCount())) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    directory.resolve(LogMeta.FILE_NAME) + ": expected a cache of " + wanted.partitionCount()
                            + " partitions, found " + (found.isKafkaCache() ? "one" : "a log") + " of "
                            + found.partitionCount() + "; give the Kafka engine a directory of its own");
        }
        if (!wanted.equals(found)) {
            wanted.write(disk, directory);
        }
    }

    private static String key(StreamName stream, int partition, String topicId) {
        return stream + "/" + partition + "/" + topicId;
    }

    /** The state saved for a partition of this very topic. */
    Optional<KafkaPartitionState> position(StreamName stream, int partition, String topicId) {
        byte[] saved = positions.get(key(stream, partition, topicId));
        return Optional.ofNullable(saved)
                .map(state ->
                        KafkaPartitionState.decode(state, config.stream(stream).producerExpiryMs()));
    }

    /** What {@link #savePositions} is to write for a partition. */
    void position(StreamName stream, int partition, String topicId, byte[] state) {
        positions.put(key(stream, partition, topicId), state);
    }

    private Map<String, byte[]> readPositions() {
        Map<String, byte[]> found = new HashMap<>();
        byte[] content = disk.readAll(directory.resolve(POSITIONS_NAME)).orElse(new byte[0]);
        if (content.length < 20) {
            return found;
        }
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        int crc = in.getInt(content.length - Integer.BYTES);
        if (in.getLong() != MAGIC || in.getInt() != VERSION || crc != crc(content)) {
            return found; // a cache of another version, or damaged, is filled anew
        }
        try {
            for (int i = in.getInt(); i > 0; i--) {
                String key = KafkaFrame.getText(in);
                byte[] state = new byte[in.getInt()];
                in.get(state);
                found.put(key, state);
            }
        } catch (BufferUnderflowException e) {
            found.clear();
        }
        return found;
    }

    private static int crc(byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, content.length - Integer.BYTES);
        return (int) crc.getValue();
    }

    void savePositions() {
        int bytes = 20;
        for (Map.Entry<String, byte[]> each : positions.entrySet()) {
            bytes += 8 + each.getKey().length() + each.getValue().length;
        }
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(VERSION).putInt(positions.size());
        positions.forEach((key, state) -> {
            KafkaFrame.putText(out, key.getBytes(StandardCharsets.US_ASCII));
            out.putInt(state.length).put(state);
        });
        out.putInt(crc(out.array()));
        disk.writeAtomically(directory.resolve(POSITIONS_NAME), out.array());
    }

    /** Opens a partition's files; an empty partition when they are corrupt, which only costs filling them again. */
    EmbeddedPartition open(StreamName stream, int partition) {
        try {
            return recovered(stream, partition);
        } catch (HailstormException e) {
            if (e.code() != ErrorCode.DATA_LOSS && e.code() != ErrorCode.FAILED_PRECONDITION) {
                throw e;
            }
            LOG.warn("cache of {}/{} is filled again from Kafka: {}", stream, partition, e.getMessage());
            removeFiles(stream, partition);
            return recovered(stream, partition);
        }
    }

    private EmbeddedPartition recovered(StreamName stream, int partition) {
        return embedded(stream, partition, recovery(stream, partition).recover());
    }

    /** Removes a partition's files, and begins them anew at an offset. */
    EmbeddedPartition beginAt(StreamName stream, int partition, long startOffset) {
        removeFiles(stream, partition);
        return embedded(stream, partition, recovery(stream, partition).beginAt(startOffset));
    }

    private PartitionRecovery recovery(StreamName stream, int partition) {
        Path files = EmbeddedLog.partitionDirectory(directory, stream, partition);
        return new PartitionRecovery(
                disk,
                stream,
                partition,
                files,
                new ProducerTable(config.stream(stream).producerExpiryMs()),
                config.keyset(),
                RecoveryProgress.SILENT);
    }

    private EmbeddedPartition embedded(StreamName stream, int partition, PartitionRecovery.Recovered recovered) {
        Path files = EmbeddedLog.partitionDirectory(directory, stream, partition);
        return new EmbeddedPartition(recovered, cached(config.stream(stream)), disk, time, files);
    }

    /** Kafka keeps the records; the cache is synced now and then, so that it need not be filled again after a power cut. */
    private static StreamConfig cached(StreamConfig stream) {
        int backlog = Math.max(stream.backlogBytesMax(), stream.segmentBytes());
        return stream.withAckLevel(AckLevel.MEMORY)
                .withCommit(COMMIT_INTERVAL_NS, Math.max(1, backlog / 4))
                .withBacklogBytesMax(backlog);
    }

    private void removeFiles(StreamName stream, int partition) {
        Path files = EmbeddedLog.partitionDirectory(directory, stream, partition);
        for (String name : disk.list(files)) {
            disk.delete(files.resolve(name));
        }
        disk.createDirectories(files);
        disk.syncDirectory(files);
    }

    @Override
    public void close() {
        lock.close();
    }
}
