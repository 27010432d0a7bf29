package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CellShortcutTest {
    private static final Cells CELLS = Cells.create();
    private static final long SEED = Long.getLong("seed", 20_260_101L);

    @ParameterizedTest
    @ValueSource(ints = {7, 8, 9, 10})
    void agreesWithH3OnPointsAllAroundCellsAllOverTheWorld(int resolution) {
        System.out.println("CellShortcutTest seed=" + SEED);
        CellShortcut shortcut = new CellShortcut(CELLS, resolution, 1 << 12);
        int provedCount = 0;
        int cellCount = 2_500;
        int pointsPerCell = 250;
        for (int i = 0; i < cellCount; i++) {
            // Uniform on the sphere, so that faces, edges and corners of the icosahedron all occur.
            double lat = Math.toDegrees(Math.asin(2 * draw(i, 0, 0) - 1));
            double lon = 360 * draw(i, 0, 1) - 180;
            long cell = CELLS.cellOfDegrees(lat, lon, resolution);
            shortcut.cellOf((int) (lat * 1e7), (int) (lon * 1e7), Cells.NULL_CELL);
            provedCount += countProved(shortcut, cell, i, pointsPerCell);
        }
        // About 0.65 of the square the points are drawn from is cell.
        assertThat(provedCount).isGreaterThan(cellCount * pointsPerCell / 2);
    }

    private static int countProved(CellShortcut shortcut, long cell, int entity, int pointCount) {
        GeoPoint center = CELLS.center(cell);
        double radiusE7 = CELLS.boundary(cell).stream()
                        .mapToDouble(center::distanceMeters)
                        .max()
                        .orElseThrow()
                / 0.0111195;
        double cosLat = Math.max(1e-3, Math.cos(Math.toRadians(center.latDegrees())));
        int provedCount = 0;
        for (int step = 1; step <= pointCount; step++) {
            int latE7 = (int) Math.clamp(
                    (long) (center.latE7() + radiusE7 * (2 * draw(entity, step, 0) - 1)), -900_000_000L, 900_000_000L);
            int lonE7 = (int) Math.clamp(
                    (long) (center.lonE7() + radiusE7 / cosLat * (2 * draw(entity, step, 1) - 1)),
                    -1_800_000_000L,
                    1_800_000_000L);
            long expected = CELLS.cellOf(latE7, lonE7, shortcut.resolution());
            if (shortcut.cellOf(latE7, lonE7, cell) != expected) {
                throw new AssertionError("seed=" + SEED + " point=" + latE7 + "," + lonE7 + " previous="
                        + Long.toHexString(cell) + " expected=" + Long.toHexString(expected));
            }
            provedCount += shortcut.proves(latE7, lonE7, cell) ? 1 : 0;
        }
        return provedCount;
    }

    @Test
    void agreesWithH3AlongDrivesThroughTheCityAndProvesMostFixes() {
        CellShortcut shortcut = new CellShortcut(CELLS, Cells.DRIVER_RESOLUTION);
        int fixCount = 0;
        int provedCount = 0;
        for (int driver = 0; driver < 100; driver++) {
            double latE7 = 377_800_000 + 400_000 * draw(driver, 0, 0);
            double lonE7 = -1_224_400_000 + 400_000 * draw(driver, 0, 1);
            double heading = 2 * Math.PI * draw(driver, 0, 2);
            long previous = Cells.NULL_CELL;
            for (int step = 1; step <= 5_000; step++) {
                heading += draw(driver, step, 2) - 0.5;
                // About 10 m a second in 1e-7 degrees.
                latE7 += 900 * Math.cos(heading);
                lonE7 += 1_140 * Math.sin(heading);
                int lat = (int) latE7;
                int lon = (int) lonE7;
                provedCount += shortcut.proves(lat, lon, previous) ? 1 : 0;
                long cell = shortcut.cellOf(lat, lon, previous);
                if (cell != CELLS.cellOf(lat, lon, Cells.DRIVER_RESOLUTION)) {
                    throw new AssertionError("seed=" + SEED + " driver=" + driver + " step=" + step);
                }
                previous = cell;
                fixCount++;
            }
        }
        assertThat((double) provedCount / fixCount).isGreaterThan(0.93);
    }

    @Test
    void neverProvesAnythingInAPentagonOrNearAPole() {
        CellShortcut shortcut = new CellShortcut(CELLS, 9);
        Collection<Long> pentagons = H3Cells.INSTANCE.h3().getPentagons(9);
        for (long pentagon : pentagons) {
            GeoPoint center = CELLS.center(pentagon);
            assertThat(shortcut.cellOf(center.latE7(), center.lonE7(), pentagon))
                    .isEqualTo(pentagon);
            assertThat(shortcut.proves(center.latE7(), center.lonE7(), pentagon))
                    .isFalse();
        }
        long pole = shortcut.cellOf(899_999_999, 0, Cells.NULL_CELL);
        assertThat(shortcut.cellOf(899_999_999, 1_790_000_000, pole)).isEqualTo(pole);
        assertThat(shortcut.proves(899_999_999, 0, pole)).isFalse();
    }

    @Test
    void staysRightWhenADriverCrossesTheAntimeridian() {
        CellShortcut shortcut = new CellShortcut(CELLS, 9);
        long previous = Cells.NULL_CELL;
        for (int step = -3_000; step <= 3_000; step++) {
            int lonE7 = step < 0 ? 1_800_000_000 + step * 20 : -1_800_000_000 + step * 20;
            previous = shortcut.cellOf(-170_000_000, lonE7, previous);
            assertThat(previous).isEqualTo(CELLS.cellOf(-170_000_000, lonE7, 9));
        }
    }

    @Test
    void answersNullCellOutOfRangeEvenWithAPreviousCell() {
        CellShortcut shortcut = new CellShortcut(CELLS, 9);
        long cell = shortcut.cellOf(0, 1_799_999_999, Cells.NULL_CELL);
        assertThat(shortcut.cellOf(0, 1_800_000_001, cell)).isEqualTo(Cells.NULL_CELL);
        assertThat(shortcut.cellOf(Integer.MIN_VALUE, 0, cell)).isEqualTo(Cells.NULL_CELL);
    }

    @Test
    void staysRightWhenFarMoreCellsPassThanTheTableHolds() {
        CellShortcut shortcut = new CellShortcut(CELLS, 9, 16);
        for (int i = 0; i < 2_000; i++) {
            int latE7 = 370_000_000 + i * 40_000;
            long cell = CELLS.cellOf(latE7, -1_220_000_000, 9);
            assertThat(shortcut.cellOf(latE7, -1_220_000_000, Cells.NULL_CELL)).isEqualTo(cell);
            assertThat(shortcut.cellOf(latE7 + 1, -1_220_000_000, cell))
                    .isEqualTo(CELLS.cellOf(latE7 + 1, -1_220_000_000, 9));
        }
    }

    private static double draw(int entity, int step, int stream) {
        return CounterRandom.uniform(SEED, entity, step, stream);
    }
}
