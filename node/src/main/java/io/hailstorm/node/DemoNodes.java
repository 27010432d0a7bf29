package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.simulator.Endpoints;
import io.hailstorm.simulator.ServiceArea;
import io.hailstorm.simulator.TokenSource;
import java.util.List;

/** What a run drives: one node, or one a region, serving; and what they say of it in the end. */
interface DemoNodes extends AutoCloseable {
    /** What time waits for. */
    List<? extends PacedNode> paced();

    /** Where phones go. */
    Endpoints endpoints(int phones);

    ServiceArea serviceArea();

    TokenSource tokens();

    MoveDesk moves();

    boolean isHealthy();

    /** @throws io.hailstorm.kernel.HailstormException saying what failed */
    void requireHealthy();

    /** Lets everything appended become durable and be acted on. */
    void settle();

    NodeFigures figures();

    /** Every partition of a stream, as its owner has it. After the last {@link #settle}. */
    List<PartitionReader> partitions(StreamName stream);

    /** Whether there are several regions, between which drivers are handed over. */
    boolean areSeveral();

    @Override
    void close();
}
