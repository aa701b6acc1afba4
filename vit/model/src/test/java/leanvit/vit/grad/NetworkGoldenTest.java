package leanvit.vit.grad;

import static leanvit.testdata.Close.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import leanvit.kernels.CrossEntropy;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.testdata.WorstErrors;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.VitParameters;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Loss and every gradient of a dense pass against PyTorch's. */
class NetworkGoldenTest {

    private static final int IMAGES = 2;

    @ParameterizedTest
    @ValueSource(strings = {"A-distilled", "B", "A"})
    void gradientsAreThoseOfPyTorch(String preset) throws IOException, JsonException {
        Path directory = TestData.path("golden/" + preset);
        Path file = directory.resolve("backward.safetensors");
        if (!Files.exists(file)) {
            file = TestData.shared("golden/" + preset + "/backward.safetensors");
        }
        GoldenFile golden = GoldenFile.open(file);
        GoldenFile inputs = GoldenFile.open(preset + "/inputs");
        VitParameters model = VitParameters.read(directory);
        int classes = model.config().classes();
        Network network = new Network(model.config(), model.parameters(), IMAGES, new Workers(), p -> true);
        float[] logits = network.forward(inputs.floats("pixels"), IMAGES);
        assertClose(logits, golden.floats("logits"), 5e-5, preset + " logits");
        int[] labels = inputs.ints("labels");
        float[] dLogits = new float[logits.length];
        double loss = 0;
        for (int image = 0; image < IMAGES; image++) {
            loss += CrossEntropy.label(classes, logits, image * classes, labels[image], 0, 1.0 / IMAGES, dLogits,
                    image * classes) / IMAGES;
        }
        assertClose(new double[] {loss}, golden.doubles("loss"), 1e-5, preset + " loss");
        float[] gradients = model.parameters().zeros();
        network.backward(dLogits, gradients);
        List<Parameter> all = model.parameters().all();
        Map<?, ?> norms = (Map<?, ?>) ((Map<?, ?>) Json.parse(golden.metadata().get("params"))).get("grad_l2_f64");
        int compared = 0;
        for (Parameter parameter : all) {
            String name = "grad." + parameter.name();
            double norm = ((Number) norms.get(parameter.name())).doubleValue();
            float[] got = Arrays.copyOfRange(gradients, parameter.offset(), parameter.end());
            double sum = 0;
            for (float value : got) {
                sum += (double) value * value;
            }
            assertClose(new double[] {Math.sqrt(sum)}, new double[] {norm}, 1e-5 * norm, preset + " norm of " + name);
            if (golden.has(name)) {
                double[] want = golden.doubles(name);
                double most = 0;
                for (double value : want) {
                    most = Math.max(most, Math.abs(value));
                }
                for (int i = 0; i < want.length; i++) {
                    WorstErrors.note("backward of preset " + preset + ", PyTorch", Math.abs(got[i] - want[i]) / most);
                }
                assertClose(got, want, 1e-4 * most, preset + " " + name);
                compared++;
            }
        }
        assertThat(compared).as("gradients compared").isGreaterThan(30);
        assertThat(norms).as("norms compared").hasSize(all.size());
    }
}
