package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PartitionerTest {
    private static final Cells CELLS = Cells.create();
    private static final long SEED = Long.getLong("seed", 5L);

    @ParameterizedTest
    @CsvSource({"sf,2", "sf,3", "sf,4", "sf,6", "sf,8", "nyc,2", "nyc,4", "nyc,8"})
    void partitionsOfACityAreBalancedByDemandAndEachInOnePiece(String name, int partitionCount) {
        City city = City.named(name).orElseThrow();
        PartitionMap map = Partitioner.balanced(city.region().routingCells(), city::demandWeight, partitionCount);
        assertThat(map.cells()).isEqualTo(city.region().routingCells());
        assertThat(map.epoch()).isEqualTo(Partitioner.FIRST_EPOCH);
        assertThat(maxOverMean(map, city::demandWeight)).isLessThanOrEqualTo(1.15);
        for (int partition = 0; partition < partitionCount; partition++) {
            assertThat(pieceCount(map.cellsOf(partition)))
                    .as("partition %s", partition)
                    .isEqualTo(1);
        }
    }

    @Test
    void anyWeightsStayContiguousAndNoPartitionIsEmpty() {
        System.out.println("PartitionerTest seed=" + SEED);
        Set<Long> cells = City.nyc().region().routingCells();
        for (int run = 0; run < 20; run++) {
            int salt = run;
            LongToDoubleFunction weight = cell -> Math.pow(CounterRandom.uniform(SEED, cell, salt, 0), 8) * (cell % 3);
            int partitionCount = 2 + run;
            PartitionMap map = Partitioner.balanced(cells, weight, partitionCount);
            for (int partition = 0; partition < partitionCount; partition++) {
                assertThat(pieceCount(map.cellsOf(partition)))
                        .as("seed %s run %s partition %s", SEED, run, partition)
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void theOrderOfTheInputDoesNotMatter() {
        City city = City.sf();
        List<Long> shuffled = new ArrayList<>(city.region().routingCells());
        Collections.shuffle(shuffled, new Random(SEED));
        assertThat(Partitioner.balanced(shuffled, city::demandWeight, 4))
                .isEqualTo(Partitioner.balanced(city.region().routingCells(), city::demandWeight, 4));
    }

    @Test
    void allZeroWeightsCountAsEqual() {
        PartitionMap map = Partitioner.balanced(City.sf().region().routingCells(), cell -> 0, 4);
        assertThat(maxOverMean(map, cell -> 1)).isLessThan(1.02);
    }

    @Test
    void asManyPartitionsAsCellsGivesOneCellEach() {
        List<Long> disk = disk(GeoPoint.ofDegrees(37.78, -122.4), 1);
        PartitionMap map = Partitioner.balanced(disk, cell -> 1, 7);
        for (int partition = 0; partition < 7; partition++) {
            assertThat(map.cellsOf(partition)).hasSize(1);
        }
    }

    @Test
    void anAreaInSeveralPiecesIsCutBetweenThemFirst() {
        List<Long> cells = new ArrayList<>(disk(GeoPoint.ofDegrees(37.78, -122.4), 3));
        cells.addAll(disk(GeoPoint.ofDegrees(37.78, -121.4), 3));
        PartitionMap map = Partitioner.balanced(cells, cell -> 1, 2);
        assertThat(map.cellsOf(0)).hasSize(37);
        assertThat(pieceCount(map.cellsOf(0))).isEqualTo(1);
        assertThat(pieceCount(map.cellsOf(1))).isEqualTo(1);
    }

    @Test
    void anAreaAcrossTheAntimeridianIsOnePiece() {
        List<Long> cells = disk(GeoPoint.ofDegrees(-17, 180), 5);
        PartitionMap map = Partitioner.balanced(cells, cell -> 1, 3);
        for (int partition = 0; partition < 3; partition++) {
            assertThat(pieceCount(map.cellsOf(partition))).isEqualTo(1);
        }
        assertThat(maxOverMean(map, cell -> 1)).isLessThan(1.1);
    }

    @Test
    void cutsEachRegionByItselfWithItsOwnRunOfPartitions() {
        City city = City.sf();
        List<Region> regions = city.parts().orElseThrow().all();
        PartitionMap map = Partitioner.balancedEach(
                regions.stream().map(Region::routingCells).toList(), city::demandWeight, 3);
        assertThat(map.partitionCount()).isEqualTo(6);
        assertThat(map.cells()).isEqualTo(city.region().routingCells());
        for (int partition = 0; partition < 6; partition++) {
            assertThat(map.cellsOf(partition))
                    .as("partition %d", partition)
                    .isNotEmpty()
                    .isSubsetOf(regions.get(partition / 3).routingCells());
        }
    }

    @Test
    void refusesTooFewCellsAndBadWeights() {
        List<Long> disk = disk(GeoPoint.ofDegrees(37.78, -122.4), 1);
        assertThatThrownBy(() -> Partitioner.balanced(disk, cell -> 1, 8))
                .hasMessageContaining("cannot cut 7 routing cells into 8 partitions");
        assertThatThrownBy(() -> Partitioner.balanced(disk, cell -> 1, 0)).hasMessageContaining("into 0 partitions");
        assertThatThrownBy(() -> Partitioner.balanced(disk, cell -> Double.NaN, 2))
                .hasMessageContaining("NaN");
        assertThatThrownBy(() -> Partitioner.balanced(disk, cell -> -1, 2)).hasMessageContaining("-1.0");
    }

    private static List<Long> disk(GeoPoint center, int k) {
        long[] disk = new long[3 * k * (k + 1) + 1];
        int count = CELLS.gridDisk(CELLS.cellOf(center.latE7(), center.lonE7(), 7), k, disk);
        List<Long> cells = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            cells.add(disk[i]);
        }
        return cells;
    }

    private static double maxOverMean(PartitionMap map, LongToDoubleFunction weight) {
        double[] weights = new double[map.partitionCount()];
        double total = 0;
        for (long cell : map.cells()) {
            weights[map.partitionOf(cell)] += weight.applyAsDouble(cell);
            total += weight.applyAsDouble(cell);
        }
        double max = 0;
        for (double partitionWeight : weights) {
            max = Math.max(max, partitionWeight);
        }
        return max / (total / weights.length);
    }

    private static int pieceCount(Collection<Long> cells) {
        Set<Long> open = new TreeSet<>(cells);
        long[] disk = new long[7];
        int pieceCount = 0;
        while (!open.isEmpty()) {
            pieceCount++;
            List<Long> stack = new ArrayList<>(List.of(open.iterator().next()));
            while (!stack.isEmpty()) {
                long cell = stack.removeLast();
                if (open.remove(cell)) {
                    int count = CELLS.gridDisk(cell, 1, disk);
                    for (int i = 1; i < count; i++) {
                        stack.add(disk[i]);
                    }
                }
            }
        }
        return pieceCount;
    }
}
