package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CalendarQueueTest {
    private final List<String> ran = new ArrayList<>();

    private void record(long event, long atMs) {
        ran.add(atMs + ":" + event);
    }

    @Test
    void runsInOrderOfTimeThenEventWhateverTheOrderOfScheduling() {
        CalendarQueue queue = new CalendarQueue(1_000);
        queue.schedule(1_005, 2);
        queue.schedule(1_003, 9);
        queue.schedule(1_005, 1);
        queue.schedule(10, 7); // passed: as soon as possible
        assertEquals(4, queue.poll(1_010, this::record));
        assertEquals(List.of("1000:7", "1003:9", "1005:1", "1005:2"), ran);
    }

    @Test
    void keepsWhatIsDueBeyondItsHorizon() {
        CalendarQueue queue = new CalendarQueue(0);
        long far = 5L * CalendarQueue.HORIZON_MS + 3;
        queue.schedule(far, 1);
        queue.schedule(3, 2);
        queue.poll(far - 1, this::record);
        assertEquals(List.of("3:2"), ran);
        queue.poll(far, this::record);
        assertEquals(List.of("3:2", far + ":1"), ran);
    }

    @Test
    void runsWhatAnEventSchedulesWithinTheSamePoll() {
        CalendarQueue queue = new CalendarQueue(0);
        queue.schedule(1, 1);
        queue.poll(10, (event, atMs) -> {
            record(event, atMs);
            if (event < 3) {
                queue.schedule(atMs, event + 1);
            }
        });
        assertEquals(List.of("1:1", "1:2", "1:3"), ran);
    }
}
