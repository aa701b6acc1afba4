package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import leanvit.reducers.Schedule;
import leanvit.reducers.Stages;
import leanvit.testdata.Awkward;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.grad.GumbelDecision;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** dTPS's training pass against the original's; what the original does not have against differences. */
class DTpsPassTest {

    private static final Schedule.KeepOfInitial GOLDEN =
            new Schedule.KeepOfInitial(List.of(0.7), new Stages(List.of(1, 2)));

    @ParameterizedTest
    @ValueSource(strings = {"B", "A"})
    void everyTensorIsTheOriginals(String preset) throws IOException {
        TrainingGolden golden = TrainingGolden.open(preset, "dtps_train");
        VitParameters model = VitParameters.read(TestData.path("golden/" + preset));
        Parameters predictors = new Parameters(DTpsPass.predictorShapes(model.config().width(), 2));
        for (Parameter parameter : predictors.all()) {
            float[] values = golden.file.floats(parameter.name());
            System.arraycopy(values, 0, predictors.values(), parameter.offset(), values.length);
        }
        float[] pixels = GoldenFile.open(preset + "/inputs").floats("pixels");
        float[] targets = SoftTargets.of(golden.file.ints("labels"), model.config().classes(), 0);
        float[][] noise = {golden.file.floats("stage0.gumbel"), golden.file.floats("stage1.gumbel")};
        float[][] gradients = new float[2][];
        for (int frozen = 0; frozen < 2; frozen++) {
            boolean learns = frozen == 0;
            DTpsPass pass = new DTpsPass(model, predictors, GOLDEN, true, p -> learns, false, TrainingGolden.IMAGES,
                    null, 1);
            double loss = pass.run(pixels, targets, TrainingGolden.IMAGES, noise, null);
            for (int s = 0; s < 2; s++) {
                golden.assertClose("stage" + s + ".decision", pass.decision(s), 0);
                golden.assertClose("stage" + s + ".logp", pass.logProbabilities(s), 5e-5);
                float[] patches = patches(pass.rows(s), model.config().width(), model.config().patches());
                golden.assertClose("stage" + s + ".squeezed", patches, 5e-5);
            }
            for (int layer = 0; layer < model.config().depth() - 1; layer++) {
                golden.assertClose("block" + layer + ".x", pass.network().tokens(2 * layer + 2), 5e-5);
            }
            golden.assertClose("logits", pass.logits(), 5e-5);
            golden.assertRelative("ce", pass.crossEntropy());
            golden.assertRelative("ratio_loss", pass.ratioLoss());
            golden.assertRelative("loss", loss);
            for (Parameter parameter : predictors.all()) {
                golden.assertGradient("grad_loss." + parameter.name(),
                        Arrays.copyOfRange(pass.predictorGradients(), parameter.offset(), parameter.end()));
            }
            assertThat(pass.modelGradients() == null).isEqualTo(frozen == 1);
            gradients[frozen] = pass.predictorGradients();
        }
        assertThat(gradients[1]).as("with frozen weights and without").containsExactly(gradients[0]);
    }

    private static float[] patches(float[] rows, int width, int patches) {
        float[] out = new float[TrainingGolden.IMAGES * patches * width];
        for (int image = 0; image < TrainingGolden.IMAGES; image++) {
            System.arraycopy(rows, (image * (patches + 1) + 1) * width, out, image * patches * width, patches * width);
        }
        return out;
    }

    /** A distilled model with a teacher, all weights learning, on some threads. */
    private static final class Case {

        final VitParameters model = VitParameters.read(TestData.path("golden/A-distilled"));
        final Parameters predictors = new Parameters(DTpsPass.predictorShapes(model.config().width(), 3));
        final float[] pixels = GoldenFile.open("A-distilled/inputs").floats("pixels");
        final float[] targets = SoftTargets.of(new int[] {2, 7}, model.config().classes(), 0.1);
        final Schedule.KeepOfInitial schedule = new Schedule.KeepOfInitial(List.of(0.8), Stages.AT_QUARTERS);
        final float[][] noise = new float[3][2 * 2 * 36];
        final DTpsPass.Teacher teacher;

