package io.hailstorm.migration;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/**
 * Visits every state of a {@link ModelSpec}, breadth first, so that the first counter-example is a shortest one. States are
 * kept packed in an arena with a hash table of their numbers beside it and the number of the state each was first reached
 * from; a trace is found again by going forward.
 *
 * <p>Liveness is L1 under weak fairness of "some fair action is taken when one is enabled". The graph of a model with bounded faults
 * has no cycle, which {@link #checkLiveness} establishes by taking states without predecessors away until none is left. So every
 * behaviour is finite, and a fair one ends in a state without fair actions: L1 holds iff each such state is settled. In
 * particular a settled state can be reached from every state.
 */
final class ModelExplorer<S> {
    /** Arena chunks hold this many states. */
    private static final int CHUNK_STATES = 1 << 14;

    /** How an exploration ended. {@code broken} is empty when nothing was violated; {@code trace} leads to the violation. */
    record Outcome(long states, long steps, int depth, String broken, List<String> trace) {
        boolean isSound() {
            return broken.isEmpty();
        }

        String story() {
            return broken + "\n    " + String.join("\n    ", trace);
        }
    }

    private final ModelSpec<S> spec;
    private final int statesMax;
    private final int words;
    private final ModelBits packer;
    private final ModelBits unpacker;
    private final List<long[]> chunks = new ArrayList<>();
    private int[] parents = new int[CHUNK_STATES];
    private int[] table = new int[1 << 16];
    private int count;
    private long stepCount;

    ModelExplorer(ModelSpec<S> spec, int statesMax) {
        this.spec = spec;
        this.statesMax = statesMax;
        this.words = spec.wordCount();
        this.packer = new ModelBits(words);
        this.unpacker = new ModelBits(words);
    }

    /** Every reachable state against the invariants, up to the first that breaks one. */
    Outcome checkSafety() {
        Arrays.fill(table, -1);
        add(spec.initial(), -1);
        int depth = 0;
        int levelEnd = count;
        for (int next = 0; next < count; next++) {
            if (next == levelEnd) {
                depth++;
                levelEnd = count;
            }
            S state = state(next);
            String broken = spec.broken(state);
            if (!broken.isEmpty()) {
                return new Outcome(count, stepCount, depth, broken, trace(next));
            }
            int from = next;
            spec.actions(state, (action, a, b, isFair, successor) -> {
                stepCount++;
                add(successor, from);
            });
            if (count > statesMax) {
                throw new IllegalStateException(
                        "more than " + statesMax + " states; the bound of this model is too small");
            }
        }
        return new Outcome(count, stepCount, depth, "", List.of());
    }

    /** L1 over the states {@link #checkSafety} has found, all of them. See the class. */
    Outcome checkLiveness() {
        int[] predecessors = new int[count];
        int[] stuck = {-1};
        for (int each = 0; each < count; each++) {
            S state = state(each);
            boolean[] canGoOn = {false};
            int from = each;
            spec.actions(state, (action, a, b, isFair, successor) -> {
                int to = find(successor);
                if (to != from) {
                    predecessors[to]++;
                    canGoOn[0] |= isFair;
                }
            });
            if (!canGoOn[0] && stuck[0] < 0 && !spec.isSettled(state)) {
                stuck[0] = each;
            }
        }
        if (stuck[0] >= 0) {
            String broken = "L1: nothing fair is enabled, and a move is under way";
            return new Outcome(count, stepCount, 0, broken, trace(stuck[0]));
        }
        int taken = takeAway(predecessors);
        String broken = taken == count ? "" : "L1: " + (count - taken) + " states lie on or behind a cycle";
        return new Outcome(count, stepCount, 0, broken, List.of());
    }

    /** How many states remain after none without predecessors is left: those that lie on no cycle, nor behind one. */
    private int takeAway(int[] predecessors) {
        Deque<Integer> free = new ArrayDeque<>();
        free.add(0);
        int[] taken = {0};
        while (!free.isEmpty()) {
            int from = free.remove();
            taken[0]++;
            spec.actions(state(from), (action, a, b, isFair, successor) -> {
                int to = find(successor);
                if (to != from && --predecessors[to] == 0) {
                    free.add(to);
                }
            });
        }
        return taken[0];
    }

    private List<String> trace(int last) {
        List<Integer> path = new ArrayList<>();
        for (int each = last; each >= 0; each = parents[each]) {
            path.add(each);
        }
        Collections.reverse(path);
        List<String> lines = new ArrayList<>();
        for (int i = 1; i < path.size(); i++) {
            lines.add(step(path.get(i - 1), path.get(i)));
        }
        return lines;
    }

    private String step(int from, int to) {
        String[] name = {""};
        spec.actions(state(from), (action, a, b, isFair, successor) -> {
            if (name[0].isEmpty() && find(successor) == to) {
                String arguments = b >= 0 ? "(" + a + ", " + b + ")" : a >= 0 ? "(" + a + ")" : "";
                name[0] = String.format("%-24s %s", action + arguments, spec.describe(successor));
            }
        });
        return name[0];
    }

    private S state(int number) {
        long[] chunk = chunks.get(number / CHUNK_STATES);
        return spec.unpack(unpacker.rewind(chunk, number % CHUNK_STATES * words));
    }

    private void add(S state, int parent) {
        spec.pack(state, packer.clear());
        int slot = slot();
        if (table[slot] >= 0) {
            return;
        }
        if (count % CHUNK_STATES == 0) {
            chunks.add(new long[CHUNK_STATES * words]);
        }
        if (count == parents.length) {
            parents = Arrays.copyOf(parents, count + count / 2);
        }
        System.arraycopy(packer.words(), 0, chunks.getLast(), count % CHUNK_STATES * words, words);
        parents[count] = parent;
        table[slot] = count++;
        if (count * 2L > table.length) {
            grow();
        }
    }

    private int find(S state) {
        spec.pack(state, packer.clear());
        int number = table[slot()];
        if (number < 0) {
            throw new IllegalStateException("an action leads to a state that was not visited");
        }
        return number;
    }

    /** Where the packed state is, or would go. */
    private int slot() {
        int slot = hash(packer.words(), 0) & (table.length - 1);
        while (table[slot] >= 0 && !isAt(table[slot])) {
            slot = (slot + 1) & (table.length - 1);
        }
        return slot;
    }

    private boolean isAt(int number) {
        long[] chunk = chunks.get(number / CHUNK_STATES);
        int offset = number % CHUNK_STATES * words;
        return Arrays.equals(packer.words(), 0, words, chunk, offset, offset + words);
    }

    private void grow() {
        int[] larger = new int[table.length * 2];
        Arrays.fill(larger, -1);
        for (int number = 0; number < count; number++) {
            int slot = hash(chunks.get(number / CHUNK_STATES), number % CHUNK_STATES * words) & (larger.length - 1);
            while (larger[slot] >= 0) {
                slot = (slot + 1) & (larger.length - 1);
            }
            larger[slot] = number;
        }
        table = larger;
    }

    private int hash(long[] from, int offset) {
        long hash = 0;
        for (int i = 0; i < words; i++) {
            hash = (hash ^ from[offset + i]) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
        }
        return (int) (hash ^ (hash >>> 32));
    }
}
