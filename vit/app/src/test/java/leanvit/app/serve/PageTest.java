package leanvit.app.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import leanvit.vit.Classifier;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser: a click, an upload, a move of the slider, and a picture of it in target/page.png. */
@Timeout(120)
class PageTest {

    @TempDir
    private Path profile;

    @Test
    void aPictureIsChosenAndTheSliderMoved() throws Exception {
        Classifier classifier = Served.demo();
        try (Served served = Served.start(classifier, Served.settings(classifier, null, 8, 1 << 20));
                Browser browser = Browser.open("http://127.0.0.1:" + served.port() + "/", profile)) {
            browser.await("typeof models === 'object' && models.length === 1");
            browser.choose("$('drop')", Served.PICTURES.resolve("sailboat.png"));
            browser.await("document.body.dataset.shown");
            assertThat(browser.evaluate("document.querySelector('#dense .answer').textContent"))
                    .isEqualTo("sailboat");
            String first = (String) browser.evaluate("document.body.dataset.shown");
            assertThat(first).startsWith("tome:r=");
            assertThat((Number) browser.evaluate("$('merged').naturalWidth")).isNotEqualTo(0L);
            browser.evaluate("$('strength').value = 1; $('strength').dispatchEvent(new Event('input'))");
            browser.await("document.body.dataset.shown !== '" + first + "'");
            assertThat(browser.evaluate("document.querySelector('#reduced h2').textContent"))
                    .isEqualTo(browser.evaluate("document.body.dataset.shown"));
            assertThat(browser.evaluate("$('error').textContent")).isEqualTo("");
            Path file = Files.createDirectories(Path.of("target")).resolve("page.png");
            Files.write(file, browser.screenshot());
            RgbImage page = Pictures.read(file);
            assertThat(page.width()).isGreaterThan(500);
        }
    }
}
