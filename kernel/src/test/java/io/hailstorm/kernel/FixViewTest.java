package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class FixViewTest {
    /** What {@link #aFix} must look like for as long as there are logs to read. */
    private static final String GOLDEN = "0102030405060708" // driver
            + "1112131415161718" // session
            + "2122232425262728" // seq
            + "3132333435363738" // event time
            + "4142434445464748" // cell
            + "51525354" // latitude
            + "61626364" // longitude
            + "71727374" // driver epoch
            + "8182" // heading
            + "9192" // speed
            + "02" // state
            + "01" // flags
            + "A1A2" // accuracy
            + "00FEFFFF"; // ingest delay, -512

    @Test
    void writesTheGoldenLayout() {
        byte[] bytes = new byte[FixDescriptor.LENGTH];
        aFix(new FixView().wrap(new UnsafeBuffer(bytes), 0));
        assertThat(HexFormat.of().withUpperCase().formatHex(bytes)).isEqualTo(GOLDEN);
    }

    @Test
    void readsTheGoldenLayout() {
        FixView fix = new FixView().wrap(new UnsafeBuffer(HexFormat.of().parseHex(GOLDEN)), 0);
        assertThat(fix.driver()).isEqualTo(0x0807060504030201L);
        assertThat(fix.session()).isEqualTo(0x1817161514131211L);
        assertThat(fix.seq()).isEqualTo(0x2827262524232221L);
        assertThat(fix.deviceMs()).isEqualTo(0x3837363534333231L);
        assertThat(fix.cell()).isEqualTo(0x4847464544434241L);
        assertThat(fix.latE7()).isEqualTo(0x54535251);
        assertThat(fix.lonE7()).isEqualTo(0x64636261);
        assertThat(fix.de()).isEqualTo(0x74737271);
        assertThat(fix.headingCentidegrees()).isEqualTo(0x8281);
        assertThat(fix.speedCmPerS()).isEqualTo(0x9291);
        assertThat(fix.state()).isEqualTo(DriverState.EN_ROUTE.code());
        assertThat(fix.flags()).isEqualTo(FixDescriptor.FLAG_STATE_ONLY);
        assertThat(fix.accuracyDm()).isEqualTo(0xA2A1);
        assertThat(fix.ingestDelayMs()).isEqualTo(-512);
    }

    @Test
    void touchesOnlyItsOwnBytes() {
        byte[] bytes = new byte[3 * FixDescriptor.LENGTH];
        aFix(new FixView().wrap(new UnsafeBuffer(bytes), FixDescriptor.LENGTH));
        for (int i = 0; i < FixDescriptor.LENGTH; i++) {
            assertThat(bytes[i]).isZero();
            assertThat(bytes[2 * FixDescriptor.LENGTH + i]).isZero();
        }
    }

    private static void aFix(FixView fix) {
        fix.driver(0x0807060504030201L)
                .session(0x1817161514131211L)
                .seq(0x2827262524232221L)
                .deviceMs(0x3837363534333231L)
                .cell(0x4847464544434241L)
                .position(0x54535251, 0x64636261)
                .de(0x74737271)
                .headingCentidegrees(0x8281)
                .speedCmPerS(0x9291)
                .state(DriverState.EN_ROUTE.code())
                .flags(FixDescriptor.FLAG_STATE_ONLY)
                .accuracyDm(0xA2A1)
                .ingestDelayMs(-512);
    }
}
