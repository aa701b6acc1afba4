package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CanvasTest {

    @Test
    void linesOfTextFitAndLoseNothing() {
        String text = "a few words and ltmp:merge=0.91/0.92/0.93/0.94/0.95/0.96/0.97 and more words";
        for (int width : new int[] {1, 30, 100, 250, 10_000}) {
            var lines = Canvas.wrap(text, width, 2);
            assertThat(String.join("", lines).replace(" ", "")).isEqualTo(text.replace(" ", ""));
            for (String line : lines) {
                assertThat(line.length() == 1 || BitmapFont.width(line, 2) <= width).as("%s in %d", line, width)
                        .isTrue();
            }
        }
        assertThat(Canvas.wrap("", 10, 2)).containsExactly("");
        assertThat(Canvas.wrap("one two", 10_000, 2)).containsExactly("one two");
    }

    @Test
    void longTextsEndInDots() {
        assertThat(Canvas.elide("short", 1000, 2)).isEqualTo("short");
        String cut = Canvas.elide("a rather long text", 100, 2);
        assertThat(cut).startsWith("a rat").endsWith("...");
        assertThat(BitmapFont.width(cut, 2)).isLessThanOrEqualTo(100);
    }

    @Test
    void whatLiesOutsideIsCutOff() {
        Canvas canvas = new Canvas(8, 6, 0xffffff);
        canvas.fill(-5, -5, 7, 6, 0x102030);
        canvas.line(-10, 3, 30, 3, 1, 0);
        canvas.disc(8, 6, 2, 0xff0000);
        canvas.text("M", 6, 4, 3, 0);
        assertThat(canvas.pixel(0, 0)).isEqualTo(0x102030);
        assertThat(canvas.pixel(1, 0)).isEqualTo(0x102030);
        assertThat(canvas.pixel(2, 0)).isEqualTo(0xffffff);
        assertThat(canvas.pixel(0, 1)).isEqualTo(0xffffff);
    }

    @Test
    void shapesCoverWhatTheyShould() {
        Canvas canvas = new Canvas(20, 20, 0xffffff);
        canvas.disc(10, 10, 5, 0);
        canvas.line(2, 1.5, 18, 1.5, 1, 0);
        assertThat(canvas.pixel(10, 10)).isZero();
        assertThat(canvas.pixel(10, 6)).isZero();
        assertThat(canvas.pixel(10, 4)).isEqualTo(0xffffff);
        assertThat(canvas.pixel(14, 14)).isEqualTo(0xffffff);
        assertThat(canvas.pixel(10, 1)).isZero();
        assertThat(canvas.pixel(10, 0)).isEqualTo(0xffffff);
    }
}
