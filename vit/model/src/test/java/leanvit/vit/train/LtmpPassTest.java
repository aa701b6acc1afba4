package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.grad.MaskedMergePrune;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LTMP's training pass against the original's. */
class LtmpPassTest {

    private static final double TARGET = 0.75;

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @ParameterizedTest
    @ValueSource(strings = {"B", "A"})
    void everyTensorIsTheOriginals(String preset) throws IOException {
        TrainingGolden golden = TrainingGolden.open(preset, "ltmp_train");
        VitParameters model = VitParameters.read(TestData.path("golden/" + preset));
        float[] pixels = GoldenFile.open(preset + "/inputs").floats("pixels");
        float[] targets = SoftTargets.of(golden.file.ints("labels"), model.config().classes(), 0);
        float[] merge = golden.file.floats("merge_threshold");
        float[] prune = golden.file.floats("prune_threshold");
        LtmpPass pass = new LtmpPass(model, TrainingGolden.IMAGES, new LtmpPass.Settings(TARGET), null, 1);
        float[] dTokens = pass.tokenGradient(pixels, targets, TrainingGolden.IMAGES, merge, prune).clone();
        double[] whole = pass.mergeGradient();
        golden.assertGradient("grad_block0_input", dTokens);
        double loss = pass.run(pixels, targets, TrainingGolden.IMAGES, merge, prune);
        assertThat(pass.mergeGradient()).as("with the tokens' gradient and without").containsExactly(whole);
        for (int layer = 0; layer < merge.length; layer++) {
            MaskedMergePrune step = pass.reduction(layer);
            String block = "block" + layer + ".";
            golden.assertClose(block + "mask", pass.mask(layer), 0);
            golden.assertClose(block + "size", step.sizes(), 0);
            golden.assertClose(block + "node_max", step.best(), 5e-6);
            golden.assertClose(block + "importance", step.importance(), 5e-6);
            if (layer < merge.length - 1) {
                // The last block computes what the classifier reads: the logits hold it.
                golden.assertClose(block + "x", pass.network().tokens(2 * layer + 2), 5e-5);
            }
        }
        golden.assertClose("logits", pass.logits(), 5e-5);
        golden.assertRelative("ce", pass.crossEntropy());
        golden.assertRelative("r_flops", pass.flopsRatio());
        golden.assertRelative("loss", loss);
        golden.assertGradient("grad_merge_threshold", floats(pass.mergeGradient()));
        golden.assertGradient("grad_prune_threshold", floats(pass.pruneGradient()));
        golden.assertGradient("grad_merge_threshold_f64", floats(pass.mergeGradient()));
        golden.assertGradient("grad_prune_threshold_f64", floats(pass.pruneGradient()));
        float[] ofRatio = ratioGradient(pass, model, pixels, targets, merge, prune);
        golden.assertGradient("grad_r_flops", ofRatio);
    }

    /** The loss's gradient is linear in lambda: what is left without cross-entropy is the ratio's. */
    private static float[] ratioGradient(LtmpPass pass, VitParameters model, float[] pixels, float[] targets,
            float[] merge, float[] prune) {
        LtmpPass.Settings settings = new LtmpPass.Settings(0.1, TARGET, 0, 1e-5, true, true);
        LtmpPass without = new LtmpPass(model, TrainingGolden.IMAGES, settings, null, 1);
        without.run(pixels, targets, TrainingGolden.IMAGES, merge, prune);
        int depth = merge.length;
        float[] gradient = new float[2 * depth];
        double factor = 2 * 10 * (pass.flopsRatio() - TARGET);
        for (int l = 0; l < depth; l++) {
            gradient[l] = (float) ((pass.mergeGradient()[l] - without.mergeGradient()[l]) / factor);
            gradient[depth + l] = (float) ((pass.pruneGradient()[l] - without.pruneGradient()[l]) / factor);
        }
        return gradient;
    }

