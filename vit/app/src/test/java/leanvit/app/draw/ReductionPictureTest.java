package leanvit.app.draw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.Classifier;
import leanvit.vit.PictureTrace;
import leanvit.vit.Prediction;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.weights.Checkpoint;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReductionPictureTest {

    private static final Path DEMO = TestData.path("demo");
    private static final Path CUP = DEMO.resolve("pictures/cup.png");

    /** The same picture, put together here from what the trace says. */
    @ParameterizedTest
    @CsvSource({"none, 145, 145", "'evit:keep=0.5,layers=1/3', 74, 39", "'topk:keep=0.5,layers=1/3', 73, 37",
            "tome:r=8, 129, 113"})
    void thePictureTellsWhatTheTraceTells(String spec, int tokensAfter1, int tokensAfter3) throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model")).with(Reducers.parse(spec));
        PictureTrace trace = classifier.trace(Pictures.read(CUP), 1);
        List<TokenPicture.Layer> layers = new ArrayList<>();
        for (int block : List.of(1, 3)) {
            int[] assignment = trace.blocks().get(block).assignment()[0];
            boolean[] gathering = trace.blocks().get(block).gathering()[0];
            layers.add(new TokenPicture.Layer(block, block == 1 ? tokensAfter1 : tokensAfter3,
                    IntStream.range(1, 145).map(token -> assignment[token]).toArray(),
                    IntStream.range(0, gathering.length).filter(token -> gathering[token]).toArray()));
        }
        Prediction answer = trace.classification().predictions().get(0);
        double dense = Classifier.load(DEMO.resolve("model")).run(Pictures.read(CUP), 1).macs();
        RgbImage expected = TokenPicture.draw(trace.input(), 8, 12, 12, new TokenPicture.Run(spec, 145,
                trace.classification().macs(), dense, "cup", answer.probability()), layers);
        RgbImage actual = ReductionPicture.draw(classifier, trace, List.of(1, 3));
        assertThat(actual.width()).isEqualTo(expected.width());
        assertThat(actual.samples()).isEqualTo(expected.samples());
    }

    @Test
    void inputsNeedNotBeSquare() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(DEMO.resolve("model"))) {
            Classifier wide = Classifier.of(checkpoint, 64, 128).with(Reducers.parse("tome:r=8"));
            RgbImage picture = ReductionPicture.draw(wide, wide.trace(Pictures.read(CUP), 1), List.of(5));
            RgbImage more = ReductionPicture.draw(wide, wide.trace(Pictures.read(CUP), 1), List.of(3, 5));
            assertThat(more.width()).isGreaterThan(picture.width());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"none; 11", "'pomt:r=9,layer=4'; 4", "'evit:keep=0.7,layers=3/6/9'; 3,6,9",
        "tome:r=8; 3,7,11", "tome:r=8/8/8/8; 0,1,3", "'evit:keep=1,layers=3'; 11"})
    void usuallyTheBlocksThatReduceAreShown(String spec, String blocks) {
        List<Integer> expected = List.of(blocks.split(",")).stream().map(Integer::valueOf).toList();
        assertThat(ReductionPicture.usualBlocks(Reducers.parse(spec), new ModelShape(12, 192, 3, 1, 196)))
                .isEqualTo(expected);
    }

    @Test
    void blocksThatTheModelLacksAreRefused() throws IOException {
        Classifier classifier = Classifier.load(DEMO.resolve("model"));
        PictureTrace trace = classifier.trace(Pictures.read(CUP), 1);
        for (int block : new int[] {-1, 6}) {
            assertThatThrownBy(() -> ReductionPicture.draw(classifier, trace, List.of(0, block)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("block " + block + " cannot be shown: the model has the blocks 0 to 5");
        }
    }
}
