package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapFontTest {

    private static final String ALL = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
            + "abcdefghijklmnopqrstuvwxyz{|}~\u00b7\u2192\u2013";

    @Test
    void everyCharacterIsSeenAndLooksLikeNoOther() {
        Map<String, Character> looks = new HashMap<>();
        for (char c : ALL.toCharArray()) {
            String ink = ink(String.valueOf(c), 1);
            assertThat(ink).as("character %s", c).isNotEqualTo("{}");
            assertThat(looks.put(ink, c)).as("character %s looks like", c).isNull();
        }
        assertThat(ink(" ", 2)).isEqualTo("{}");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void inkStaysWithinTheWidth(int scale) {
        for (String text : new String[] {"a", "Wij", "tome:r=16, 0.62", ALL}) {
            int width = BitmapFont.width(text, scale);
            BitmapFont.draw(text, 10, 20, scale, (x, y, share) -> {
                assertThat(x).as(text).isBetween(10, 10 + width - 1);
                assertThat(y).as(text).isBetween(20, 20 + BitmapFont.HEIGHT * scale - 1);
                assertThat(share).as(text).isGreaterThan(0).isLessThanOrEqualTo(1);
            });
        }
        assertThat(BitmapFont.width("", scale)).isZero();
        assertThat(BitmapFont.width("1111", scale)).isEqualTo(BitmapFont.width("0000", scale));
    }

    @Test
    void accentsAreLeftOutAndStrangersAreBoxes() {
        assertThat(ink("caf\u00e9 \u00d1", 2)).isEqualTo(ink("cafe N", 2));
        assertThat(ink("\u4e2d", 2)).isEqualTo(ink("\u042f", 2)).isNotEqualTo("{}");
    }

    private static String ink(String text, int scale) {
        Map<String, Double> ink = new TreeMap<>();
        BitmapFont.draw(text, 0, 0, scale, (x, y, share) -> ink.put(x + "," + y, share));
        return ink.toString();
    }
}
