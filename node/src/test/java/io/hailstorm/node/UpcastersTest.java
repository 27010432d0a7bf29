package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.hailstorm.ingest.SchemaVersion;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Event.PayloadCase;
import io.hailstorm.protocol.v1.QuoteIssued;
import io.hailstorm.protocol.v1.TripRequested;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a reader makes of events that older and newer versions wrote. */
final class UpcastersTest {
    private static final Event OLD_REQUEST = Event.newBuilder()
            .setEventId(77)
            .setSchemaVersion(1)
            .setAggregateId("trip-1")
            .setTripRequested(TripRequested.newBuilder()
                    .setRider(5)
                    .setPickup(EventCodec.point(new GeoPoint(377_700_000, -1_224_100_000)))
                    .setDropoff(EventCodec.point(new GeoPoint(377_900_000, -1_224_300_000))))
            .build();

    static Stream<PayloadCase> payloads() {
        return Arrays.stream(PayloadCase.values()).filter(payload -> payload != PayloadCase.PAYLOAD_NOT_SET);
    }

    @ParameterizedTest
    @MethodSource("payloads")
    void everyPayloadTypeHasAnUnbrokenChainToItsCurrentVersion(PayloadCase payload) {
        List<Integer> from = Upcasters.STEPS.stream()
                .filter(step -> step.payload() == payload)
                .map(Upcasters.Step::fromVersion)
                .toList();

        assertThat(from)
                .isEqualTo(IntStream.range(1, SchemaVersion.current(payload))
                        .boxed()
                        .toList());
    }

    @Test
    void everyStepBelongsToAPayloadThatExists() {
        Set<PayloadCase> known = payloads().collect(Collectors.toSet());
        assertThat(Upcasters.STEPS).allSatisfy(step -> assertThat(known).contains(step.payload()));
    }

    @Test
    void fillsInWhatAnOlderVersionLeftOut() {
        Event upcast = Upcasters.toCurrent(OLD_REQUEST);

        assertThat(upcast.getSchemaVersion()).isEqualTo(2);
        assertThat(upcast.getTripRequested().getTripDistanceMeters()).isBetween(3_500, 3_800);
        assertThat(upcast.getTripRequested().getRider()).isEqualTo(5);
    }

    @Test
    void takesAnEventWithoutAVersionForTheFirst() {
        Event upcast =
                Upcasters.toCurrent(OLD_REQUEST.toBuilder().clearSchemaVersion().build());

        assertThat(upcast).isEqualTo(Upcasters.toCurrent(OLD_REQUEST));
    }

    @Test
    void leavesTheCurrentVersionAlone() {
        Event current = OLD_REQUEST.toBuilder()
                .setSchemaVersion(2)
                .setTripRequested(OLD_REQUEST.getTripRequested().toBuilder().setTripDistanceMeters(42))
                .build();

        assertThat(Upcasters.toCurrent(current)).isSameAs(current);
    }

    @Test
    void refusesANewerVersionAndSaysWhatToDo() {
        Event newer = OLD_REQUEST.toBuilder().setSchemaVersion(3).build();

        assertThatThrownBy(() -> Upcasters.toCurrent(newer))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessage("event 77 (trip_requested of trip-1): written by a newer Hailstorm: schema version=3, "
                        + "understood up to 2; upgrade this node");
    }

    @Test
    void keepsFieldsItDoesNotKnow() {
        UnknownFieldSet extra = UnknownFieldSet.newBuilder()
                .addField(
                        900,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFromUtf8("later"))
                                .build())
                .build();
        Event written = OLD_REQUEST.toBuilder()
                .setUnknownFields(extra)
                .setTripRequested(OLD_REQUEST.getTripRequested().toBuilder().setUnknownFields(extra))
                .build();

        Event read = read(written.toByteArray());

        assertThat(read.getUnknownFields()).isEqualTo(extra);
        assertThat(read.getTripRequested().getUnknownFields()).isEqualTo(extra);
        assertThat(read.getTripRequested().getTripDistanceMeters()).isPositive();
    }

    @Test
    void callsAPayloadOfANewTypeUnknown() {
        Event written = Event.newBuilder()
                .setEventId(1)
                .setSchemaVersion(9)
                .setUnknownFields(UnknownFieldSet.newBuilder()
                        .addField(
                                199,
                                UnknownFieldSet.Field.newBuilder()
                                        .addLengthDelimited(ByteString.EMPTY)
                                        .build())
                        .build())
                .build();

        assertThat(EventReader.isUnknown(read(written.toByteArray()))).isTrue();
        assertThat(EventReader.isUnknown(Event.newBuilder()
                        .setQuoteIssued(QuoteIssued.getDefaultInstance())
                        .build()))
                .isFalse();
    }

    @Test
    void callsBytesThatAreNoEventDataLoss() {
        assertThatThrownBy(() -> read(new byte[] {(byte) 0xff, 1, 2, 3}))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_LOSS));
    }

    private static Event read(byte[] bytes) {
        return EventReader.read(new UnsafeBuffer(bytes), 0, bytes.length);
    }
}
