package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

/** The broker challenge in short: what it finds is decided here, how fast it is only measured elsewhere. */
class BrokerChaosTest {
    @Test
    void losesAndDoublesNothingWhenALeadingBrokerIsKilled() throws Exception {
        CommandRun run = CommandRun.of(
                "chaos", "broker", "--rate", "2000", "--seconds", "12", "--kill-at", "4", "--heap", "256m", "--json");

        assertThat(run.exitCode()).as("%s%n%s", run.out(), run.err()).isZero();
        JsonNode result = new ObjectMapper().readTree(run.out());
        assertThat(result.get("acked").asLong()).isEqualTo(24_000);
        for (String zero : new String[] {"lost", "duplicated", "reordered", "corrupt", "unacked"}) {
            assertThat(result.get(zero).asLong()).as(zero).isZero();
        }
        assertThat(result.get("killed_partitions").asLong()).isPositive();
        assertThat(result.get("fully_replicated_ms").asLong()).isPositive();
    }
}
