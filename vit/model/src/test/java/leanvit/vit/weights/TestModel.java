package leanvit.vit.weights;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import leanvit.vit.json.JsonWriter;

/** A small model's config and tensor shapes, to be spoilt by a test and written to a directory. */
final class TestModel {

    static final int WIDTH = 8;
    static final int DEPTH = 2;
    static final int MLP = 32;
    static final int CLASSES = 3;
    static final int PATCHES = 4;

    final Map<String, Object> config = new LinkedHashMap<>();
    final Map<String, int[]> shapes = new LinkedHashMap<>();

    private TestModel() {
    }

    /** Width 8, 2 blocks, 2 heads, 2x2 patches of 4 pixels, 3 classes, as timm writes it. */
    static TestModel timm() {
        TestModel model = new TestModel();
        model.config.put("architecture", "vit_nano_patch4_8");
        model.config.put("num_classes", CLASSES);
        Map<String, Object> args = new LinkedHashMap<>();
        args.put("img_size", 8);
        args.put("patch_size", 4);
        args.put("embed_dim", WIDTH);
        args.put("depth", DEPTH);
        args.put("num_heads", 2);
        model.config.put("model_args", args);
        model.config.put("pretrained_cfg", new LinkedHashMap<>(Map.of("input_size", List.of(3, 8, 8))));
        model.shapes.put("cls_token", new int[] {1, 1, WIDTH});
        model.shapes.put("pos_embed", new int[] {1, 1 + PATCHES, WIDTH});
        model.linear("patch_embed.proj", WIDTH, 3, 4, 4);
        for (int block = 0; block < DEPTH; block++) {
            String name = "blocks." + block + ".";
            model.norm(name + "norm1", WIDTH);
            model.linear(name + "attn.qkv", 3 * WIDTH, WIDTH);
            model.linear(name + "attn.proj", WIDTH, WIDTH);
            model.norm(name + "norm2", WIDTH);
            model.linear(name + "mlp.fc1", MLP, WIDTH);
            model.linear(name + "mlp.fc2", WIDTH, MLP);
        }
        model.norm("norm", WIDTH);
        model.linear("head", CLASSES, WIDTH);
        return model;
    }

    /** The same network as transformers writes it; {@code type} is "vit" or "deit", which is also the prefix. */
    static TestModel transformers(String type) {
        TestModel model = new TestModel();
        model.config.put("model_type", type);
        model.config.put("architectures", List.of((type.equals("vit") ? "ViT" : "DeiT") + "ForImageClassification"));
        model.config.put("hidden_size", WIDTH);
        model.config.put("num_hidden_layers", DEPTH);
        model.config.put("num_attention_heads", 2);
        model.config.put("intermediate_size", MLP);
        model.config.put("image_size", 8);
        model.config.put("patch_size", 4);
        model.config.put("num_labels", CLASSES);
        String prefix = type + ".";
        boolean deit = type.equals("deit");
        model.shapes.put(prefix + "embeddings.cls_token", new int[] {1, 1, WIDTH});
        if (deit) {
            model.shapes.put(prefix + "embeddings.distillation_token", new int[] {1, 1, WIDTH});
        }
        model.shapes.put(prefix + "embeddings.position_embeddings", new int[] {1, PATCHES + (deit ? 2 : 1), WIDTH});
        model.linear(prefix + "embeddings.patch_embeddings.projection", WIDTH, 3, 4, 4);
        for (int block = 0; block < DEPTH; block++) {
            String name = prefix + "encoder.layer." + block + ".";
            model.norm(name + "layernorm_before", WIDTH);
            for (String part : List.of("query", "key", "value")) {
                model.linear(name + "attention.attention." + part, WIDTH, WIDTH);
            }
            model.linear(name + "attention.output.dense", WIDTH, WIDTH);
            model.norm(name + "layernorm_after", WIDTH);
            model.linear(name + "intermediate.dense", MLP, WIDTH);
            model.linear(name + "output.dense", WIDTH, MLP);
        }
        model.norm(prefix + "layernorm", WIDTH);
        model.linear("classifier", CLASSES, WIDTH);
        return model;
    }

    /** Adds or reshapes a tensor. */
    TestModel put(String name, int... shape) {
        shapes.put(name, shape);
        return this;
    }

    TestModel norm(String layer, int channels) {
        return put(layer + ".weight", channels).put(layer + ".bias", channels);
    }

    TestModel linear(String layer, int... shape) {
        return put(layer + ".weight", shape).put(layer + ".bias", shape[0]);
    }

    /** Removes the tensors whose names match. */
    TestModel remove(String regex) {
        shapes.keySet().removeIf(name -> name.matches(regex));
        return this;
    }

    /** Sets a field of the config; {@code model_args.depth} goes inside {@code model_args}. */
    @SuppressWarnings("unchecked")
    TestModel set(String path, Object value) {
        int dot = path.indexOf('.');
        Map<String, Object> fields = dot < 0 ? config
                : (Map<String, Object>) config.computeIfAbsent(path.substring(0, dot), key -> new LinkedHashMap<>());
        fields.put(path.substring(dot + 1), value);
        return this;
    }

    /** Removes a field at the config's top. */
    TestModel unset(String field) {
        config.remove(field);
        return this;
    }

    /** Writes config.json and model.safetensors. */
    Path write(Path directory) throws IOException {
        writeConfig(directory);
        SafeTensorsWriter writer = new SafeTensorsWriter();
        for (Map.Entry<String, int[]> tensor : shapes.entrySet()) {
            writer.floats(tensor.getKey(), values(tensor.getKey(), tensor.getValue()), tensor.getValue());
        }
        writer.write(directory.resolve("model.safetensors"));
        return directory;
    }

    void writeConfig(Path directory) throws IOException {
        Files.write(directory.resolve("config.json"),
                new JsonWriter().tree(config).toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the values that {@link #write} gives a tensor: the same for the same name. */
    static float[] values(String name, int... shape) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        int length = 1;
        for (int side : shape) {
            length *= side;
        }
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }
}
