package leanvit.vit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import leanvit.reducers.Reducers;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenReducer;
import leanvit.testdata.GoldenFile;
import leanvit.testdata.TestData;
import leanvit.vit.json.Json;

/** A file of golden tensors that an official implementation wrote, and the parameters that it wrote beside them. */
final class GoldenCase {

    private static final List<String> OTHER_FILES =
            List.of("model", "inputs", "backward", "ltmp_train", "dtps_train");

    private final String name;
    private final GoldenFile tensors;
    private final Map<?, ?> params;

    private GoldenCase(String name, GoldenFile tensors) throws IOException {
        this.name = name;
        this.tensors = tensors;
        params = (Map<?, ?>) Json.parse(tensors.metadata().getOrDefault("params", "{}"));
    }

    /** Opens {@code testdata/golden/PRESET/NAME.safetensors}. */
    static GoldenCase open(String preset, String name) throws IOException {
        return new GoldenCase(name, GoldenFile.open(preset + "/" + name));
    }

    /** Returns the names of a preset's whole-model cases. */
    static List<String> names(String preset) throws IOException {
        try (Stream<Path> files = Files.list(TestData.path("golden/" + preset))) {
            return files.map(file -> file.getFileName().toString()).filter(file -> file.endsWith(".safetensors"))
                    .map(file -> file.substring(0, file.indexOf('.'))).filter(file -> !OTHER_FILES.contains(file))
                    .sorted()
                    .collect(Collectors.toList());
        }
    }

    String name() {
        return name;
    }

    boolean has(String tensor) {
        return tensors.has(tensor);
    }

    int[] shape(String tensor) throws IOException {
        return tensors.shape(tensor);
    }

    float[] floats(String tensor) throws IOException {
        return tensors.floats(tensor);
    }

    double[] doubles(String tensor) throws IOException {
        return tensors.doubles(tensor);
    }

    int[] ints(String tensor) throws IOException {
        return tensors.ints(tensor);
    }

    /** Returns image {@code image} of a tensor whose first side counts images, or of a tensor {@code img0.NAME}. */
    float[] floats(String tensor, int image) throws IOException {
        if (has("img" + image + "." + tensor)) {
            return floats("img" + image + "." + tensor);
        }
        float[] all = floats(tensor);
        int each = all.length / shape(tensor)[0];
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    int[] ints(String tensor, int image) throws IOException {
        if (has("img" + image + "." + tensor)) {
            return ints("img" + image + "." + tensor);
        }
        int[] all = ints(tensor);
        int each = all.length / shape(tensor)[0];
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    /**
     * Returns whether the file has a tensor of this name for an image; lean files have features of the first image
     * alone.
     */
    boolean has(String tensor, int image) throws IOException {
        return has("img" + image + "." + tensor) || has(tensor) && shape(tensor)[0] > image;
    }

    double[] logits(int image) throws IOException {
        if (has("img" + image + ".logits_f64")) {
            return doubles("img" + image + ".logits_f64");
        }
        double[] all = doubles("logits_f64");
        int each = all.length / shape("logits_f64")[0];
        return Arrays.copyOfRange(all, image * each, (image + 1) * each);
    }

    /** Returns the tokens of an image after a block. */
    int tokens(int layer, int image) throws IOException {
        if (!has("token_counts")) {
            return shape("block" + layer + ".x")[1];
        }
        int[] shape = shape("token_counts");
        int[] counts = ints("token_counts");
        // LTMP's are [images, blocks, (in, merged, pruned, out)].
        return shape.length == 3 ? counts[(image * shape[1] + layer) * shape[2] + 3] : counts[layer];
    }

    /** Returns the SPECs that should give what the file holds. */
    List<String> specs() {
        if (name.equals("dense")) {
            return List.of("none");
        }
        if (name.startsWith("tome")) {
            String r = params.get("r") instanceof List<?> pair ? pair.get(0) + ",inflect=" + pair.get(1)
                    : "" + params.get("r");
            return List.of("tome:r=" + r + (params.get("prop_attn").equals(false) ? ",prop=off" : ""));
        }
        if (name.startsWith("ltmp")) {
            return List.of("ltmp:thresholds=golden", "ltmp:" + Stream.of("merge", "prune")
                    .filter(key -> params.get(key + "_thresholds") != null)
                    .map(key -> key + "=" + list(params.get(key + "_thresholds"))).collect(Collectors.joining(",")));
        }
        if (name.startsWith("pomt")) {
            String exact = "" + params.get(params.containsKey("equivalent_exact_R") ? "equivalent_exact_R" : "R");
            return List.of("pomt:r=" + exact + ",layer=" + params.get("block"),
                    "pomt:r=" + params.get("R") + ",layer=" + params.get("block") + ",upstream=on");
        }
        if (name.startsWith("topk")) {
            String byBlock = "topk:r=" + list(params.get("r_per_block"));
            return params.containsKey("rho") ? List.of(byBlock, "topk:" + stages()) : List.of(byBlock);
        }
        if (name.startsWith("evit")) {
            return List.of("evit:" + stages() + (params.get("fuse_token").equals(false) ? ",fuse=off" : ""));
        }
        return List.of(name.substring(0, name.indexOf('_')) + ":" + stages()
                + (name.startsWith("dtps") ? ",predictors=golden" : ""));
    }

    private String stages() {
        return "keep=" + params.get("rho") + ",layers=" + list(params.get("stages"));
    }

    private static String list(Object values) {
        return ((List<?>) values).stream().map(String::valueOf).collect(Collectors.joining("/"));
    }

    /** Makes a reducer whose SPEC may name {@code golden}, this file, for its thresholds or predictors. */
    TokenReducer reducer(String spec) throws IOException {
        return Reducers.parse(spec, file -> {
            Map<String, TensorFiles.Tensor> named = new TreeMap<>();
            for (String tensor : tensors.names()) {
                if (tensor.endsWith("_threshold") || tensor.startsWith("predictor.")) {
                    named.put(tensor.replace("_threshold", ""), new TensorFiles.Tensor(shape(tensor), floats(tensor)));
                }
            }
            return named;
        });
    }
}