        Case() throws IOException {
            SplittableRandom random = new SplittableRandom(3);
            float[] values = Awkward.values(random, predictors.values().length, 0.3f);
            System.arraycopy(values, 0, predictors.values(), 0, values.length);
            for (float[] stage : noise) {
                GumbelDecision.noise(random::nextDouble, stage, 0, stage.length);
            }
            teacher = new DTpsPass.Teacher(Awkward.values(random, 20, 2),
                    Awkward.values(random, 2 * 38 * model.config().width(), 1));
        }

        DTpsPass pass(boolean squeezes, ExecutorService executor, int threads) {
            return new DTpsPass(model, predictors, schedule, squeezes, p -> true, true, 2, executor, threads);
        }

        double run(DTpsPass pass) {
            return pass.run(pixels, targets, 2, noise, teacher);
        }
    }

    @Test
    void distillationSquashesNoGradientAndThreadsChangeNoBit() throws IOException {
        Case test = new Case();
        ExecutorService executor = Executors.newFixedThreadPool(1);
        try {
            DTpsPass one = test.pass(false, null, 1);
            DTpsPass two = test.pass(false, executor, 2);
            assertThat(test.run(one)).isEqualTo(test.run(two));
            assertThat(one.modelGradients()).containsExactly(two.modelGradients());
            assertThat(one.predictorGradients()).containsExactly(two.predictorGradients());
            assertThat(one.loss()).isEqualTo(one.crossEntropy() + 2 * one.ratioLoss()
                    + 0.5 * (one.logitDivergence() + one.tokenDivergence()));
            assertThat(one.tokenDivergence()).isPositive();
            // Decisions do not hang on the last norm, nor on the head: a step there has the gradient's slope.
            for (String name : List.of("norm.weight", "head.weight", "head_dist.bias")) {
                Parameter parameter = test.model.parameters().get(name);
                float[] values = test.model.parameters().values();
                int at = parameter.offset() + parameter.length() / 3;
                float gradient = one.modelGradients()[at];
                float before = values[at];
                values[at] = before + 1e-2f;
                two.pack();
                double above = test.run(two);
                values[at] = before - 1e-2f;
                two.pack();
                double below = test.run(two);
                values[at] = before;
                Close.assertClose(new double[] {(above - below) / 2e-2}, new double[] {gradient},
                        2e-3 * Math.abs(gradient) + 2e-5, name);
            }
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void withoutTheSqueezeRowsStayAsTheyAreAndDecisionsTheirOwn() throws IOException {
        Case test = new Case();
        DTpsPass squeezing = test.pass(true, null, 1);
        DTpsPass dropping = test.pass(false, null, 1);
        test.run(squeezing);
        test.run(dropping);
        assertThat(dropping.decision(0)).containsExactly(squeezing.decision(0));
        assertThat(dropping.logits()).isNotEqualTo(squeezing.logits());
        assertThat(dropping.stages()).isEqualTo(3);
        assertThat(DTpsPass.stages(test.schedule, test.model.config())).isEqualTo(3);
        assertThat(DTpsPass.bytes(test.model, 3, true, 2)).isPositive();
        for (int i = 0; i < 72; i++) {
            assertThat(dropping.decision(2)[i]).isLessThanOrEqualTo(dropping.decision(1)[i]);
        }
    }

    @Test
    void refusesWhatCannotBe() throws IOException {
        Case test = new Case();
        DTpsPass pass = test.pass(true, null, 1);
        assertThatThrownBy(() -> pass.run(test.pixels, test.targets, 2, new float[1][2 * 2 * 36], null))
                .hasMessageContaining("noise of 1 stages, expected 3");
        assertThatThrownBy(() -> new DTpsPass(test.model, test.predictors, test.schedule, true, p -> false, false, 2,
                null, 1).run(test.pixels, test.targets, 2, test.noise, test.teacher))
                .hasMessageContaining("a teacher");
        assertThatThrownBy(() -> new DTpsPass(test.model, test.predictors, new Schedule.KeepOfInitial(List.of(0.5),
                new Stages(List.of(9))), true, p -> false, false, 2, null, 1)).hasMessageContaining("9");
    }
}
