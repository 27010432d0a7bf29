package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PartitionMapTest {
    private static final Cells CELLS = Cells.create();
    private static final long HOME = CELLS.cellOfDegrees(37.7893, -122.4011, 7);

    @Test
    void answersEveryCellOfACityAndNothingOutside() {
        Map<Long, Integer> owners = new TreeMap<>();
        City.sf().region().routingCells().forEach(cell -> owners.put(cell, Math.floorMod(cell >> 20, 4)));
        PartitionMap map = PartitionMap.of(1, 4, owners);
        owners.forEach((cell, owner) -> assertThat(map.partitionOf(cell)).isEqualTo(owner));
        City.nyc()
                .region()
                .routingCells()
                .forEach(cell -> assertThat(map.partitionOf(cell)).isEqualTo(PartitionMap.NO_PARTITION));
        assertThat(map.cells()).containsExactlyElementsOf(owners.keySet());
    }

    @Test
    void findsTheOwnerOfFinerCellsByTheirAncestor() {
        PartitionMap map = PartitionMap.of(1, 2, Map.of(HOME, 1));
        for (int resolution = 7; resolution <= 15; resolution++) {
            long child = H3Cells.INSTANCE.h3().cellToCenterChild(HOME, resolution);
            assertThat(map.partitionOf(child)).isEqualTo(1);
        }
    }

    @Test
    void coarserCellsAndTheNullCellHaveNoPartition() {
        PartitionMap map = PartitionMap.of(1, 2, Map.of(HOME, 1));
        assertThat(map.partitionOf(CELLS.parent(HOME, 6))).isEqualTo(PartitionMap.NO_PARTITION);
        assertThat(map.partitionOf(Cells.NULL_CELL)).isEqualTo(PartitionMap.NO_PARTITION);
    }

    @Test
    void movedCellsChangeOwnerInTheNewMapOnly() {
        long other = CELLS.cellOfDegrees(37.3350, -121.8890, 7);
        PartitionMap before = PartitionMap.of(1, 2, Map.of(HOME, 0, other, 0));
        PartitionMap after = before.withOwner(Set.of(HOME), 1, 2);
        assertThat(before.partitionOf(HOME)).isZero();
        assertThat(after.partitionOf(HOME)).isEqualTo(1);
        assertThat(after.partitionOf(other)).isZero();
        assertThat(after.epoch()).isEqualTo(2);
        assertThat(after.cellsOf(1)).containsExactly(HOME);
        assertThat(after).isEqualTo(PartitionMap.of(2, 2, Map.of(HOME, 1, other, 0)));
    }

    @Test
    void refusesAnEpochThatDoesNotGrow() {
        PartitionMap map = PartitionMap.of(7, 2, Map.of(HOME, 0));
        assertThatThrownBy(() -> map.withOwner(Set.of(HOME), 1, 7))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("current=7, got=7");
    }

    @Test
    void refusesCellsAndPartitionsItDoesNotKnow() {
        PartitionMap map = PartitionMap.of(1, 2, Map.of(HOME, 0));
        assertThatThrownBy(() -> map.withOwner(Set.of(CELLS.cellOfDegrees(0, 0, 7)), 1, 2))
                .hasMessageContaining("not in this region's partition map");
        assertThatThrownBy(() -> map.withOwner(Set.of(HOME), 2, 2)).hasMessageContaining("no such partition: 2");
        assertThatThrownBy(() -> PartitionMap.of(1, 2, Map.of(CELLS.cellOfDegrees(0, 0, 8), 0)))
                .hasMessageContaining("not a routing cell");
        assertThatThrownBy(() -> PartitionMap.of(1, 0, Map.of())).hasMessageContaining("partitionCount=0");
    }
}
