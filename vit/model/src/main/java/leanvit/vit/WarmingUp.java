package leanvit.vit;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;

/** Runs made-up pictures until the times have settled: {@link Classifier#warmUp}. */
final class WarmingUp {

    private static final int ROW = 8;
    private static final int STEADY_ROWS = 3;
    /** A row is faster than the best before if it takes less than this part of its time. */
    private static final double FASTER = 0.97;
    /** A photo has more pixels than the model, so that there is something to resize. */
    private static final int SIDE = 512;

    private WarmingUp() {
    }

    static WarmUp run(Classifier classifier, Duration longest) {
        long start = System.nanoTime();
        long end = start + CallLimits.nanos(longest);
        List<Picture> pictures = pictures();
        int top = Math.min(1, classifier.model().config().classes());
        long first = 0;
        long best = Long.MAX_VALUE;
        long median = 0;
        int passes = 0;
        int steady = 0;
        while (steady < STEADY_ROWS && (passes == 0 || System.nanoTime() - end < 0)) {
            long[] times = new long[ROW];
            int count = 0;
            while (count < ROW && (passes == 0 || System.nanoTime() - end < 0)) {
                long begin = System.nanoTime();
                // In turn: each row has as many of each kind.
                Outcome<Classification> outcome =
                        classifier.run(List.of(pictures.get(count % pictures.size())), top).get(0);
                if (!outcome.isSound() && outcome.problem() instanceof RuntimeException unfit) {
                    // A model that takes pictures of its own size alone has nothing to resize.
                    pictures = List.of(Picture.ofInput(new float[3 * classifier.preprocessing().height()
                            * classifier.preprocessing().width()]));
                }
                times[count++] = System.nanoTime() - begin;
                first = passes++ == 0 ? times[0] : first;
            }
            Arrays.sort(times, 0, count);
            median = times[count / 2];
            if (count == ROW) {
                steady = median < FASTER * best ? 0 : steady + 1;
                best = Math.min(best, median);
            }
        }
        return new WarmUp(Duration.ofNanos(System.nanoTime() - start), passes, Duration.ofNanos(first),
                Duration.ofNanos(median), steady == STEADY_ROWS);
    }

    /** Returns noise as a PNG and, where the runtime decodes them, as a JPEG. */
    private static List<Picture> pictures() {
        RgbImage noise = RgbImage.black(SIDE, SIDE);
        // Blocks, lest a JPEG of pure noise be larger than any photo.
        SplittableRandom random = new SplittableRandom(1);
        int[] colours = random.ints(SIDE / 8 * SIDE / 8).toArray();
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int colour = colours[y / 8 * (SIDE / 8) + x / 8];
                for (int c = 0; c < 3; c++) {
                    noise.samples()[3 * (y * SIDE + x) + c] = (byte) (colour >> 8 * c);
                }
            }
        }
        Picture png = Picture.of(Pictures.png(noise));
        try {
            return List.of(png, Picture.of(Jpeg.of(noise)));
        } catch (NoClassDefFoundError e) {
            return List.of(png);
        }
    }

    /** Loaded where there is java.desktop. */
    private static final class Jpeg {

        static byte[] of(RgbImage picture) {
            BufferedImage image =
                    new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
            for (int y = 0; y < picture.height(); y++) {
                for (int x = 0; x < picture.width(); x++) {
                    image.setRGB(x, y, picture.pixel(x, y));
                }
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try {
                ImageIO.write(image, "jpg", out);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return out.toByteArray();
        }
    }
}
