package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import leanvit.reducers.Reducers;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Resampler;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenPictureTest {

    private static final TokenPicture.Run RUN = new TokenPicture.Run("tome:r=2", 13, 0.6e9, 1.2e9, "tabby cat", 0.5);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 4, 5, 12, 24})
    void everyLayerHasAPanelAndThePageStaysNarrow(int count) {
        RgbImage crop = PatchPanelTest.noise(64, 48, 3);
        int[] alone = new int[12];
        Arrays.setAll(alone, p -> p);
        List<TokenPicture.Layer> layers = new ArrayList<>();
        for (int l = 0; l < count; l++) {
            layers.add(new TokenPicture.Layer(l, 13, alone));
        }
        RgbImage page = TokenPicture.draw(crop, 16, 3, 4, RUN, layers);
        assertThat(page.width()).isLessThanOrEqualTo(TokenPicture.MAX_WIDTH);
        RgbImage large = Resampler.resize(crop, 6 * 64, 6 * 48, Interpolation.BICUBIC);
        assertThat(TokenPicture.scale(64, 48)).isEqualTo(6);
        int found = 0;
        for (int y = 0; y + large.height() <= page.height(); y++) {
            for (int x = 0; x + large.width() <= page.width(); x++) {
                found += shows(page, x, y, large) ? 1 : 0;
            }
        }
        assertThat(found).isEqualTo(1 + count);
    }

    private static boolean shows(RgbImage page, int left, int top, RgbImage panel) {
        for (int y = 0; y < panel.height(); y++) {
            for (int x = 0; x < panel.width(); x++) {
                if (page.pixel(left + x, top + y) != panel.pixel(x, y)) {
                    return false;
                }
            }
        }
        return true;
    }

    @Test
    void panelsAreWideEnoughAndNoneIsTooHigh() {
        assertThat(TokenPicture.scale(224, 224)).isEqualTo(2);
        assertThat(TokenPicture.scale(336, 336)).isEqualTo(1);
        assertThat(TokenPicture.scale(1000, 1000)).isEqualTo(1);
        assertThat(TokenPicture.scale(48, 48)).isEqualTo(7);
        assertThat(TokenPicture.scale(16, 700)).isEqualTo(2);
        assertThat(TokenPicture.scale(16, 5000)).isEqualTo(1);
        assertThat(TokenPicture.across(5, 448)).isEqualTo(3);
        assertThat(TokenPicture.across(4, 448)).isEqualTo(4);
        assertThat(TokenPicture.across(3, 5000)).isEqualTo(1);
    }

    @Test
    void theSameInputGivesTheSameFileAndNothingIsLeftBeside() throws IOException {
        RgbImage crop = PatchPanelTest.noise(50, 33, 4);
        List<TokenPicture.Layer> layers = List.of(new TokenPicture.Layer(3, 4, new int[] {1, 1, 2, 2, -1, 3}, 2));
        Path first = directory.resolve("first.png");
        Path second = directory.resolve("second.png");
        TokenPicture.write(first, crop, 16, 2, 3, RUN, layers);
        TokenPicture.write(second, crop, 16, 2, 3, RUN, layers);
        assertThat(Files.readAllBytes(first)).isEqualTo(Files.readAllBytes(second));
        assertThat(Pictures.read(first).samples()).isEqualTo(TokenPicture.draw(crop, 16, 2, 3, RUN, layers).samples());
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(first, second);
        }
        assertThatThrownBy(() -> TokenPicture.write(directory.resolve("none").resolve("a.png"), crop, 16, 2, 3, RUN,
                layers))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("directory does not exist");
        assertThatThrownBy(() -> TokenPicture.write(directory, crop, 16, 2, 3, RUN, layers))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("is a directory");
    }

    @Test
    void whatIsSaidChangesThePicture() {
        RgbImage crop = PatchPanelTest.noise(32, 32, 5);
        List<TokenPicture.Layer> layers = List.of(new TokenPicture.Layer(0, 3, new int[] {0, 0, 1, -1}));
        byte[] plain = TokenPicture.draw(crop, 16, 2, 2, RUN, layers).samples();
        for (TokenPicture.Run other : List.of(
                new TokenPicture.Run("pomt:r=2,layer=1", 13, 0.6e9, 1.2e9, "tabby cat", 0.5),
                new TokenPicture.Run("tome:r=2", 14, 0.6e9, 1.2e9, "tabby cat", 0.5),
                new TokenPicture.Run("tome:r=2", 13, 0.5e9, 1.2e9, "tabby cat", 0.5),
                new TokenPicture.Run("tome:r=2", 13, 0.6e9, Double.NaN, "tabby cat", 0.5),
                new TokenPicture.Run("tome:r=2", 13, 0.6e9, 1.2e9, "", 0),
                new TokenPicture.Run("tome:r=2", 13, 0.6e9, 1.2e9, "tabby cat", 0.7))) {
            assertThat(TokenPicture.draw(crop, 16, 2, 2, other, layers).samples()).as("%s", other).isNotEqualTo(plain);
        }
    }

    @Test
    void aLayerOfAnotherPictureIsRefused() {
        assertThatThrownBy(() -> TokenPicture.draw(PatchPanelTest.noise(32, 32, 1), 16, 2, 2, RUN,
                List.of(new TokenPicture.Layer(7, 3, new int[5])))).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("block 7 tells of 5 patches, the picture has 4");
    }

    @Test
    void everyMethodIsExplainedInItsOwnWords() {
        List<String> specs = List.of("none", "tome:r=8", "ltmp:merge=0.9", "etps:keep=0.7,layers=3", "dtps:keep=0.7",
                "pomt:r=56,layer=3", "evit:keep=0.7", "evit:keep=0.7,fuse=off", "topk:r=8", "mine:a=b");
        assertThat(specs.stream().map(Reducers::describe)).doesNotHaveDuplicates().allMatch(s -> s.endsWith("."));
        assertThat(Reducers.describe("mine:a=b")).startsWith("mine: ");
    }
}
