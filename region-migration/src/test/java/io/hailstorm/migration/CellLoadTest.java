package io.hailstorm.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CellLoadTest {
    private final CellLoad load = new CellLoad();

    @Test
    void findsTheRateOfASteadyFlow() {
        for (long nowMs = 0; nowMs <= 600_000; nowMs += 1_000) {
            for (int i = 0; i < 50; i++) {
                load.count(7);
            }
            load.tick(nowMs);
        }
        assertThat(load.perSecond(7)).isCloseTo(50, within(0.5));
        assertThat(load.perSecond(8)).isZero();
    }

    @Test
    void forgetsHalfInAMinute() {
        load.tick(0);
        for (int i = 0; i < 1_000; i++) {
            load.count(7);
        }
        load.tick(1_000);
        double before = load.perSecond(7);
        load.tick(61_000);
        assertThat(load.perSecond(7)).isCloseTo(before / 2, within(before / 100));
    }

    @Test
    void holdsManyCells() {
        for (long cell = 0; cell < 5_000; cell++) {
            load.count(cell);
        }
        load.tick(0);
        load.tick(1_000);
        assertThat(load.perSecond(4_999)).isPositive();
    }
}
