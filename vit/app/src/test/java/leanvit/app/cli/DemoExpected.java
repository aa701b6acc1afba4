package leanvit.app.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import leanvit.testdata.DoubleVit;
import leanvit.testdata.Exact;
import leanvit.testdata.TestData;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.VitConfig;

/**
 * Writes {@code testdata/demo/expected.csv}: what the demo model, in double precision straight from the formulas, says
 * of its pictures. To be run after the model or the pictures changed.
 */
final class DemoExpected {

    private DemoExpected() {
    }

    public static void main(String[] arguments) throws IOException {
        Path demo = TestData.path("demo");
        List<String> lines = new ArrayList<>(List.of("file,label,probability"));
        try (Checkpoint checkpoint = Checkpoint.open(demo.resolve("model"))) {
            VitConfig config = checkpoint.config();
            Map<String, float[]> tensors = new HashMap<>();
            DoubleVit.Weights weights = name -> !checkpoint.has(name) ? null : tensors.computeIfAbsent(name, n -> {
                try {
                    return checkpoint.tensor(n, checkpoint.shape(n));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            DoubleVit.Shape shape = new DoubleVit.Shape(config.imageHeight(), config.imageWidth(), config.patch(),
                    config.width(), config.heads(), false, config.epsilon());
            LabelledPictures pictures = LabelledPictures.of(List.of(demo.resolve("pictures")), config.classes());
            Preprocessor preprocessor = new Preprocessor(checkpoint.preprocessing());
            float[] pixels = new float[preprocessor.inputLength()];
            for (int i = 0; i < pictures.size(); i++) {
                preprocessor.apply(pictures.read(i), pixels, 0);
                double[] shares = Exact.softmax(DoubleVit.run(weights, shape, pixels, 0).logits());
                int best = 0;
                for (int c = 1; c < shares.length; c++) {
                    best = shares[c] > shares[best] ? c : best;
                }
                lines.add(String.format(Locale.ROOT, "%s,%d,%.4f", Path.of(pictures.name(i)).getFileName(), best,
                        shares[best]));
            }
        }
        Files.write(demo.resolve("expected.csv"), lines);
    }
}
