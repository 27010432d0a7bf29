package io.hailstorm.node;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.util.function.BooleanSupplier;
import org.slf4j.LoggerFactory;

/** Keeps the messages of thousands of simulated nodes, which die and see disks fail on purpose, from the terminal. */
final class WorldQuiet {
    /** Says when messages are wanted all the same. */
    private static final String LEVEL_VARIABLE = "HAILSTORM_LOG_LEVEL";

    private WorldQuiet() {}

    static boolean during(BooleanSupplier work) {
        if (!(LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME) instanceof Logger root)
                || System.getenv(LEVEL_VARIABLE) != null) {
            return work.getAsBoolean();
        }
        Level former = root.getLevel();
        root.setLevel(Level.OFF);
        try {
            return work.getAsBoolean();
        } finally {
            root.setLevel(former);
        }
    }
}
