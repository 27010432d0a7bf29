package io.hailstorm.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the golden logs of events are made of: one event of every payload type with every field set, and the whole log of
 * a small city's half hour, each in small segments.
 */
final class GoldenEvents {
    private static final long START_MS = 1_700_000_000_000L;
    private static final int SEGMENT_BYTES = 64 * 1024;
    private static final int BATCH_BYTES = 32 * 1024;

    private final VirtualTime time = new VirtualTime(START_MS);
    private final HybridLogicalClock clock = new HybridLogicalClock(time);
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);

    private GoldenEvents() {}

    static LogConfig config(int partitionCount) {
        LogConfig config = LogConfig.defaults(partitionCount);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(
                    stream,
                    config.stream(stream)
                            .withSegmentBytes(SEGMENT_BYTES)
                            .withBacklogBytesMax(SEGMENT_BYTES)
                            .withCommit(0, 1 << 20));
        }
        return config;
    }

    /** Every field of {@code Event} that is a payload, by number. */
    static List<FieldDescriptor> payloads() {
        return Event.getDescriptor().getOneofs().getFirst().getFields();
    }

    /** Grows by one with each new version of any payload type. */
    static int generation() {
        return 1
                + payloads().stream()
                        .mapToInt(
                                payload -> SchemaVersion.current(Event.PayloadCase.forNumber(payload.getNumber())) - 1)
                        .sum();
    }

    /** Writes one event of every payload type. */
    static void writeEveryPayload(Path dataDir) {
        GoldenEvents golden = new GoldenEvents();
        try (EmbeddedLog log = EmbeddedLog.open(config(1), new MappedDisk(), golden.time, dataDir)) {
            for (FieldDescriptor payload : payloads()) {
                golden.append(log, log.partition(streamOf(payload), 0), golden.event(payload));
            }
        }
    }

    /** The stream that the node keeps events of this type in. */
    private static StreamName streamOf(FieldDescriptor payload) {
        return switch (payload.getName()) {
            case "prices_published" -> StreamName.PRICES;
            case "range_proposal", "partition_map_initialized", "move_group_begun", "move_group_ended" ->
                StreamName.CONTROL;
            case "driver_handed_over",
                    "driver_taken_in",
                    "hand_over_recalled",
                    "hand_over_refused",
                    "range_staged",
                    "range_sealed",
                    "range_opened",
                    "range_aborted" -> StreamName.FIXES;
            case "dead_letter" -> StreamName.DEAD_LETTERS;
            default -> StreamName.TRIPS;
        };
    }

    private Event event(FieldDescriptor payload) {
        time.advanceMs(1_000);
        long hlc = clock.next();
        Event.Builder event = Event.newBuilder()
                .setEventId(hlc)
                .setHlc(hlc)
                .setSchemaVersion(SchemaVersion.current(Event.PayloadCase.forNumber(payload.getNumber())))
                .setTimeMs(time.epochMs())
                .setAggregateId("aggregate of " + payload.getName())
                .setCorrelationId("correlation")
                .setCausationId(payload.getNumber())
                .setDe(3)
                .setSession(4)
                .setSeq(5);
        Message.Builder filled = event.newBuilderForField(payload);
        try {
            filled.mergeFrom(
                    filled(payload.getMessageType(), payload.getNumber()).toByteString());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
        return event.setField(payload, filled.build()).build();
    }

    /** A message with every field set, to values that name the field and that the node's own codec takes. */
    private static Message filled(Descriptor type, int salt) {
        DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
        for (FieldDescriptor field : type.getFields()) {
            if (field.isRepeated()) {
                message.addRepeatedField(field, value(field, salt)).addRepeatedField(field, value(field, salt + 1));
            } else {
                message.setField(field, value(field, salt));
            }
        }
        return message.build();
    }

    private static Object value(FieldDescriptor field, int salt) {
        long number = 1000L * salt + field.getNumber();
        return switch (field.getJavaType()) {
            case INT -> field.getName().equals("step") ? 1 + salt % 5 : (int) number;
            case LONG -> number;
            case FLOAT -> (float) number;
            case DOUBLE -> (double) number;
            case BOOLEAN -> true;
            case STRING ->
                switch (field.getName()) {
                    case "trip" -> "872830828ffffff-" + Long.toHexString(number);
                    case "stream" -> StreamName.TRIPS.text();
                    default -> field.getName() + "-" + number;
                };
            case BYTE_STRING -> ByteString.copyFromUtf8(field.getName() + "-" + number);
            case ENUM -> lastValue(field.getEnumType(), salt);
            case MESSAGE -> filled(field.getMessageType(), salt);
        };
    }

    private static Object lastValue(EnumDescriptor type, int salt) {
        return type.getValues().get(1 + salt % (type.getValues().size() - 1));
    }

    /** Copies a log into small segments, records and clocks as they are. */
    static void copy(Path from, Path to, int partitionCount) {
        GoldenEvents golden = new GoldenEvents();
        try (LogReader reader = LogReader.open(new MappedDisk(), from);
                EmbeddedLog log = EmbeddedLog.open(config(partitionCount), new MappedDisk(), golden.time, to)) {
            for (PartitionReader source : reader.partitions()) {
                golden.copy(log, source, log.partition(source.stream(), source.partition()));
            }
        }
    }

    private void copy(EmbeddedLog log, PartitionReader source, PartitionLog target) {
        long[] hlcNext = {-1};
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, 0);
        HistoryChecker.readAll(source, (offset, hlc, type, buffer, index, length) -> {
            boolean follows = hlc == hlcNext[0] && batch.add(type, buffer, index, length);
            if (!follows) {
                append(log, target);
                batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, hlc);
                if (!batch.add(type, buffer, index, length)) {
                    throw new IllegalStateException("a record of " + length + " bytes in " + source.stream());
                }
            }
            hlcNext[0] = hlc + 1;
            return true;
        });
        append(log, target);
    }

    private void append(EmbeddedLog log, PartitionLog to, Event event) {
        byte[] bytes = event.toByteArray();
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, event.getHlc());
        if (!batch.add(RecordType.EVENT, new UnsafeBuffer(bytes), 0, bytes.length)) {
            throw new IllegalStateException("an event of " + bytes.length + " bytes");
        }
        append(log, to);
    }

    private void append(EmbeddedLog log, PartitionLog to) {
        if (batch.isEmpty()) {
            return;
        }
        long offset = to.append(batch);
        for (int i = 0; offset == PartitionLog.BACK_PRESSURED && i < 16; i++) {
            time.advanceMs(10);
            log.doWork(time.monotonicNs());
            offset = to.append(batch);
        }
        if (offset < 0) {
            throw new IllegalStateException("append answered " + offset);
        }
    }

    /** Every record, one JSON object a line: events as the version that wrote them meant them, the rest as bytes. */
    static List<String> render(List<? extends PartitionReader> partitions) {
        List<String> lines = new ArrayList<>();
        for (PartitionReader partition : partitions) {
            HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                byte[] bytes = new byte[length];
                buffer.getBytes(index, bytes);
                lines.add("{\"stream\":\"" + partition.stream() + "\",\"partition\":" + partition.partition()
                        + ",\"offset\":" + offset + ",\"hlc\":" + hlc + ",\"type\":" + type
                        + (type == RecordType.EVENT
                                ? ",\"event\":" + json(bytes)
                                : ",\"payload\":\"" + HexFormat.of().formatHex(bytes) + "\"")
                        + "}");
                return true;
            });
        }
        return lines;
    }

    private static String json(byte[] event) {
        try {
            return JsonFormat.printer()
                    .omittingInsignificantWhitespace()
                    .preservingProtoFieldNames()
                    .print(Event.parseFrom(event));
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }
}
