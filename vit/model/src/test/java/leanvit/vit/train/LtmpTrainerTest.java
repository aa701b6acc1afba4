package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import leanvit.reducers.Ltmp;
import leanvit.reducers.Reducers;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.ReducerFiles;
import leanvit.vit.weights.VitParameters;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LtmpTrainerTest {

    private static final double TARGET = 0.45;

    @TempDir
    private Path directory;

    private static LtmpTrainer trainer(VitParameters model, int epochs) {
        return new LtmpTrainer(model, new Blobs(22, -1), new LtmpPass.Settings(TARGET),
                LtmpTrainer.options().epochs(epochs).seed(3).augmentation(Augmentation.NONE)).rates(3e-3, 3e-2);
    }

    private static float[] values(LtmpThresholds thresholds) {
        float[] all = new float[thresholds.merge().length + thresholds.prune().length];
        System.arraycopy(thresholds.merge(), 0, all, 0, thresholds.merge().length);
        System.arraycopy(thresholds.prune(), 0, all, thresholds.merge().length, thresholds.prune().length);
        return all;
    }

    @Test
    void lossFallsAndTheMasksComeNearTheTarget() throws IOException {
        VitParameters model = Blobs.trained();
        float[] before = model.parameters().values().clone();
        LtmpTrainer trainer = trainer(model, 20);
        List<Double> losses = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        assertThat(trainer.train(progress -> ratios.add(progress.figures().get("r_flops"))
                && losses.add(progress.loss()))).isTrue();
        assertThat(losses).hasSize((int) trainer.steps());
        assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0) - 0.1);
        assertThat(ratios.get(ratios.size() - 1) - TARGET).isBetween(-0.1, 0.7 * (ratios.get(0) - TARGET));
        for (float threshold : values(trainer.thresholds())) {
            assertThat(threshold).isBetween(0f, 1f);
        }
        assertThat(model.parameters().values()).as("the weights are frozen").containsExactly(before);
        assertThat(trainer.bytes()).isPositive();
    }

    @Test
    void bitsDependOnNeitherThreadsNorStops() throws IOException {
        LtmpTrainer whole = trainer(Blobs.model(), 3);
        whole.train(progress -> true);
        ExecutorService executor = Executors.newFixedThreadPool(1);
        try {
            LtmpTrainer two = trainer(Blobs.model(), 3).with(executor, 2);
            two.train(progress -> true);
            assertThat(values(two.thresholds())).containsExactly(values(whole.thresholds()));
        } finally {
            executor.shutdown();
        }
        Path file = directory.resolve("run");
        assertThat(trainer(Blobs.model(), 3).checkpoint(file, 0).train(progress -> progress.step() < 4)).isFalse();
        LtmpTrainer again = trainer(Blobs.model(), 3);
        assertThat(again.resume(file)).isEqualTo(4);
        again.train(progress -> true);
        assertThat(values(again.thresholds())).containsExactly(values(whole.thresholds()));
        assertThatThrownBy(() -> trainer(Blobs.model(), 4).resume(file)).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("epochs is \"3\", expected \"4\"");
        assertThatThrownBy(() -> new LtmpTrainer(Blobs.model(), new Blobs(22, -1), new LtmpPass.Settings(0.5),
                LtmpTrainer.options().epochs(3).seed(3).augmentation(Augmentation.NONE)).rates(3e-3, 3e-2)
                .resume(file))
                .hasMessageContaining("pass is ");
        assertThatThrownBy(() -> whole.rates(1, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void calibrationMeetsTheTargetAtInference() throws IOException {
        VitParameters model = Blobs.model();
        Inference dense = VisionTransformer.of(Blobs.CONFIG, model.parameters()).inference();
        LtmpCalibration calibration = new LtmpCalibration(dense, Blobs.PREPROCESSING, new Blobs(20, -1), 16);
        int depth = Blobs.CONFIG.depth();
        float[] prune = new float[depth];
        Arrays.fill(prune, 0.01f);
        LtmpThresholds weak = new LtmpThresholds(new float[0], prune);
        assertThat(calibration.share(weak)).isGreaterThan(0.9);
        LtmpThresholds fitted = calibration.fit(weak, 0.7);
        assertThat(calibration.share(fitted)).isCloseTo(0.7, Offset.offset(0.03));
        assertThat(calibration.fit(fitted, calibration.share(fitted))).isSameAs(fitted);
    }

    @Test
    void thresholdsAreSavedAndScaled() throws IOException {
        LtmpThresholds thresholds = new LtmpThresholds(new float[] {.9f, .5f}, new float[] {.25f, 0});
        Path file = directory.resolve("t.safetensors");
        thresholds.save(file);
        Ltmp read = (Ltmp) Reducers.parse("ltmp:thresholds=" + file, ReducerFiles.from(Path.of("")));
        assertThat(read.mergeThresholds()).containsExactly(.9f, .5f);
        assertThat(read.pruneThresholds()).containsExactly(.25f, 0);
        assertThat(thresholds.times(4).prune()).containsExactly(1, 0);
        assertThat(thresholds.times(4).merge()).containsExactly(new float[] {.6f, 0}, Offset.offset(1e-6f));
        assertThat(new LtmpThresholds(new float[] {.9f}, new float[0]).reducer().pruneThresholds()).isEmpty();
        assertThat(new LtmpThresholds(new float[0], new float[] {.9f}).reducer().mergeThresholds()).isEmpty();
        assertThatThrownBy(() -> new LtmpThresholds(new float[0], new float[0])).hasMessageContaining("neither");
    }

    @Test
    void aWeightThatIsNotFiniteStopsTheRunByName() throws IOException {
        VitParameters model = Blobs.model();
        Parameter weight = model.parameters().get("blocks.1.mlp.fc1.weight");
        model.parameters().values()[weight.offset()] = Float.NaN;
        assertThatThrownBy(() -> trainer(model, 2).train(progress -> true)).isInstanceOf(DivergedException.class)
                .hasMessageContaining("step 1: ").hasMessageContaining("block 1's MLP").hasMessageContaining("picture");
    }

    @Test
    void picturesAreSplitByASeed() {
        Blobs all = new Blobs(20, -1);
        List<PicturePart> parts = PicturePart.split(all, 0.5, Integer.MAX_VALUE, 1);
        List<String> names = new ArrayList<>();
        for (PicturePart part : parts) {
            assertThat(part.size()).isEqualTo(10);
            assertThat(part.labels()).isEqualTo(all.labels());
            for (int i = 0; i < part.size(); i++) {
                names.add(part.name(i));
            }
        }
        assertThat(names).doesNotHaveDuplicates().hasSize(20);
        LabelledPictures files = LabelledPictures.of(IntStream.range(0, 20).mapToObj(all::name).toList(), new int[20],
                picture -> null);
        LabelledPictures held = PicturePart.heldOut(files, 0.5, 1);
        assertThat(IntStream.range(0, held.size()).mapToObj(held::name)).isEqualTo(names.subList(10, 20));
        assertThatThrownBy(() -> PicturePart.heldOut(files, 0, 1)).hasMessageContaining("none is held out");
        assertThat(PicturePart.split(all, 0, 5, 1).get(0).size()).isEqualTo(5);
        assertThatThrownBy(() -> PicturePart.split(all, 0.99, 20, 1)).hasMessageContaining("none is left");
    }
}
