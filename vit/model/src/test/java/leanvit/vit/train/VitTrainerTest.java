package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import leanvit.vit.VisionTransformer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VitTrainerTest {

    private static final Augmentation ALL = new Augmentation(0.5, 1.3, 0, 0.2, 0.3, 0.4, 1, 0.5, 0.1);

    @TempDir
    private Path directory;

    private static TrainingOptions options() {
        return new TrainingOptions().epochs(3).batch(8).rate(3e-3).ema(0.9).augmentation(ALL).seed(1);
    }

    private static float[] trained(TrainingOptions options, int threads) throws IOException {
        ExecutorService executor = Executors.newFixedThreadPool(3);
        try {
            VitParameters model = Blobs.model();
            assertThat(new VitTrainer(model, new Blobs(22, -1), options).with(executor, threads).train(p -> true))
                    .isTrue();
            return model.parameters().values().clone();
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void lossFallsAndTheModelKnowsNewPictures() throws IOException {
        VitParameters model = Blobs.model();
        List<Double> losses = new ArrayList<>();
        new VitTrainer(model, new Blobs(64, -1), new TrainingOptions().epochs(60).batch(16).rate(3e-3)
                .augmentation(Augmentation.NONE)).train(progress -> losses.add(progress.loss()));
        assertThat(losses).hasSize(240);
        assertThat(losses.get(0)).isGreaterThan(1);
        assertThat(losses.get(239)).isLessThan(losses.get(0) / 2);
        Evaluation found = Evaluation.of(VisionTransformer.of(Blobs.CONFIG, model.parameters()).inference(),
                Blobs.PREPROCESSING, new Blobs(164, -1));
        assertThat(found.pictures()).isEqualTo(164);
        assertThat(found.accuracy()).isGreaterThan(0.9);
        assertThat(found.tokensOut()).isEqualTo(17);
    }

    @Test
    void eightPicturesAreLearntByHeart() throws IOException {
        VitParameters model = Blobs.model();
        double[] loss = new double[1];
        TrainingPictures same = new TrainingPictures() {
            private final Blobs blobs = new Blobs(8, -1);

            @Override
            public List<String> labels() {
                return blobs.labels();
            }

            @Override
            public int size() {
                return 8;
            }

            @Override
            public String name(int picture) {
                return blobs.name(picture);
            }

            @Override
            public TrainingSample sample(int epoch, int picture) throws IOException {
                // Labels that nothing in the pictures tells.
                return new TrainingSample(blobs.sample(0, picture).picture(), (picture * 5 + picture / 3) % 4);
            }
        };
        new VitTrainer(model, same, new TrainingOptions().epochs(250).batch(8).rate(3e-3).weightDecay(0)
                .augmentation(Augmentation.NONE)).train(progress -> {
                    loss[0] = progress.loss();
                    return true;
                });
        assertThat(loss[0]).isLessThan(0.01);
    }

    @Test
    void bitsDependOnNeitherThreadsNorStops() throws IOException {
        float[] whole = trained(options(), 1);
        assertThat(trained(options(), 3)).isEqualTo(whole);
        assertThat(trained(options().seed(2), 1)).isNotEqualTo(whole);
        Path file = directory.resolve("run.safetensors");
        VitParameters stopped = Blobs.model();
        assertThat(new VitTrainer(stopped, new Blobs(22, -1), options()).checkpoint(file, 0)
                .train(progress -> progress.step() < 4)).isFalse();
        VitParameters model = Blobs.model();
        VitTrainer again = new VitTrainer(model, new Blobs(22, -1), options());
        assertThat(again.resume(file)).isEqualTo(4);
        assertThat(again.train(progress -> true)).isTrue();
        assertThat(model.parameters().values()).isEqualTo(whole);
        assertThatThrownBy(() -> new VitTrainer(Blobs.model(), new Blobs(22, -1), options().rate(1)).resume(file))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("learning rate is \"0.003\"");
        assertThatThrownBy(() -> new VitTrainer(Blobs.model(), new Blobs(23, -1), options()).resume(file))
                .hasMessageContaining("pictures is \"22");
        assertThatThrownBy(() -> new VitTrainer(stopped, new Blobs(22, -1), options()).resume(file))
                .hasMessageContaining("weights is \"");
    }

    @Test
    void patchesAreNamedWhereMasksAreKnownToTheSameBits() throws IOException {
        TrainingOptions options = new TrainingOptions().epochs(4).batch(8).rate(3e-3).patchLoss(1)
                .augmentation(new Augmentation(0.6, 1.2, 0.5, 0, 0, 0, 0, 0.5, 0));
        float[] whole = trained(options, 1);
        assertThat(trained(options, 3)).isEqualTo(whole);
        VitParameters model = Blobs.model();
        List<Double> losses = new ArrayList<>();
        Path file = directory.resolve("run.safetensors");
        new VitTrainer(model, new Blobs(22, -1), options).checkpoint(file, 0).train(
                progress -> losses.add(progress.figures().get("patch_loss")) && progress.step() < 5);
        VitParameters rest = Blobs.model();
        VitTrainer again = new VitTrainer(rest, new Blobs(22, -1), options);
        again.resume(file);
        again.train(progress -> losses.add(progress.figures().get("patch_loss")));
        assertThat(rest.parameters().values()).isEqualTo(whole);
        assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0) * 0.8);
        assertThatThrownBy(() -> new VitTrainer(Blobs.model(), new Blobs(22, -1),
                new TrainingOptions().patchLoss(1).augmentation(ALL))).hasMessageContaining("mixup or cutmix");
    }

    @Test
    void picturesThatCannotBeReadAreToldOnceAndLeftOut() throws IOException {
        List<String> told = new ArrayList<>();
        int[] skipped = new int[1];
        new VitTrainer(Blobs.model(), new Blobs(10, 3), options().batch(4)).train(new TrainingListener() {
            @Override
            public boolean step(TrainingProgress progress) {
                skipped[0] = progress.skipped();
                return true;
            }

            @Override
            public void skipped(String problem) {
                told.add(problem);
            }
        });
        assertThat(told).containsExactly("blob 3: no picture");
        assertThat(skipped[0]).isEqualTo(1);
    }

    @Test
    void aLossThatIsNotFiniteStopsBeforeAnythingIsSpoilt() throws IOException {
        VitParameters model = Blobs.model();
        int weight = model.parameters().get("blocks.1.mlp.fc1.weight").offset();
        model.parameters().values()[weight] = Float.NaN;
        float[] before = model.parameters().values().clone();
        Path file = directory.resolve("run.safetensors");
        VitTrainer trainer = new VitTrainer(model, new Blobs(8, -1), options().ema(0).augmentation(
                Augmentation.NONE)).checkpoint(file, 0);
        assertThatThrownBy(() -> trainer.train(progress -> true)).isInstanceOf(DivergedException.class)
                .hasMessageContaining("step 1: the loss is no longer a finite number; first in block 1's MLP, "
                        + "with picture blob ");
        assertThat(model.parameters().values()).isEqualTo(before);
        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() {
        VitParameters model = Blobs.model().withClasses(List.of("x", "y"), 1);
        assertThatThrownBy(() -> new VitTrainer(model, new Blobs(8, -1), options()))
                .hasMessage("pictures of 4 classes for a model of 2");
        assertThatThrownBy(() -> new VitTrainer(Blobs.model(), new Blobs(0, -1), options()))
                .hasMessage("no pictures to learn from");
        assertThatThrownBy(() -> new TrainingOptions().ema(1)).hasMessage("ema cannot be 1.0");
        assertThatThrownBy(() -> new Augmentation(0, 1, 0, 0, 0, 0, 0, 0, 0)).hasMessageContaining("scale cannot be");
    }

    @Test
    void aClassifierAloneIsLearntFromEmbeddings() throws IOException {
        VitParameters model = Blobs.model();
        float[] before = model.parameters().values().clone();
        assertThat(new HeadTuner(model, new Blobs(80, 2)).train(progress -> true)).isTrue();
        float[] after = model.parameters().values();
        int head = model.parameters().get("head.weight").offset();
        for (int i = 0; i < head; i++) {
            assertThat(after[i]).isEqualTo(before[i]);
        }
        Evaluation found = Evaluation.of(VisionTransformer.of(Blobs.CONFIG, model.parameters()).inference(),
                Blobs.PREPROCESSING, new Blobs(80, -1));
        // A backbone of random weights; guessing would be right for one in four.
        assertThat(found.accuracy()).isGreaterThan(0.5);
        VitParameters same = Blobs.model();
        ExecutorService executor = Executors.newFixedThreadPool(2);
        new HeadTuner(same, new Blobs(80, 2)).with(executor, 2).train(progress -> true);
        executor.shutdown();
        assertThat(same.parameters().values()).isEqualTo(after);
    }
}
