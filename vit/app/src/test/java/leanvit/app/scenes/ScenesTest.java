package leanvit.app.scenes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;
import leanvit.vit.image.RgbImage;
import leanvit.vit.train.RandomStream;
import org.junit.jupiter.api.Test;

class ScenesTest {

    private static long crc(Scenes scenes, int pictures) {
        CRC32 crc = new CRC32();
        for (int i = 0; i < pictures; i++) {
            crc.update(scenes.picture(i).samples());
        }
        return crc.getValue();
    }

    @Test
    void pixelsAreTheSameOnEveryJdk() {
        assertThat(Long.toHexString(crc(new Scenes(96, 96, 1), 64))).isEqualTo("ba2d1b09");
        assertThat(Long.toHexString(crc(new Scenes(61, 40, 2), 32))).isEqualTo("47432703");
    }

    @Test
    void orderAndThreadsDoNotMatter() {
        Scenes scenes = new Scenes(48, 48, 3);
        List<CompletableFuture<byte[]>> drawn = new ArrayList<>();
        for (int i = 31; i >= 0; i--) {
            int picture = i;
            drawn.add(CompletableFuture.supplyAsync(() -> scenes.picture(picture).samples()));
        }
        for (int i = 0; i < 32; i++) {
            assertThat(drawn.get(31 - i).join()).isEqualTo(new Scenes(48, 48, 3).picture(i).samples());
        }
    }

    @Test
    void everyThingFillsItsPictureAndDiffersFromTheOthers() {
        assertThat(Scenes.labels()).hasSize(16).doesNotHaveDuplicates().startsWith("apple").endsWith("umbrella");
        Layer layer = new Layer(64, 64);
        List<ByteBuffer> outlines = new ArrayList<>();
        for (Thing thing : Thing.all()) {
            layer.clear();
            layer.paint(thing.parts(RandomStream.of(5)), Pose.upright(32, 32, 32), null, 0);
            double covered = 0;
            byte[] outline = new byte[64 * 64];
            for (int i = 0; i < layer.alpha.length; i++) {
                covered += layer.alpha[i] / layer.alpha.length;
                outline[i] = (byte) (layer.alpha[i] > 0.5 ? 1 : 0);
            }
            assertThat(covered).as(thing.label()).isBetween(0.07, 0.8);
            outlines.add(ByteBuffer.wrap(outline));
        }
        assertThat(outlines).doesNotHaveDuplicates();
    }

    @Test
    void picturesOfOneClassDiffer() {
        Scenes scenes = new Scenes(32, 32, 1);
        assertThat(Scenes.label(3)).isEqualTo(Scenes.label(19)).isEqualTo(3);
        RgbImage one = scenes.picture(3);
        assertThat(scenes.picture(19).samples()).isNotEqualTo(one.samples());
        assertThat(new Scenes(32, 32, 2).picture(3).samples()).isNotEqualTo(one.samples());
        assertThatThrownBy(() -> new Scenes(8, 96, 1)).hasMessageContaining("expected sides from 16 to 4096");
    }

    /** Against counting points of a fine grid. */
    @Test
    void coverageIsTheAreaOfAnOutline() {
        double[][] outlines = {Shapes.of(1.3, 2.1, 7.7, 1.2, 5.5, 8.9), Shapes.rectangle(-3, 2.25, 4.5, 6.75),
            Shapes.ellipse(5, 5, 7, 2.2), Shapes.of(2, 2, 2.3, 9, 2.4, 1)};
        for (double[] outline : outlines) {
            Coverage coverage = new Coverage(10, 9);
            coverage.add(outline);
            float[] row = new float[10];
            for (int y = 0; y < 9; y++) {
                coverage.row(y, row);
                for (int x = 0; x < 10; x++) {
                    int inside = 0;
                    for (int k = 0; k < 1600; k++) {
                        inside += inside(outline, x + (k % 40 + 0.5) / 40, y + (k / 40 + 0.5) / 40) ? 1 : 0;
                    }
                    assertThat((double) row[x]).as(x + ", " + y).isCloseTo(inside / 1600.0, within(0.03));
                }
            }
        }
    }

    private static boolean inside(double[] outline, double x, double y) {
        boolean inside = false;
        int last = outline.length - 2;
        for (int i = 0; i < outline.length; i += 2) {
            double y0 = outline[last + 1];
            double y1 = outline[i + 1];
            if (y0 > y != y1 > y && x < outline[last] + (y - y0) / (y1 - y0) * (outline[i] - outline[last])) {
                inside = !inside;
            }
            last = i;
        }
        return inside;
    }
}
