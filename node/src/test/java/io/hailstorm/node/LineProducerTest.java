package io.hailstorm.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.RecordBatch;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A line is printed for what the disk confirmed, and for nothing else. */
final class LineProducerTest {
    private final FaultyDisk disk = new FaultyDisk();
    private final StringWriter printed = new StringWriter();
    private final StringWriter messages = new StringWriter();

    @Test
    void printsALineOnlyAfterItsSync() {
        List<String> printedBeforeSync = new ArrayList<>();
        try (EmbeddedLog log = open()) {
            assertThat(run(log, "a\nb\n")).isTrue();
            disk.onSync(() -> printedBeforeSync.add(printed.toString()));
            assertThat(run(log, "c\nd\n")).isTrue();
        }
        assertThat(printedBeforeSync.getFirst()).isEqualTo("0 0\n1 1\n");
        assertThat(printed.toString()).isEqualTo("0 0\n1 1\n2 0\n3 1\n");
    }

    @Test
    void printsNothingThatTheDiskRefused() {
        try (EmbeddedLog log = open()) {
            assertThat(run(log, "a\nb\n")).isTrue();
            disk.failSyncs(1);
            assertThatThrownBy(() -> run(log, "c\nd\n")).isInstanceOf(HailstormException.class);
        }
        assertThat(printed.toString()).isEqualTo("0 0\n1 1\n");
    }

    /** The first commit is due at once, the next one a second later. */
    private EmbeddedLog open() {
        LogConfig config = LogConfig.defaults(1);
        config = config.withStream(
                StreamName.CONTROL, config.stream(StreamName.CONTROL).withCommit(1_000_000_000, 1 << 20));
        return EmbeddedLog.open(config, disk, new SystemTimeSource(), Path.of("/data"));
    }

    private boolean run(EmbeddedLog log, String lines) {
        return new LineProducer(
                        log,
                        log.partition(StreamName.CONTROL, 0),
                        new LineProducer.Numbering(RecordBatch.NO_PRODUCER, 0, 0),
                        new PrintWriter(printed),
                        new PrintWriter(messages))
                .run(new ByteArrayInputStream(lines.getBytes(UTF_8)));
    }
}
