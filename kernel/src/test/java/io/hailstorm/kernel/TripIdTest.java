package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TripIdTest {
    private static final long HOME_CELL = 0x872830828ffffffL;

    @Test
    void namesTheSameTripWhenTheSameRiderRetries() {
        assertThat(TripId.of(HOME_CELL, new RiderId(1), "req-1"))
                .isEqualTo(TripId.of(HOME_CELL, new RiderId(1), "req-1"));
    }

    @Test
    void namesAnotherTripForAnotherRiderOrRequest() {
        TripId trip = TripId.of(HOME_CELL, new RiderId(1), "req-1");
        assertThat(TripId.of(HOME_CELL, new RiderId(2), "req-1")).isNotEqualTo(trip);
        assertThat(TripId.of(HOME_CELL, new RiderId(1), "req-2")).isNotEqualTo(trip);
    }

    @Test
    void carriesItsHomeCellThroughText() {
        TripId trip = TripId.of(HOME_CELL, new RiderId(1), "req-1");
        TripId parsed = TripId.parse(trip.toString());
        assertThat(parsed).isEqualTo(trip);
        assertThat(parsed.homeCell()).isEqualTo(HOME_CELL);
    }

    @Test
    void parsesValuesWithLeadingZerosAndTheHighestBit() {
        assertThat(TripId.parse(new TripId(HOME_CELL, 5).toString())).isEqualTo(new TripId(HOME_CELL, 5));
        assertThat(TripId.parse(new TripId(HOME_CELL, -1).toString())).isEqualTo(new TripId(HOME_CELL, -1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "872830828ffffff",
                "-12",
                "872830828ffffff-",
                "xyz-12",
                "872830828ffffff-12345678901234567"
            })
    void refusesMalformedTextAndRepeatsIt(String text) {
        assertThatThrownBy(() -> TripId.parse(text))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                .hasMessageContaining("\"" + text + "\"");
    }
}
