package leanvit.vit;

import static leanvit.testdata.Close.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.json.Json;
import leanvit.vit.weights.SafeTensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checkpoints as hubs hold them: embeddings, hidden states and logits of a {@code transformers} model, and DeiT-Ti's.
 */
class GoldenCheckpointRunTest {

    @Test
    void aTransformersModelHasItsHiddenStatesAndLogits() throws IOException {
        Path directory = TestData.path("golden-hf");
        VisionTransformer model = VisionTransformer.load(directory);
        try (SafeTensors golden = SafeTensors.open(directory.resolve("golden.safetensors"))) {
            float[] pixels = golden.floats("pixels");
            List<BlockTrace> trace = new ArrayList<>();
            float[] logits = model.inference().trace(pixels, 2, trace, true);
            assertClose(embedded(model, pixels, 2), golden.floats("hidden.0"), 5e-5, "embeddings");
            for (BlockTrace block : trace) {
                assertClose(block.rows(), golden.floats("hidden." + (block.layer() + 1)), 5e-5,
                        "block " + block.layer());
            }
            assertClose(logits, golden.floats("logits"), 5e-5, "logits");
            assertClose(model.inference().logits(pixels, 2), golden.floats("logits"), 5e-5, "logits without a trace");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "A-distilled", "B"})
    void embeddingsMatch(String preset) throws IOException {
        VisionTransformer model = VisionTransformer.load(TestData.path("golden/" + preset));
        GoldenCase inputs = GoldenCase.open(preset, "inputs");
        assertClose(embedded(model, inputs.floats("pixels"), 3), inputs.floats("embed"), 5e-5, "embeddings");
    }

    /** The input of block 0. */
    private static float[] embedded(VisionTransformer model, float[] pixels, int batch) {
        int each = model.shape().tokens() * model.config().width();
        RecordingReducer reducer = new RecordingReducer(new LookAtInput(0), new ArrayList<>());
        model.inference().with(reducer).logits(pixels, batch);
        float[] rows = new float[batch * each];
        assertThat(reducer.calls()).hasSize(batch);
        for (int image = 0; image < batch; image++) {
            System.arraycopy(reducer.calls().get(image).rows(), 0, rows, image * each, each);
        }
        return rows;
    }

    @Test
    void deitTinyHasItsLogitsAndTokenCountsWithEveryMethod() throws IOException {
        Path file = TestData.shared("golden-deit/deit.safetensors");
        Path directory = TestData.shared("models/deit-tiny");
        VisionTransformer model = VisionTransformer.load(directory);
        try (SafeTensors golden = SafeTensors.open(file)) {
            float[] pixels = golden.floats("pixels");
            Map<?, ?> params = (Map<?, ?>) Json.parse(golden.metadata().get("params"));
            for (Map.Entry<String, String> method : specs(params).entrySet()) {
                Inference run = model.inference().with(Reducers.parse(method.getValue()));
                assertClose(run.logits(pixels, 4), golden.floats(method.getKey() + ".logits"), 1e-3, method.getKey());
                int[] counts = golden.ints(method.getKey() + ".token_counts");
                for (int image = 0; image < 4; image++) {
                    for (int layer = 0; layer < 12; layer++) {
                        assertThat(run.tokens(layer, image)).as("%s, image %d, block %d", method.getKey(), image, layer)
                                .isEqualTo(counts[counts.length == 12 ? layer : image * 12 + layer]);
                    }
                }
            }
        }
    }

    private static Map<String, String> specs(Map<?, ?> params) {
        Map<String, String> specs = new LinkedHashMap<>();
        specs.put("dense", "none");
        for (Object r : (List<?>) params.get("tome_r")) {
            specs.put("tome_r" + r, "tome:r=" + r);
        }
        for (String method : new String[] {"evit", "etps"}) {
            Map<?, ?> setting = (Map<?, ?>) params.get(method);
            specs.put(method.equals("evit") ? "evit_fused" : method,
                    method + ":keep=" + setting.get("rho") + ",layers=" + list(setting.get("stages")));
        }
        Map<?, ?> pomt = (Map<?, ?>) params.get("pomt");
        specs.put("pomt", "pomt:r=" + pomt.get("R") + ",layer=" + pomt.get("block"));
        Map<?, ?> ltmp = (Map<?, ?>) params.get("ltmp");
        specs.put("ltmp",
                "ltmp:merge=" + list(ltmp.get("merge_thresholds")) + ",prune=" + list(ltmp.get("prune_thresholds")));
        assertThat(specs).hasSize(8);
        return specs;
    }

    private static String list(Object values) {
        return ((List<?>) values).stream().map(String::valueOf).collect(Collectors.joining("/"));
    }
}
