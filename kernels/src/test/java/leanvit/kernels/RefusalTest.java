package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.System.Logger.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every row of the table of {@link Refusal}, and what {@link Provider} makes of the property, for JVMs that are made
 * up.
 */
class RefusalTest {

    private static final String HOTSPOT = "OpenJDK 64-Bit Server VM";

    private static Jvm good(int bits) {
        return new Jvm(true, HOTSPOT, false, false, false, true, bits);
    }

    @Test
    void eachFaultAloneHasItsRefusal() {
        assertThat(Refusal.of(good(512))).isNull();
        assertThat(Refusal.of(good(128))).isNull();
        assertThat(Refusal.of(new Jvm(false, HOTSPOT, false, false, false, true, 0))).isEqualTo(Refusal.NO_MODULE);
        assertThat(Refusal.of(new Jvm(true, "J9", false, false, false, true, 512))).isEqualTo(Refusal.OTHER_VM);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, false, true, false, true, 512))).isEqualTo(Refusal.OTHER_COMPILER);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, true, false, false, true, 512))).isEqualTo(Refusal.INTERPRETED);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, false, false, true, true, 512))).isEqualTo(Refusal.C1_ONLY);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, false, false, false, false, 512))).isEqualTo(Refusal.NO_FMA);
        assertThat(Refusal.of(good(64))).isEqualTo(Refusal.NARROW);
    }

    @Test
    void theFirstOfSeveralFaultsIsNamed() {
        assertThat(Refusal.of(new Jvm(false, "J9", true, true, true, false, 0))).isEqualTo(Refusal.NO_MODULE);
        assertThat(Refusal.of(new Jvm(true, "J9", true, true, true, false, 64))).isEqualTo(Refusal.OTHER_VM);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, true, true, true, false, 64))).isEqualTo(Refusal.OTHER_COMPILER);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, true, false, true, false, 64))).isEqualTo(Refusal.INTERPRETED);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, false, false, true, false, 64))).isEqualTo(Refusal.C1_ONLY);
        assertThat(Refusal.of(new Jvm(true, HOTSPOT, false, false, false, false, 64))).isEqualTo(Refusal.NO_FMA);
    }

    @ParameterizedTest
    @CsvSource({"OpenJDK 64-Bit Server VM, true", "Java HotSpot(TM) 64-Bit Server VM, true", "Eclipse OpenJ9 VM, false",
        "Substrate VM, false", "'', false"})
    void hotSpotIsKnownByName(String name, boolean accepted) {
        Refusal got = Refusal.of(new Jvm(true, name, false, false, false, true, 256));
        assertThat(got).isEqualTo(accepted ? null : Refusal.OTHER_VM);
    }

    @Test
    void everyReasonSaysWhatToDoAndIsAWarning() {
        for (Refusal refusal : Refusal.values()) {
            assertThat(refusal.reason()).containsAnyOf("start java", "use an OpenJDK");
            assertThat(refusal.level()).isEqualTo(Level.WARNING);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "512", "128", "wide"})
    void aRefusalOutranksTheProperty(String asked) {
        Provider.Choice choice = Provider.choose(asked, new Jvm(true, HOTSPOT, true, false, false, true, 512));
        assertThat(choice).isEqualTo(new Provider.Choice(0, Refusal.INTERPRETED.reason(), Level.WARNING));
    }

    @ParameterizedTest
    @CsvSource({"auto, 512, 512, DEBUG", "auto, 2048, 512, DEBUG", "512, 1024, 512, DEBUG", "256, 512, 256, DEBUG",
        "128, 256, 128, DEBUG", "512, 256, 256, WARNING", "1024, 1024, 512, WARNING", "wide, 256, 256, WARNING",
        "scalar, 512, 0, DEBUG"})
    void thePropertyChoosesTheWidthUpTo512(String asked, int preferred, int bits, Level level) {
        Provider.Choice choice = Provider.choose(asked, good(preferred));
        assertThat(choice.bits()).isEqualTo(bits);
        assertThat(choice.level()).isEqualTo(level);
        assertThat(choice.reason()).isNotBlank();
    }

    @Test
    void scalarCanBeAskedForAnywhereInSilence() {
        Provider.Choice choice = Provider.choose("scalar", new Jvm(false, "J9", true, true, true, false, 0));
        assertThat(choice.bits()).isZero();
        assertThat(choice.level()).isEqualTo(Level.DEBUG);
    }

    @Test
    void thisJvmsFmaIsFoundByTimeAsByOption() {
        assertThat(Jvm.isFmaFast()).isEqualTo(Jvm.current().fma());
    }
}
