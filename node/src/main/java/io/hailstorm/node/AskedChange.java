package io.hailstorm.node;

import io.hailstorm.protocol.v1.Migration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A move, split or merge that was asked for: one migration of its name, or several named after it. The answer may come on any thread. */
final class AskedChange implements MoveDesk.Answer {
    private static final String DONE = "DONE";

    private final String id;
    private final long askedNs;
    private final Set<String> ended = new HashSet<>();
    private volatile List<String> begun = List.of();
    private volatile boolean isBegun;
    private volatile boolean isRefused;

    AskedChange(String id, long askedNs) {
        this.id = id;
        this.askedNs = askedNs;
    }

    @Override
    public void onBegun(List<String> migrations) {
        begun = migrations;
        isBegun = true;
    }

    @Override
    public void onRefused(Throwable reason) {
        isRefused = true;
    }

    /** By the clock of whoever asked. */
    long askedNs() {
        return askedNs;
    }

    boolean isRefused() {
        return isRefused;
    }

    /** Whether a migration belongs to this. */
    boolean isOf(Migration migration) {
        String name = migration.getMigration();
        return name.equals(id) || (name.startsWith(id) && name.startsWith("/", id.length()));
    }

    /** Takes notice of a migration of this one that has ended; whether it is news. */
    boolean ended(Migration migration) {
        return ended.add(migration.getMigration());
    }

    /** Whether the range is at its target. */
    static boolean isDone(Migration migration) {
        return migration.getOutcome().equals(DONE);
    }

    /** Whether all of it has ended, as far as {@link #ended} was told. */
    boolean isOver() {
        return isRefused || (isBegun && ended.containsAll(begun));
    }
}
