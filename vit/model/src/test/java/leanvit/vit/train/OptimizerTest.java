package leanvit.vit.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import leanvit.testdata.Awkward;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OptimizerTest {

    private static final int STEPS = 7;

    @TempDir
    private Path directory;

    private static List<ParameterSlice> slices(int length) {
        int third = length / 3;
        return length < 6 ? List.of(new ParameterSlice(0, length, 1, 0.05))
                : List.of(new ParameterSlice(0, third, 1, 0.05), new ParameterSlice(third, 1, 0.1, 0),
                        new ParameterSlice(2 * third, length - 2 * third, 2, 0));
    }

    /** The formulas of the Javadoc, element by element, in double precision; the gradients of step t are x(t). */
    private static double[] reference(boolean adam, boolean nesterov, float[] start, float[][] gradients) {
        double[] values = new double[start.length];
        double[] first = new double[start.length];
        double[] second = new double[start.length];
        for (int i = 0; i < start.length; i++) {
            values[i] = start[i];
        }
        for (int t = 1; t <= gradients.length; t++) {
            for (ParameterSlice slice : slices(start.length)) {
                double rate = 0.01 * t * slice.rate();
                for (int i = slice.offset(); i < slice.end(); i++) {
                    double g = gradients[t - 1][i];
                    if (adam) {
                        values[i] -= rate * slice.weightDecay() * values[i];
                        first[i] = 0.9 * first[i] + 0.1 * g;
                        second[i] = 0.99 * second[i] + 0.01 * g * g;
                        values[i] -= rate * first[i] / (1 - Math.pow(0.9, t))
                                / (Math.sqrt(second[i] / (1 - Math.pow(0.99, t))) + 1e-8);
                    } else {
                        g += slice.weightDecay() * values[i];
                        first[i] = 0.9 * first[i] + g;
                        values[i] -= rate * (nesterov ? g + 0.9 * first[i] : first[i]);
                    }
                }
            }
        }
        return values;
    }

    private static Optimizer make(String kind, int length) {
        return kind.equals("adamw") ? new AdamW(length, slices(length), 0.9, 0.99, 1e-8)
                : new Sgd(length, slices(length), 0.9, kind.equals("nesterov"));
    }

    private static float[][] gradients(SplittableRandom random, int length) {
        float[][] gradients = new float[STEPS][];
        for (int t = 0; t < STEPS; t++) {
            gradients[t] = Awkward.values(random, length, 3);
        }
        return gradients;
    }

    @Test
    void stepsAreThoseOfTheFormula() {
        SplittableRandom random = new SplittableRandom(1);
        for (String kind : List.of("adamw", "sgd", "nesterov")) {
            for (int length : Awkward.sizes(577)) {
                if (length == 0) {
                    continue;
                }
                float[] values = Awkward.values(random, length, 2);
                float[][] gradients = gradients(random, length);
                double[] expected = reference(kind.equals("adamw"), kind.equals("nesterov"), values, gradients);
                Optimizer optimizer = make(kind, length);
                for (int t = 0; t < STEPS; t++) {
                    optimizer.step(values, gradients[t], 0.01 * (t + 1));
                }
                Close.assertClose(values, expected, 2e-6, kind + " of " + length);
            }
        }
    }

    @Test
    void partsByOtherThreadsGiveTheSameBits() {
        SplittableRandom random = new SplittableRandom(2);
        float[] start = Awkward.values(random, 1001, 2);
        float[][] gradients = gradients(random, 1001);
        for (String kind : List.of("adamw", "sgd", "nesterov")) {
            float[] whole = start.clone();
            Optimizer one = make(kind, 1001);
            float[] parts = start.clone();
            Optimizer other = make(kind, 1001);
            for (int t = 0; t < STEPS; t++) {
                float[] gradient = gradients[t];
                one.step(whole, gradient, 0.01);
                other.begin(0.01);
                List<CompletableFuture<Void>> work = new ArrayList<>();
                for (int from = 0; from < 1001; from += 77) {
                    int first = from;
                    work.add(CompletableFuture.runAsync(
                            () -> other.update(parts, gradient, first, Math.min(1001, first + 77))));
                }
                work.forEach(CompletableFuture::join);
            }
            assertThat(parts).as(kind).isEqualTo(whole);
        }
    }

    @Test
    void stateComesBackToTheBit() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        float[] start = Awkward.values(random, 101, 2);
        float[][] gradients = gradients(random, 101);
        for (String kind : List.of("adamw", "sgd", "nesterov")) {
            float[] whole = start.clone();
            Optimizer one = make(kind, 101);
            float[] stopped = start.clone();
            Optimizer before = make(kind, 101);
            for (int t = 0; t < STEPS; t++) {
                one.step(whole, gradients[t], 0.01);
                if (t < 3) {
                    before.step(stopped, gradients[t], 0.01);
                }
            }
            Path file = directory.resolve(kind + ".safetensors");
            SafeTensorsWriter writer = new SafeTensorsWriter();
            before.addTo(writer, "o.");
            writer.write(file);
            Optimizer after = make(kind, 101);
            try (SafeTensors tensors = SafeTensors.open(file)) {
                after.readFrom(tensors, "o.");
            }
            assertThat(after.steps()).isEqualTo(3);
            for (int t = 3; t < STEPS; t++) {
                after.step(stopped, gradients[t], 0.01);
            }
            assertThat(stopped).as(kind).isEqualTo(whole);
        }
    }

    @Test
    void adamsFirstStepIsPyTorchs() {
        Path golden = TestData.shared("golden/A");
        GoldenFile model = GoldenFile.open(golden.resolve("model.safetensors"));
        GoldenFile backward = GoldenFile.open(golden.resolve("backward.safetensors"));
        int tensors = 0;
        for (String name : model.names()) {
            float[] values = model.floats(name);
            new AdamW(values.length, List.of(new ParameterSlice(0, values.length, 1, 0.05))).step(values,
                    backward.floats("grad." + name), 1e-3);
            Close.assertClose(values, backward.floats("adamw." + name), 2.5e-7, name);
            tensors++;
        }
        assertThat(tensors).isEqualTo(56);
    }

    @Test
    void neighboursThatDecayAlikeAreOneSlice() {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("cls_token", new int[] {1, 1, 4});
        shapes.put("norm.weight", new int[] {4});
        shapes.put("head.weight", new int[] {3, 4});
        shapes.put("head.bias", new int[] {3});
        assertThat(ParameterSlice.of(new Parameters(shapes).all(), 0.5, 0.05)).containsExactly(
                new ParameterSlice(0, 8, 0.5, 0), new ParameterSlice(8, 12, 0.5, 0.05),
                new ParameterSlice(20, 3, 0.5, 0));
    }

    @Test
    void slicesThatOverlapOrGoBeyondTheEndAreRefused() {
        ParameterSlice slice = new ParameterSlice(2, 5, 1, 0);
        assertThatThrownBy(() -> new AdamW(6, List.of(slice))).hasMessageContaining("slice 2 to 7 of 6 values");
        assertThatThrownBy(() -> new Sgd(9, List.of(slice, new ParameterSlice(6, 1, 1, 0)), 0, false))
                .hasMessageContaining("do not overlap");
        assertThatThrownBy(() -> new ParameterSlice(0, 1, Double.NaN, 0)).hasMessageContaining("rate NaN");
        AdamW adam = new AdamW(9, List.of(slice));
        assertThatThrownBy(() -> adam.step(new float[9], new float[8], 1)).hasMessageContaining("gradients 8");
        assertThatThrownBy(() -> adam.begin(-1)).hasMessageContaining("learning rate -1.0");
    }
}
