package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngWriterTest {

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 50", "50, 1", "37, 41", "300, 200"})
    void whatIsWrittenIsReadAgainByThisReaderAndByTheJdks(int width, int height) throws IOException {
        RgbImage noise = ResamplerTest.random(width, height, 9);
        RgbImage smooth = Resampler.resize(ResamplerTest.random(3, 3, 9), width, height,
                Interpolation.BICUBIC);
        for (RgbImage picture : new RgbImage[] {noise, smooth, RgbImage.black(width, height)}) {
            Path file = directory.resolve("picture.png");
            Pictures.writePng(picture, file);
            byte[] bytes = Files.readAllBytes(file);
            assertThat(Pictures.read(file).samples()).isEqualTo(picture.samples());
            ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
            try (var stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
                reader.setInput(stream);
                BufferedImage image = reader.read(0);
                for (int i = 0; i < width * height; i++) {
                    assertThat(image.getRGB(i % width, i / width) & 0xffffff)
                            .isEqualTo(picture.pixel(i % width, i / width));
                }
            } finally {
                reader.dispose();
            }
            Pictures.writePng(picture, file);
            assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
        }
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aPictureWithRoomBehindItsSamplesIsWrittenWithoutIt() throws IOException {
        Path file = directory.resolve("picture.png");
        Pictures.writePng(new RgbImage(2, 1, new byte[] {1, 2, 3, 4, 5, 6, 99, 99, 99}), file);
        assertThat(Pictures.read(file).samples()).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void placesThatCannotBeWrittenAreNamed() {
        assertThatThrownBy(() -> Pictures.writePng(RgbImage.black(1, 1), directory))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(directory + ": cannot be written: it is a directory");
        Path lost = directory.resolve("nowhere").resolve("picture.png");
        assertThatThrownBy(() -> Pictures.writePng(RgbImage.black(1, 1), lost))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(lost + ": cannot be written: its directory does not exist");
    }
}