    /** Distilled models: both prefix tokens stay, first in their order. */
    @Test
    void aSecondPrefixTokenStaysAndThreadsChangeNoBit() throws IOException {
        VitParameters model = VitParameters.read(TestData.path("golden/A-distilled"));
        float[] pixels = GoldenFile.open("A-distilled/inputs").floats("pixels");
        float[] targets = SoftTargets.of(new int[] {1, 5, 9}, model.config().classes(), 0.1);
        float[] merge = new float[model.config().depth()];
        float[] prune = new float[merge.length];
        Arrays.fill(merge, 0.6f);
        Arrays.fill(prune, 0.02f);
        ExecutorService executor = Executors.newFixedThreadPool(2);
        double[][] gradients = new double[3][];
        double[] losses = new double[3];
        try {
            for (int threads = 1; threads <= 3; threads++) {
                LtmpPass pass =
                        new LtmpPass(model, 3, new LtmpPass.Settings(0.5), threads == 1 ? null : executor, threads);
                losses[threads - 1] = pass.run(pixels, targets, 3, merge, prune);
                gradients[threads - 1] = pass.pruneGradient();
                int masked = 0;
                for (int layer = 0; layer < merge.length; layer++) {
                    for (int i = 0; i < 3 * 38; i++) {
                        assertThat(i % 38 >= 2 || pass.mask(layer)[i] == 1f).isTrue();
                        masked += pass.mask(layer)[i] == 0 ? 1 : 0;
                    }
                }
                assertThat(masked).isGreaterThan(100);
            }
        } finally {
            executor.shutdown();
        }
        assertThat(losses[1]).isEqualTo(losses[0]).isEqualTo(losses[2]);
        assertThat(gradients[1]).containsExactly(gradients[0]).containsExactly(gradients[2]);
    }

    @Test
    void pruningOrMergingAloneLeavesTheOtherAlone() throws IOException {
        VitParameters model = VitParameters.read(TestData.path("golden/A"));
        float[] pixels = GoldenFile.open("A/inputs").floats("pixels");
        float[] targets = SoftTargets.of(new int[] {1, 5, 9}, model.config().classes(), 0);
        float[] merge = {.8f, .8f, .8f, .8f};
        float[] prune = {.02f, .02f, .02f, .02f};
        LtmpPass pruning =
                new LtmpPass(model, 3, new LtmpPass.Settings(0.1, 0.5, 10, 1e-5, false, true), null, 1);
        pruning.run(pixels, targets, 3, new float[0], prune);
        assertThat(pruning.mergeGradient()).containsOnly(0);
        assertThat(Arrays.stream(pruning.pruneGradient()).allMatch(g -> g != 0)).isTrue();
        assertThat(pruning.reduction(3).sizes()).containsOnly(1f);
        LtmpPass merging =
                new LtmpPass(model, 3, new LtmpPass.Settings(0.1, 0.5, 10, 1e-5, true, false), null, 1);
        merging.run(pixels, targets, 2, merge, new float[0]);
        assertThat(merging.pruneGradient()).containsOnly(0);
        assertThat(Arrays.stream(merging.mergeGradient()).anyMatch(g -> g != 0)).isTrue();
        assertThat(LtmpPass.bytes(model, 3)).isPositive();
    }

    @Test
    void refusesWhatCannotBe() throws IOException {
        assertThatThrownBy(() -> new LtmpPass.Settings(0)).hasMessageContaining("target=0");
        assertThatThrownBy(() -> new LtmpPass.Settings(1.01)).hasMessageContaining("target=1.01");
        assertThatThrownBy(() -> new LtmpPass.Settings(0, .5, 10, 1e-5, true, true)).hasMessageContaining("tau=0");
        assertThatThrownBy(() -> new LtmpPass.Settings(.1, .5, Double.NaN, 1e-5, true, true))
                .hasMessageContaining("lambda=NaN");
        assertThatThrownBy(() -> new LtmpPass.Settings(.1, .5, 10, -1, true, true)).hasMessageContaining("epsilon=-1");
        assertThatThrownBy(() -> new LtmpPass.Settings(.1, .5, 10, 1e-5, false, false))
                .hasMessageContaining("nothing to learn");
        VitParameters model = VitParameters.read(TestData.path("golden/A"));
        LtmpPass pass = new LtmpPass(model, 2, new LtmpPass.Settings(0.5), null, 1);
        assertThatThrownBy(() -> pass.run(new float[3], new float[30], 3, new float[4], new float[4]))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("3 images");
        assertThatThrownBy(() -> SoftTargets.of(new int[] {3, 10}, 10, 0)).hasMessageContaining("label 10 of image 1");
    }
}
