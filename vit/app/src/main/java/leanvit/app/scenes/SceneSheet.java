package leanvit.app.scenes;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;

/** Pictures of {@link Scenes} on one sheet, row by row, to look at. */
public final class SceneSheet {

    private SceneSheet() {
    }

    /**
     * Writes pictures 0 to {@code count - 1} on a sheet that is about square.
     *
     * @param file a name that ends with {@code .png}, or with {@code .jpg} for a tenth of the bytes
     * @throws InvalidInputException if the name ends otherwise or the file cannot be written to
     */
    public static void write(Path file, Scenes scenes, int count) throws IOException {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".png") && !name.endsWith(".jpg")) {
            throw new InvalidInputException(file, "expected a name that ends with .png or .jpg");
        }
        WholeFile.check(file);
        int columns = (int) Math.ceil(Math.sqrt(count));
        int rows = (count + columns - 1) / columns;
        RgbImage first = scenes.picture(0);
        int width = first.width();
        RgbImage sheet = RgbImage.black(Math.multiplyExact(columns, width),
                Math.multiplyExact(rows, first.height()));
        for (int i = 0; i < count; i++) {
            RgbImage picture = scenes.picture(i);
            for (int y = 0; y < first.height(); y++) {
                int to = (i / columns * first.height() + y) * columns + i % columns;
                System.arraycopy(picture.samples(), 3 * y * width, sheet.samples(), 3 * to * width, 3 * width);
            }
        }
        if (name.endsWith(".png")) {
            Pictures.writePng(sheet, file);
            return;
        }
        BufferedImage image = new BufferedImage(sheet.width(), sheet.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < sheet.height(); y++) {
            for (int x = 0; x < sheet.width(); x++) {
                image.setRGB(x, y, sheet.pixel(x, y));
            }
        }
        WholeFile.write(file, part -> ImageIO.write(image, "jpg", part.toFile()));
    }
}
