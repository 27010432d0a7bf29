package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegionIdTest {
    @ParameterizedTest
    @ValueSource(strings = {"sf", "sf-north", "region-2"})
    void acceptsNamesThatAreSafeInPathsAndMetrics(String name) {
        assertThat(new RegionId(name).toString()).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SF", "2sf", "-sf", "sf/north", "sf_north", "..", "sf "})
    void refusesOtherNamesAndRepeatsThem(String name) {
        assertThatThrownBy(() -> new RegionId(name))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("\"" + name + "\"");
    }

    @Test
    void refusesNamesThatAreTooLong() {
        new RegionId("a".repeat(63));
        assertThatThrownBy(() -> new RegionId("a".repeat(64))).isInstanceOf(HailstormException.class);
    }
}
