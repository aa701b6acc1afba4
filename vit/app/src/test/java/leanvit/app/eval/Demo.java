package leanvit.app.eval;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import leanvit.testdata.TestData;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.weights.Checkpoint;

/** The demo model of sixteen classes and one labelled picture of each. */
final class Demo {

    static final Path FOLDER = TestData.path("demo/pictures");
    static final VisionTransformer MODEL;
    static final Preprocessing PREPROCESSING;

    static {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("demo/model"))) {
            MODEL = VisionTransformer.of(checkpoint.config(), checkpoint);
            PREPROCESSING = checkpoint.preprocessing();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Demo() {
    }

    static LabelledPictures pictures() throws IOException {
        return LabelledPictures.of(List.of(FOLDER), MODEL.config().classes());
    }
}
