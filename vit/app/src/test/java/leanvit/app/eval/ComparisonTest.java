package leanvit.app.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.TestData;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison counts what single passes, one picture at a time, give. */
class ComparisonTest {

    private static final List<TokenReducer> SOME =
            specs("none", "tome:r=20", "topk:r=144", "ltmp:merge=0.8,prune=0.005");

    /** What is looked at here are counts; times need no care. */
    private static final Comparison.Effort LITTLE = new Comparison.Effort(0, 0, 1, 0, 1, System::nanoTime);

    @TempDir
    Path folder;

    @Test
    void theDemoModelIsRightAboutItsPictures() throws IOException {
        List<Integer> done = new ArrayList<>();
        List<ReducerScore> scores = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 5, LITTLE)
                .run(specs("none"), Demo.pictures(), done::add);
        assertThat(scores).hasSize(1);
        ReducerScore none = scores.get(0);
        assertThat(none.reducer()).isEqualTo("none");
        assertThat(none.images()).isEqualTo(16);
        assertThat(none.top1()).hasValue(16);
        assertThat(none.top5()).hasValue(16);
        assertThat(none.agreement()).isEqualTo(16);
        assertThat(none.speedup()).hasValue(1);
        assertThat(none.passes()).isEqualTo(3);
        assertThat(none.imagesPerSecond().getAsDouble()).isPositive().isFinite();
        assertThat(none.tokensOut()).isEqualTo(145);
        assertThat(done).containsExactly(5, 10, 15, 16);
    }

    @Test
    void countsWhatSinglePassesGive() throws IOException {
        LabelledPictures pictures = Demo.pictures();
        List<ReducerScore> scores =
                new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 1, LITTLE).run(SOME, pictures, n -> { });
        assertThat(scores).extracting(ReducerScore::reducer)
                .containsExactlyElementsOf(SOME.stream().map(TokenReducer::spec).toList());
        Preprocessor preprocessor = new Preprocessor(Demo.PREPROCESSING);
        float[] pixels = new float[preprocessor.inputLength()];
        for (int r = 0; r < SOME.size(); r++) {
            int top1 = 0;
            int top5 = 0;
            int agreement = 0;
            double macs = 0;
            double tokens = 0;
            for (int i = 0; i < pictures.size(); i++) {
                preprocessor.apply(pictures.read(i), pixels, 0);
                Inference run = Demo.MODEL.inference().with(SOME.get(r));
                float[] logits = run.logits(pixels, 1);
                int rank = LogitRanks.of(pictures.label(i), logits, 0, 16);
                top1 += rank == 0 ? 1 : 0;
                top5 += rank < 5 ? 1 : 0;
                agreement += LogitRanks.first(logits, 0, 16)
                        == LogitRanks.first(Demo.MODEL.inference().logits(pixels, 1), 0, 16) ? 1 : 0;
                macs += run.macs(0) / 1e9 / pictures.size();
                tokens += (double) run.tokens(5, 0) / pictures.size();
            }
            ReducerScore score = scores.get(r);
            assertThat(score.top1()).as(score.reducer()).hasValue(top1);
            assertThat(score.top5()).as(score.reducer()).hasValue(top5);
            assertThat(score.agreement()).as(score.reducer()).isEqualTo(agreement);
            assertThat(score.gmacs()).as(score.reducer()).isCloseTo(macs, within(1e-9));
            assertThat(score.tokensOut()).as(score.reducer()).isCloseTo(tokens, within(1e-9));
        }
        assertThat(scores.get(2).top1().getAsInt()).as("a reducer that makes mistakes, else this test sees none")
                .isLessThan(16);
    }

    @Test
    void answersDoNotDependOnTheBatch() throws IOException {
        List<String> before = null;
        for (int batch : new int[] {1, 5, 16, 64}) {
            List<String> counts = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, batch, LITTLE)
                    .run(SOME, Demo.pictures(), n -> { }).stream()
                    .map(s -> s.top1() + " " + s.top5() + " " + s.agreement() + " " + (float) s.gmacs() + " "
                    + s.tokensOut()).toList();
            assertThat(counts).as("batch %d", batch).isEqualTo(before == null ? counts : before);
            before = counts;
        }
    }

    @Test
    void theUnreducedModelIsTheMeasureWhetherListedOrNot() throws IOException {
        Comparison comparison =
                new Comparison(Demo.MODEL.inference().with(Reducers.parse("tome:r=20")), Demo.PREPROCESSING, 4, LITTLE);
        List<ReducerScore> with = comparison.run(specs("tome:r=20", "none"), Demo.pictures(), n -> { });
        List<ReducerScore> without = comparison.run(specs("tome:r=20"), Demo.pictures(), n -> { });
        assertThat(with.get(1).agreement()).isEqualTo(16);
        assertThat(with.get(1).speedup()).hasValue(1);
        assertThat(without).hasSize(1);
        assertThat(without.get(0).agreement()).isEqualTo(with.get(0).agreement());
        assertThat(without.get(0).speedup().getAsDouble()).isPositive().isNotEqualTo(1);
    }

    /** Each look at the clock is a millisecond later, so that a pass takes one. */
    @Test
    void timesAreThoseOfFullBatches() throws IOException {
        long[] now = new long[1];
        Comparison.Effort effort = new Comparison.Effort(0, 0, 9, 1_000_000_000, 5, () -> now[0] += 1_000_000);
        List<ReducerScore> scores = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 5, effort)
                .run(specs("none", "tome:r=20"), Demo.pictures(), n -> { });
        assertThat(scores).allSatisfy(score -> {
            assertThat(score.passes()).as("three full batches, repeated").isEqualTo(9);
            assertThat(score.imagesPerSecond().getAsDouble()).isCloseTo(5000, within(1e-9));
            assertThat(score.speedup().getAsDouble()).isCloseTo(1, within(1e-9));
        });
    }

    @Test
    void fewPassesAreNoTime() throws IOException {
        long[] now = new long[1];
        // Two full batches, then repetitions for 8 ms: a round of two passes and a look at the clock take 5.
        Comparison.Effort effort = new Comparison.Effort(0, 0, 30, 8_000_000, 5, () -> now[0] += 1_000_000);
        List<ReducerScore> scores = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 7, effort)
                .run(specs("none", "tome:r=20"), Demo.pictures(), n -> { });
        assertThat(scores).allSatisfy(score -> {
            assertThat(score.passes()).isEqualTo(4);
            assertThat(score.imagesPerSecond()).isEmpty();
            assertThat(score.speedup()).isEmpty();
            assertThat(score.top1()).isPresent();
        });
    }

    /** A yes or no: class 1 where the logit is above 0. */
    @Test
    void oneOutputIsAYesOrNo() throws IOException {
        VitConfig one = new VitConfig("yes-or-no", 96, 96, 8, 16, 2, 2, 32, 1, VitConfig.Pooling.TOKEN, false, 1e-6f);
        VisionTransformer model = VisionTransformer.of(one, RandomWeights.of(one, 3));
        StringBuilder csv = new StringBuilder("file,label\n");
        List<String> names = List.of("cup.png", "car.png", "house.png", "moon.png");
        Preprocessor preprocessor = new Preprocessor(Demo.PREPROCESSING);
        float[] pixels = new float[preprocessor.inputLength()];
        for (int i = 0; i < names.size(); i++) {
            Files.copy(Demo.FOLDER.resolve(names.get(i)), folder.resolve(names.get(i)));
            preprocessor.apply(Pictures.read(folder.resolve(names.get(i))), pixels, 0);
            int yes = model.inference().logits(pixels, 1)[0] > 0 ? 1 : 0;
            csv.append(names.get(i)).append(',').append(i == 0 ? 1 - yes : yes).append('\n');
        }
        Files.writeString(folder.resolve("labels.csv"), csv);
        ReducerScore score = new Comparison(model.inference(), Demo.PREPROCESSING, 3, LITTLE)
                .run(specs("none"), LabelledPictures.of(List.of(folder), 1), n -> { }).get(0);
        assertThat(score.top1()).hasValue(3);
        assertThat(score.top5()).hasValue(4);
        assertThat(score.agreement()).isEqualTo(4);
    }

    @Test
    void picturesWithoutLabelsHaveNoAccuracy() throws IOException {
        LabelledPictures pictures =
                LabelledPictures.of(List.of(Demo.FOLDER.resolve("cup.png"), Demo.FOLDER.resolve("car.png")), 16);
        ReducerScore score = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 8, LITTLE)
                .run(specs("tome:r=4"), pictures, n -> { }).get(0);
        assertThat(score.top1()).isEqualTo(OptionalInt.empty());
        assertThat(score.top5()).isEqualTo(OptionalInt.empty());
        assertThat(score.agreement()).isEqualTo(2);
        assertThat(score.images()).isEqualTo(2);
    }

    @Test
    void aPictureThatCannotBeReadIsNamed() throws IOException {
        Files.copy(Demo.FOLDER.resolve("cup.png"), folder.resolve("cup.png"));
        Files.writeString(folder.resolve("text.png"), "no picture");
        Files.writeString(folder.resolve("labels.csv"), "file,label\ncup.png,4\ntext.png,1\n");
        LabelledPictures pictures = LabelledPictures.of(List.of(folder), 16);
        assertThatThrownBy(() -> new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 1, LITTLE)
                .run(specs("none"), pictures, n -> { })).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("text.png");
    }

    @Test
    void refusesWhatCannotBeCompared() throws IOException {
        Comparison comparison = new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 1, LITTLE);
        LabelledPictures pictures = Demo.pictures();
        assertThatIllegalArgumentException().isThrownBy(() -> comparison.run(List.of(), pictures, n -> { }));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> comparison.run(specs("pomt:r=3,layer=6"), pictures, n -> { }))
                .withMessageContaining("no block 6");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Comparison(Demo.MODEL.inference(), Demo.PREPROCESSING, 0))
                .withMessageContaining("batch is 0");
        VitConfig noHead = new VitConfig("headless", 96, 96, 8, 16, 1, 1, 16, 0, VitConfig.Pooling.TOKEN, false, 1e-6f);
        VisionTransformer headless = VisionTransformer.of(noHead, RandomWeights.of(noHead, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Comparison(headless.inference(), Demo.PREPROCESSING, 1, LITTLE)
                        .run(specs("none"), pictures, n -> { }))
                .withMessageContaining("headless has no classifier");
        Preprocessing other =
                new Preprocessing(64, 64, 1, Preprocessing.Resize.SQUASH, Preprocessing.Interpolation.BICUBIC,
                new float[3], new float[] {1, 1, 1});
        assertThatIllegalArgumentException().isThrownBy(() -> new Comparison(Demo.MODEL.inference(), other, 1, LITTLE))
                .withMessageContaining("64 x 64").withMessageContaining("96 x 96");
    }

    @Test
    void usualReducersAreThePapersAndFitEveryModel() {
        assertThat(Reducers.usual(new ModelShape(12, 192, 3, 1, 196)).stream().map(TokenReducer::spec)).containsExactly(
                "none", "tome:r=8", "tome:r=13", "tome:r=16", "etps:keep=0.7,layers=3/6/9",
                "evit:keep=0.7,layers=3/6/9",
                "topk:keep=0.7,layers=3/6/9", "pomt:r=56,layer=3");
        for (int depth = 1; depth <= 40; depth++) {
            for (int prefix = 0; prefix < 3; prefix++) {
                ModelShape model = new ModelShape(depth, 64, 4, prefix, 49);
                List<TokenReducer> usual = Reducers.usual(model);
                assertThat(usual).as("depth %d, prefix %d", depth, prefix).hasSize(prefix == 0 ? 5 : 8);
                usual.forEach(reducer -> reducer.check(model));
            }
        }
    }

    /** Counts of the official program (PyTorch) on 200 photographs. */
    @Test
    void deitTinyIsAsRightAsTheOfficialProgram() throws IOException {
        Path images = TestData.shared("images/imagenet-sample");
        try (Checkpoint checkpoint = Checkpoint.open(TestData.shared("models/deit-tiny"))) {
            VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
            List<ReducerScore> scores = new Comparison(model.inference(), checkpoint.preprocessing(), 8, LITTLE).run(
                    specs("none", "tome:r=8", "tome:r=13", "tome:r=16"), LabelledPictures.of(List.of(images), 1000),
                    n -> { });
            assertCounts(scores.get(0), 161, 194, 200, 1);
            assertThat(scores.get(0).agreement()).isEqualTo(200);
            assertCounts(scores.get(1), 160, 193, 192, 2);
            assertCounts(scores.get(2), 161, 192, 183, 2);
            assertCounts(scores.get(3), 152, 190, 177, 2);
        }
    }

    private static void assertCounts(ReducerScore score, int top1, int top5, int agreement, int within) {
        assertThat(score.top1().getAsInt()).as(score.reducer()).isCloseTo(top1, within(within));
        assertThat(score.top5().getAsInt()).as(score.reducer()).isCloseTo(top5, within(within));
        assertThat(score.agreement()).as(score.reducer()).isCloseTo(agreement, within(within));
    }

    private static List<TokenReducer> specs(String... specs) {
        List<TokenReducer> reducers = new ArrayList<>();
        for (String spec : specs) {
            reducers.add(Reducers.parse(spec));
        }
        return reducers;
    }
}
