package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants.InvariantViolation;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CellsTest {
    private static final Cells CELLS = Cells.create();
    private static final GeoPoint MARKET_STREET = GeoPoint.ofDegrees(37.7893, -122.4011);
    /** A pentagon of resolution 9. */
    private static final long PENTAGON =
            H3Cells.INSTANCE.h3().getPentagons(9).stream().sorted().findFirst().orElseThrow();

    @Test
    void answersNullCellOutsideTheValidRange() {
        assertThat(CELLS.cellOf(900_000_001, 0, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOf(0, -1_800_000_001, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOf(Integer.MIN_VALUE, Integer.MAX_VALUE, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOfDegrees(Double.NaN, 0, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOfDegrees(0, Double.NaN, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOfDegrees(0, Double.POSITIVE_INFINITY, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOfDegrees(90.0001, 0, 9)).isEqualTo(Cells.NULL_CELL);
        assertThat(CELLS.cellOfDegrees(0, 180.0001, 9)).isEqualTo(Cells.NULL_CELL);
    }

    @Test
    void answersAValidCellAtTheVeryEdgesOfTheRange() {
        for (int latE7 : new int[] {-900_000_000, 0, 900_000_000}) {
            for (int lonE7 : new int[] {-1_800_000_000, 0, 1_800_000_000}) {
                assertThat(CELLS.isValid(CELLS.cellOf(latE7, lonE7, 9))).isTrue();
            }
        }
    }

    @Test
    void putsBothSidesOfTheAntimeridianInTheSameCell() {
        assertThat(CELLS.cellOf(-170_000_000, 1_800_000_000, 9))
                .isEqualTo(CELLS.cellOf(-170_000_000, -1_800_000_000, 9));
    }

    @Test
    void putsAPoleInOneCellWhateverTheLongitude() {
        long pole = CELLS.cellOf(900_000_000, 0, 9);
        for (int lonE7 : new int[] {-1_800_000_000, -900_000_000, 450_000_000, 1_350_000_000, 1_800_000_000}) {
            assertThat(CELLS.cellOf(900_000_000, lonE7, 9)).isEqualTo(pole);
        }
    }

    @Test
    void parentsEqualThoseOfH3AtEveryResolution() {
        for (long cell : new long[] {CELLS.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), 15), PENTAGON}) {
            for (int resolution = CELLS.resolution(cell); resolution >= 0; resolution--) {
                assertThat(CELLS.parent(cell, resolution))
                        .isEqualTo(H3Cells.INSTANCE.h3().cellToParent(cell, resolution));
            }
        }
    }

    @Test
    void refusesAParentFinerThanTheCell() {
        long cell = CELLS.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), 8);
        assertThatThrownBy(() -> CELLS.parent(cell, 9)).isInstanceOf(InvariantViolation.class);
    }

    @Test
    void gridDiskIsCompleteAndInRingOrder() {
        long cell = CELLS.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), 9);
        long[] disk = new long[37];
        assertThat(CELLS.gridDisk(cell, 3, disk)).isEqualTo(37);
        assertThat(disk[0]).isEqualTo(cell);
        int previous = 0;
        for (long member : disk) {
            int distance = CELLS.gridDistance(cell, member);
            assertThat(distance).isGreaterThanOrEqualTo(previous);
            previous = distance;
        }
        assertThat(Arrays.stream(disk).distinct().count()).isEqualTo(37);
    }

    @Test
    void gridDiskAroundAPentagonIsShorterButWholeAndInRingOrder() {
        long[] disk = new long[19];
        assertThat(CELLS.gridDisk(PENTAGON, 2, disk)).isEqualTo(16);
        assertThat(disk[0]).isEqualTo(PENTAGON);
        Set<Long> firstRing = new TreeSet<>(H3Cells.INSTANCE.h3().gridDisk(PENTAGON, 1));
        firstRing.remove(PENTAGON);
        assertThat(firstRing).hasSize(5);
        assertThat(Arrays.stream(disk, 1, 6).boxed()).containsExactlyInAnyOrderElementsOf(firstRing);
    }

    @Test
    void gridDiskNearAPentagonStaysComplete() {
        long neighbor = H3Cells.INSTANCE.h3().gridDisk(PENTAGON, 1).stream()
                .filter(cell -> cell != PENTAGON)
                .sorted()
                .findFirst()
                .orElseThrow();
        long[] disk = new long[19];
        int count = CELLS.gridDisk(neighbor, 2, disk);
        assertThat(Arrays.stream(disk, 0, count).boxed())
                .containsExactlyInAnyOrderElementsOf(H3Cells.INSTANCE.h3().gridDisk(neighbor, 2));
        assertThat(disk[0]).isEqualTo(neighbor);
    }

    @Test
    void gridDistanceIsMinusOneWhenH3CannotTell() {
        long sanFrancisco = CELLS.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), 9);
        long sydney = CELLS.cellOfDegrees(-33.8688, 151.2093, 9);
        assertThat(CELLS.gridDistance(sanFrancisco, sydney)).isEqualTo(-1);
    }

    @Test
    void boundaryHoldsTheCornersAroundTheCenter() {
        long cell = CELLS.cellOf(MARKET_STREET.latE7(), MARKET_STREET.lonE7(), 9);
        assertThat(CELLS.boundary(cell))
                .hasSize(6)
                .allSatisfy(corner ->
                        assertThat(corner.distanceMeters(CELLS.center(cell))).isBetween(120.0, 260.0));
        assertThat(CELLS.boundary(PENTAGON).size()).isGreaterThanOrEqualTo(5);
    }
}
