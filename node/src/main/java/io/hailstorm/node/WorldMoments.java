package io.hailstorm.node;

import io.hailstorm.migration.ControlRecord;
import io.hailstorm.migration.RangeState;
import io.hailstorm.node.WorldPlan.Fault;
import io.hailstorm.node.WorldPlan.Order;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Lets things happen in the middle of a move or a hand-over, where chance alone would seldom hit: a node dies, or is cut off, right
 * after it appended a step of one, and somebody takes back or aborts a move the moment it gets that far.
 */
final class WorldMoments {
    private static final int LATER_STEPS_MAX = 40;
    private static final int SOON_STEPS_MAX = 6;
    /** One in so many steps of a move or a hand-over that a node appends is its last. */
    private static final int APPENDS_A_DEATH = 8;
    /** One in so many steps of a move that become durable is one after which something happens: of those before the seal, of the seal. */
    private static final int STEPS_A_MOMENT = 5;

    private static final int SEALS_A_MOMENT = 3;
    private static final int INSIDE_MAX = 4;
    private static final int WAITING_MAX = 16;

    /** What is to happen. */
    sealed interface Moment {}

    /** A machine dies within so many appends and syncs. */
    record Death(int node, int within) implements Moment {}

    record Cut() implements Moment {}

    /** A move is to stay where it was. */
    record Abort(String migration, boolean force) implements Moment {}

    private record Waiting(int step, Moment moment) {}

    private final WorldPlan plan;
    private final SplittableRandom random;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private int step;

    WorldMoments(WorldPlan plan, SplittableRandom random) {
        this.plan = plan;
        this.random = random;
    }

    /** A node appended a SEAL, an OPEN, a hand-over or the like; nothing of it is durable yet. */
    void onAppended(int node) {
        if (!plan.has(Fault.MIDDLE) || random.nextInt(APPENDS_A_DEATH) != 0) {
            return;
        }
        if (plan.has(Fault.CUT) && plan.regionCount() > 1 && random.nextInt(3) == 0) {
            add(0, new Cut());
        } else {
            add(0, new Death(node, 1 + random.nextInt(INSIDE_MAX)));
        }
    }

    /** A step of a move became durable in the control stream. */
    void onProposal(ControlRecord.Proposal proposal) {
        boolean isSealed = proposal.state() == RangeState.SEALED;
        if (proposal.state() == RangeState.ACTIVE || random.nextInt(isSealed ? SEALS_A_MOMENT : STEPS_A_MOMENT) != 0) {
            return;
        }
        if (plan.has(Fault.MIDDLE) && random.nextBoolean()) {
            int inSteps = random.nextInt(isSealed ? SOON_STEPS_MAX : LATER_STEPS_MAX);
            add(inSteps, new Death(random.nextInt(plan.regionCount()), 1 + random.nextInt(INSIDE_MAX)));
        }
        if (random.nextBoolean()) {
            return;
        }
        if (plan.has(isSealed ? Order.TAKE_BACK : Order.ABORT)) {
            add(random.nextInt(LATER_STEPS_MAX), new Abort(proposal.migrationId(), isSealed));
        }
    }

    private void add(int inSteps, Moment moment) {
        if (waiting.size() < WAITING_MAX) {
            waiting.add(new Waiting(step + inSteps, moment));
        }
    }

    /** What is due at a step; null when nothing is. */
    @Nullable
    Moment next(int now) {
        step = now;
        for (Waiting each : waiting) {
            if (each.step() <= now) {
                waiting.remove(each);
                return each.moment();
            }
        }
        return null;
    }
}
