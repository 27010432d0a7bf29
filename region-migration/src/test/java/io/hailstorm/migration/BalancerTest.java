package io.hailstorm.migration;

import static io.hailstorm.migration.Line.cells;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.migration.Balancer.Advice;
import io.hailstorm.migration.Balancer.Config;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BalancerTest {
    private static final int CELL_COUNT = 12;
    private static final long MINUTE_MS = 60_000;

    private final Line line = new Line(CELL_COUNT);
    private final Balancer balancer = new Balancer(Config.DEFAULT, line::load, line::neighbours);
    private long nowMs = 1_000_000;
    private PartitionMap map = line.table(4, 4, 4).map();

    @Test
    void doesNothingWhileLoadsAreEvenOrUnknown() {
        assertThat(balancer.advise(map, nowMs)).isEmpty();
        loadAll(10);
        line.load(1, 15);
        assertThat(balancer.advise(map, nowMs)).isEmpty();
    }

    @Test
    void movesFewCellsAtTheBorderToACoolerNeighbour() {
        loadAll(10);
        line.load(4, 20);
        line.load(3, 40);
        line.load(5, 4);
        Advice.Move move = (Advice.Move) balancer.advise(map, nowMs).orElseThrow();
        assertThat(move.target()).isEqualTo(1);
        assertThat(move.cells()).isEqualTo(cells(4, 4));
    }

    @Test
    void takesNoPieceOutOfTheMiddle() {
        loadAll(10);
        line.load(2, 60);
        Advice.Move move = (Advice.Move) balancer.advise(map, nowMs).orElseThrow();
        assertThat(move.cells()).isEqualTo(cells(3, 4));
    }

    @Test
    void splitsAHotPartitionWhereAnotherHasNoCells() {
        map = line.table(6, 6, 0).map();
        loadAll(10);
        line.load(1, 80);
        assertThat(balancer.advise(map, nowMs)).contains(new Advice.Split(0));
    }

    @Test
    void mergesTwoColdNeighboursOnly() {
        map = line.table(3, 3, 3, 3).map();
        loadAll(10);
        for (int number = 4; number <= 9; number++) {
            line.load(number, 0.1);
        }
        // Two hot ones of four would be hot alone; what counts is that nothing is above the bound.
        Config calm = new Config(3, 2.5, 0.3, 0.02, 10_000, 300_000, 4, 64);
        Balancer patient = new Balancer(calm, line::load, line::neighbours);
        assertThat(patient.advise(map, nowMs)).contains(new Advice.Merge(1, 2));
    }

    @Test
    void waitsBetweenProposalsAndKeepsToItsBudget() {
        loadAll(10);
        line.load(3, 40);
        line.load(4, 40);
        int count = 0;
        for (long end = nowMs + 5 * MINUTE_MS; nowMs < end; nowMs += 1_000) {
            count += balancer.advise(map, nowMs).isPresent() ? 1 : 0;
        }
        // Nothing is carried out, so it asks again, four times a minute.
        assertThat(count).isEqualTo(5 * Config.DEFAULT.movesPerMinute());
    }

    @Test
    void letsACellThatMovedRest() {
        loadAll(10);
        line.load(4, 60);
        Advice.Move first = (Advice.Move) balancer.advise(map, nowMs).orElseThrow();
        balancer.onMoved(cells(1, 12), nowMs);
        nowMs += 2 * Config.DEFAULT.intervalMs();
        assertThat(balancer.advise(map, nowMs)).isEmpty();
        nowMs += Config.DEFAULT.cooldownMs();
        assertThat(balancer.advise(map, nowMs)).contains(first);
    }

    @Test
    void evensOutAndThenStops() {
        loadAll(10);
        line.load(1, 50);
        line.load(2, 30);
        line.load(3, 30);
        run(20 * MINUTE_MS);
        assertThat(heat()).isLessThan(Config.DEFAULT.actAbove());
        PartitionMap settled = map;
        run(20 * MINUTE_MS);
        assertThat(map.epoch()).isEqualTo(settled.epoch());
    }

    @Test
    void doesNotFlapUnderALoadThatSwingsToAndFro() {
        Set<Long> movedOften = new HashSet<>();
        Map<Long, Integer> moves = new HashMap<>();
        for (int round = 0; round < 240; round++) {
            loadAll(10);
            // A rush that swings between two places twice in a cooldown.
            line.load(round % 10 < 5 ? 2 : 11, 60);
            PartitionMap before = map;
            run(30_000);
            for (long cell : map.cells()) {
                if (map.partitionOf(cell) != before.partitionOf(cell)
                        && moves.merge(cell, 1, Integer::sum) > 240 / 10) {
                    movedOften.add(cell);
                }
            }
        }
        // Two hours: a cell may move once a cooldown at most, and most never do.
        assertThat(movedOften).isEmpty();
        assertThat(moves.values().stream().mapToInt(Integer::intValue).sum()).isLessThan(2 * 60 * 60_000 / 300_000);
    }

    private void loadAll(double load) {
        for (int number = 1; number <= CELL_COUNT; number++) {
            line.load(number, load);
        }
    }

    private double heat() {
        double max = 0;
        double sum = 0;
        for (int partition = 0; partition < map.partitionCount(); partition++) {
            double load =
                    map.cellsOf(partition).stream().mapToDouble(line::load).sum();
            max = Math.max(max, load);
            sum += load;
        }
        return max / (sum / map.partitionCount());
    }

    /** Carries out what is proposed, at once. */
    private void run(long durationMs) {
        for (long end = nowMs + durationMs; nowMs < end; nowMs += 1_000) {
            Optional<Advice> advice = balancer.advise(map, nowMs);
            if (advice.orElse(null) instanceof Advice.Move move) {
                map = map.withOwner(move.cells(), move.target(), map.epoch() + 1);
                balancer.onMoved(move.cells(), nowMs);
            }
        }
    }
}
