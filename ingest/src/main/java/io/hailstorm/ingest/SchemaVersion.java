package io.hailstorm.ingest;

import com.google.protobuf.Descriptors.FieldDescriptor;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.EventOuterClass;

/** The schema version that writers give an event, by its payload: what the protocol says beside the payload's field. */
public final class SchemaVersion {
    private SchemaVersion() {}

    /** At least 1; also 1 for an event without a payload. */
    public static int current(Event.PayloadCase payload) {
        FieldDescriptor field = Event.getDescriptor().findFieldByNumber(payload.getNumber());
        return field == null ? 1 : Math.max(1, field.getOptions().getExtension(EventOuterClass.currentSchemaVersion));
    }
}
