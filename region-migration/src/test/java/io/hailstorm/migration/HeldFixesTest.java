package io.hailstorm.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class HeldFixesTest {
    private final HeldFixes held = new HeldFixes(3);
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);

    @Test
    void releasesInOrderAndStopsAtTheFirstDeclined() {
        for (long seq = 1; seq <= 3; seq++) {
            assertThat(held.hold(fix.seq(seq))).isTrue();
        }
        assertThat(release(2)).containsExactly(1L, 2L);
        assertThat(held.hold(fix.seq(4))).isTrue();
        assertThat(held.hold(fix.seq(5))).isTrue();
        assertThat(release(9)).containsExactly(3L, 4L, 5L);
        assertThat(held.count()).isZero();
    }

    @Test
    void refusesWhatDoesNotFit() {
        for (long seq = 1; seq <= 3; seq++) {
            held.hold(fix.seq(seq));
        }
        assertThat(held.hold(fix.seq(4))).isFalse();
        assertThat(release(9)).containsExactly(1L, 2L, 3L);
    }

    private List<Long> release(int countMax) {
        List<Long> taken = new ArrayList<>();
        int count = held.release(view -> {
            if (taken.size() == countMax) {
                return false;
            }
            taken.add(view.seq());
            return true;
        });
        assertThat(count).isEqualTo(taken.size());
        return taken;
    }
}
