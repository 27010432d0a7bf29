package io.hailstorm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Not a check but a tool: {@code -Dprotocol.release=true} makes the current protocol the released one. */
@EnabledIfSystemProperty(named = "protocol.release", matches = "true")
class ReleaseProtocolTest {
    @Test
    void writesTheReleasedDescriptorSet() throws Exception {
        DescriptorSets.release();
        assertThat(DescriptorSets.current().getFileCount()).isEqualTo(DescriptorSets.FILES.size());
    }
}
