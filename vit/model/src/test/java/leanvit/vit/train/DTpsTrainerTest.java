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
import leanvit.reducers.DTps;
import leanvit.reducers.Reducers;
import leanvit.reducers.Schedule;
import leanvit.reducers.Stages;
import leanvit.vit.VisionTransformer;
import leanvit.vit.weights.ReducerFiles;
import leanvit.vit.weights.VitParameters;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DTpsTrainerTest {

    private static final Schedule.KeepOfInitial SCHEDULE =
            new Schedule.KeepOfInitial(List.of(0.5), new Stages(List.of(1)));

    @TempDir
    private Path directory;

    private static DTpsTrainer trainer(VitParameters model, DTpsTrainer.Method method, int epochs) {
        return new DTpsTrainer(model, new Blobs(22, -1), SCHEDULE, method,
                DTpsTrainer.options().epochs(epochs).rate(1e-2).seed(5).augmentation(Augmentation.NONE));
    }

    private byte[] predictors(DTpsTrainer trainer) throws IOException {
        Path file = directory.resolve("p.safetensors");
        trainer.savePredictors(file);
        return Files.readAllBytes(file);
    }

    @Test
    void lossFallsKeptSharesComeNearTheirsAndTheReducerRuns() throws IOException {
        VitParameters model = Blobs.trained();
        float[] before = model.parameters().values().clone();
        DTpsTrainer trainer = trainer(model, new DTpsTrainer.Method(), 20);
        List<Double> losses = new ArrayList<>();
        double[] kept = new double[1];
        assertThat(trainer.train(progress -> {
            kept[0] = progress.figures().get("kept");
            return losses.add(progress.loss());
        })).isTrue();
        assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0) / 2);
        assertThat(kept[0]).isCloseTo(0.5, Offset.offset(0.15));
        assertThat(model.parameters().values()).as("the weights are frozen").containsExactly(before);
        predictors(trainer);
        DTps read = (DTps) Reducers.parse("dtps:keep=0.5,layers=1,predictors=" + directory.resolve("p.safetensors"),
                ReducerFiles.from(Path.of("")));
        Evaluation found = Evaluation.of(VisionTransformer.of(Blobs.CONFIG, model.parameters()).inference().with(read),
                Blobs.PREPROCESSING, new Blobs(20, -1));
        assertThat(found.tokensOut()).isEqualTo(1 + 8);
        assertThat(trainer.reducer().predictors().get(0).parameters().get("out_conv.4.bias").values())
                .containsExactly(read.predictors().get(0).parameters().get("out_conv.4.bias").values());
        assertThat(trainer.bytes()).isPositive();
    }

    @Test
    void scoresAndGradientsThatAreNoNumbersStopTheRunByName() throws IOException {
        VitParameters model = Blobs.model();
        DTpsTrainer wild = new DTpsTrainer(model, new Blobs(22, -1), SCHEDULE, new DTpsTrainer.Method(),
                DTpsTrainer.options().epochs(30).rate(1000).warmUp(0).clip(0).augmentation(Augmentation.NONE));
        long[] steps = {0};
        assertThatThrownBy(() -> wild.train(progress -> {
            steps[0] = progress.step();
            return true;
        })).isInstanceOf(DivergedException.class).hasMessageMatching("step [0-9]+: the loss is no longer a "
                + "finite number; first in (the predictor of stage 0, with picture blob [0-9]+|the gradient of "
                + "predictor[.]0[.].*); .*");
        assertThat(steps[0]).isPositive();
        float[] gradients = model.parameters().zeros();
        gradients[model.parameters().get("blocks.0.norm1.bias").offset()] = Float.POSITIVE_INFINITY;
        gradients[model.parameters().get("blocks.1.attn.qkv.weight").offset() + 3] = Float.NaN;
        assertThat(FirstNotFinite.of(model.parameters(), gradients, 8)).hasMessageContaining(
                "step 8: the loss is no longer a finite number; first in the gradient of blocks.1.attn.qkv.weight; ");
    }

    @Test
    void bitsDependOnNeitherThreadsNorStopsAlsoWhereTheModelLearns() throws IOException {
        DTpsTrainer.Method method = new DTpsTrainer.Method(false, true, 0.1);
        VitParameters model = Blobs.model();
        float[] before = model.parameters().values().clone();
        DTpsTrainer whole = trainer(model, method, 3);
        whole.train(progress -> true);
        byte[] bytes = predictors(whole);
        assertThat(model.parameters().values()).isNotEqualTo(before);
        assertThat(whole.reducer().squeezes()).isFalse();
        ExecutorService executor = Executors.newFixedThreadPool(1);
        try {
            VitParameters other = Blobs.model();
            DTpsTrainer two = trainer(other, method, 3).with(executor, 2);
            two.train(progress -> true);
            assertThat(predictors(two)).isEqualTo(bytes);
            assertThat(other.parameters().values()).containsExactly(model.parameters().values());
        } finally {
            executor.shutdown();
        }
        Path file = directory.resolve("run");
        assertThat(trainer(Blobs.model(), method, 3).checkpoint(file, 0).train(progress -> progress.step() < 4))
                .isFalse();
        VitParameters rest = Blobs.model();
        DTpsTrainer again = trainer(rest, method, 3);
        assertThat(again.resume(file)).isEqualTo(4);
        again.train(progress -> true);
        assertThat(predictors(again)).isEqualTo(bytes);
        assertThat(rest.parameters().values()).containsExactly(model.parameters().values());
        assertThatThrownBy(() -> trainer(Blobs.model(), new DTpsTrainer.Method(), 3).resume(file))
                .hasMessageContaining("method is ");
        assertThatThrownBy(() -> new DTpsTrainer.Method(true, true, -1)).hasMessageContaining("-1");
    }
}
