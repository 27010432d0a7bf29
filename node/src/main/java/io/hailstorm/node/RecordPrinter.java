package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.protocol.v1.Event;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import org.agrona.DirectBuffer;

/**
 * A record as a line: a JSON object, or something to read. Prints whatever the log holds, also what this version cannot
 * make sense of. One thread.
 */
final class RecordPrinter {
    private final ObjectMapper mapper = new ObjectMapper();
    private final FixView fix = new FixView();
    private final boolean json;

    RecordPrinter(boolean json) {
        this.json = json;
    }

    String line(PartitionReader from, long offset, long hlc, int type, DirectBuffer buffer, int index, int length) {
        Instant time = Instant.ofEpochMilli(HybridLogicalClock.epochMs(hlc));
        if (json) {
            return "{\"stream\":\"" + from.stream() + "\",\"partition\":" + from.partition() + ",\"offset\":" + offset
                    + ",\"time\":\"" + time + "\"," + jsonOf(type, buffer, index, length) + "}";
        }
        return time + "  " + from.stream() + "/" + from.partition() + "  " + offset + "  "
                + textOf(type, buffer, index, length);
    }

    private String jsonOf(int type, DirectBuffer buffer, int index, int length) {
        return switch (type) {
            case RecordType.EVENT -> jsonOfEvent(buffer, index, length);
            case RecordType.TEXT -> "\"text\":" + quoted(text(buffer, index, length));
            case RecordType.FIX, RecordType.REJECTED_FIX ->
                length == FixDescriptor.LENGTH
                        ? "\"" + (type == RecordType.FIX ? "fix" : "rejected_fix") + "\":" + jsonOfFix(buffer, index)
                        : jsonOfBytes(type, buffer, index, length);
            default -> jsonOfBytes(type, buffer, index, length);
        };
    }

    private String jsonOfFix(DirectBuffer buffer, int index) {
        fix.wrap(buffer, index);
        return "{\"driver\":" + fix.driver() + ",\"de\":" + fix.de() + ",\"session\":" + fix.session() + ",\"seq\":"
                + fix.seq() + ",\"device_time\":\"" + Instant.ofEpochMilli(fix.deviceMs()) + "\",\"lat\":"
                + fix.latE7() / 1e7 + ",\"lon\":" + fix.lonE7() / 1e7 + ",\"cell\":\"" + Long.toHexString(fix.cell())
                + "\",\"state\":" + fix.state() + "}";
    }

    private String jsonOfEvent(DirectBuffer buffer, int index, int length) {
        try {
            return "\"event\":" + RegionsPrinter.json(EventReader.read(buffer, index, length));
        } catch (HailstormException e) {
            return jsonOfBytes(RecordType.EVENT, buffer, index, length) + ",\"unreadable\":" + quoted(message(e));
        }
    }

    private static String jsonOfBytes(int type, DirectBuffer buffer, int index, int length) {
        return "\"type\":" + type + ",\"bytes\":\"" + hex(buffer, index, length) + "\"";
    }

    private String textOf(int type, DirectBuffer buffer, int index, int length) {
        return switch (type) {
            case RecordType.EVENT -> textOfEvent(buffer, index, length);
            case RecordType.TEXT -> text(buffer, index, length);
            case RecordType.FIX, RecordType.REJECTED_FIX ->
                length == FixDescriptor.LENGTH
                        ? (type == RecordType.FIX ? "fix  " : "rejected fix  ") + textOfFix(buffer, index)
                        : textOfBytes(type, buffer, index, length);
            default -> textOfBytes(type, buffer, index, length);
        };
    }

    private String textOfFix(DirectBuffer buffer, int index) {
        fix.wrap(buffer, index);
        DriverState[] states = DriverState.values();
        String state = fix.state() >= 0 && fix.state() < states.length
                ? states[fix.state()].name().toLowerCase(Locale.ROOT)
                : "state " + fix.state();
        return String.format(
                Locale.ROOT,
                "driver %d  %d/%d/%d  %.5f,%.5f  %s  %s",
                fix.driver(),
                fix.de(),
                fix.session(),
                fix.seq(),
                fix.latE7() / 1e7,
                fix.lonE7() / 1e7,
                state,
                Instant.ofEpochMilli(fix.deviceMs()));
    }

    private static String textOfEvent(DirectBuffer buffer, int index, int length) {
        Event event;
        try {
            event = EventReader.read(buffer, index, length);
        } catch (HailstormException e) {
            return "unreadable event: " + message(e);
        }
        if (EventReader.isUnknown(event)) {
            return "event of a type this version does not know, " + length + " bytes";
        }
        var payload =
                Event.getDescriptor().findFieldByNumber(event.getPayloadCase().getNumber());
        var body = (com.google.protobuf.Message) event.getField(payload);
        return payload.getName() + "  " + RegionsPrinter.json(body);
    }

    private static String textOfBytes(int type, DirectBuffer buffer, int index, int length) {
        return "type " + type + "  " + hex(buffer, index, length);
    }

    private static String text(DirectBuffer buffer, int index, int length) {
        return new String(bytes(buffer, index, length), StandardCharsets.UTF_8);
    }

    private static String hex(DirectBuffer buffer, int index, int length) {
        return HexFormat.of().formatHex(bytes(buffer, index, length));
    }

    private static byte[] bytes(DirectBuffer buffer, int index, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(index, bytes);
        return bytes;
    }

    private static String message(HailstormException e) {
        Throwable cause = e.getCause();
        return e.getMessage()
                + (cause instanceof InvalidProtocolBufferException ? " (" + cause.getMessage() + ")" : "");
    }

    private String quoted(String text) {
        try {
            return mapper.writeValueAsString(text);
        } catch (JsonProcessingException e) {
            throw new HailstormException(ErrorCode.INTERNAL, "cannot quote text", e);
        }
    }
}
