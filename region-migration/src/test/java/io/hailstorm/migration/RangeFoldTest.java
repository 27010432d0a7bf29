package io.hailstorm.migration;

import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.B;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.migration.RangeRecord.DriverPosition;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RangeFoldTest {
    private final RangeFold fold = new RangeFold(Set.of(A));

    @Test
    void keepsTheLatestPositionOfEachDriverInTheRange() {
        fold.onFix(A, 9, 0, 1, 5);
        fold.onFix(A, 7, 0, 2, 1);
        fold.onFix(A, 7, 0, 1, 99);
        fold.onFix(A, 7, 1, 0, 1);
        fold.onFix(B, 8, 0, 1, 1);
        assertThat(fold.drivers()).containsExactly(new DriverPosition(7, 1, 0, 1), new DriverPosition(9, 0, 1, 5));
    }

    @Test
    void goesOnFromTheOpenItsLogBeganWith() {
        DriverPosition brought = new DriverPosition(7, 0, 1, 5);
        fold.onOpen(new RangeRecord.Open("m", 2, ControlRecord.sorted(Set.of(B)), 0, 1, 0, List.of(brought)));
        assertThat(fold.drivers()).isEmpty();
        fold.onOpen(new RangeRecord.Open("m", 2, ControlRecord.sorted(Set.of(A, B)), 0, 1, 0, List.of(brought)));
        fold.onFix(A, 7, 0, 1, 4);
        assertThat(fold.drivers()).containsExactly(brought);
    }

    @Test
    void hashesEveryPartOfEveryPosition() {
        List<List<DriverPosition>> different = List.of(
                List.of(),
                List.of(new DriverPosition(0, 0, 0, 0)),
                List.of(new DriverPosition(1, 0, 0, 0)),
                List.of(new DriverPosition(0, 1, 0, 0)),
                List.of(new DriverPosition(0, 0, 1, 0)),
                List.of(new DriverPosition(0, 0, 0, 1)),
                List.of(new DriverPosition(0, 0, 0, 0), new DriverPosition(1, 0, 0, 0)));
        assertThat(different.stream().map(RangeFold::hash)).doesNotHaveDuplicates();
    }
}
