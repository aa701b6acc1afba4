package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a checkpoint may be made of. */
class CheckpointTest {

    private static final int WIDTH = TestModel.WIDTH;

    @TempDir
    private Path directory;

    private static void assertHolds(Checkpoint checkpoint, String name, String source, int... shape)
            throws IOException {
        assertThat(checkpoint.shape(name)).isEqualTo(shape);
        assertThat(checkpoint.tensor(name, shape)).isEqualTo(TestModel.values(source, shape));
    }

    @Test
    void readsAPlainModel() throws IOException {
        TestModel model = TestModel.timm();
        try (Checkpoint checkpoint = Checkpoint.open(model.write(directory))) {
            assertThat(checkpoint.names()).containsExactlyElementsOf(model.shapes.keySet());
            for (Map.Entry<String, int[]> tensor : model.shapes.entrySet()) {
                assertHolds(checkpoint, tensor.getKey(), tensor.getKey(), tensor.getValue());
            }
            assertThat(checkpoint.has("blocks.1.norm2.bias")).isTrue();
            assertThat(checkpoint.has("blocks.2.norm2.bias")).isFalse();
            assertThat(checkpoint.warnings()).isEmpty();
        }
    }

    @Test
    void readsEveryOptionalPart() throws IOException {
        TestModel model = TestModel.timm().set("architecture", "vit_nano_patch4_reg3_8")
                .put("reg_token", 1, 3, WIDTH).put("pos_embed", 1, 4 + TestModel.PATCHES, WIDTH)
                .norm("norm_pre", WIDTH).remove("patch_embed.proj.bias").remove(".*attn.qkv.bias");
        for (int block = 0; block < TestModel.DEPTH; block++) {
            String name = "blocks." + block + ".";
            model.norm(name + "attn.q_norm", WIDTH / 2).norm(name + "attn.k_norm", WIDTH / 2)
                    .put(name + "ls1.gamma", WIDTH).put(name + "ls2.gamma", WIDTH);
        }
        model.set("model_args.qkv_bias", false).set("model_args.qk_norm", true).set("model_args.init_values", 1e-5)
                .set("model_args.class_token", true).set("model_args.no_embed_class", false)
                .set("model_args.reg_tokens", 3).set("model_args.pre_norm", true).set("model_args.fc_norm", false);
        try (Checkpoint checkpoint = Checkpoint.open(model.write(directory))) {
            assertThat(checkpoint.has("blocks.0.attn.qkv.bias")).isFalse();
            assertHolds(checkpoint, "blocks.1.attn.k_norm.weight", "blocks.1.attn.k_norm.weight", WIDTH / 2);
            assertHolds(checkpoint, "reg_token", "reg_token", 1, 3, WIDTH);
        }
    }

    @Test
    void readsAverageModelsWithoutClassToken() throws IOException {
        TestModel model = TestModel.timm().set("architecture", "vit_nano_patch4_reg1_gap_8")
                .remove("cls_token|norm.*").norm("fc_norm", WIDTH)
                .put("reg_token", 1, 1, WIDTH).put("pos_embed", 1, TestModel.PATCHES, WIDTH)
                .set("model_args.class_token", false).set("model_args.no_embed_class", true)
                .set("model_args.reg_tokens", 1);
        try (Checkpoint checkpoint = Checkpoint.open(model.write(directory))) {
            assertThat(checkpoint.config().pooling()).isEqualTo(Pooling.AVERAGE);
            assertThat(checkpoint.has("norm.weight")).isFalse();
            assertThat(checkpoint.shape("pos_embed")).containsExactly(1, 4, WIDTH);
        }
    }

    @Test
    void readsDistilledModelsAndModelsWithoutClassifier() throws IOException {
        TestModel distilled = TestModel.timm().set("architecture", "deit_nano_distilled_patch4_8")
                .put("dist_token", 1, 1, WIDTH).put("pos_embed", 1, 2 + TestModel.PATCHES, WIDTH)
                .linear("head_dist", TestModel.CLASSES, WIDTH);
        try (Checkpoint checkpoint = Checkpoint.open(distilled.write(directory))) {
            assertThat(checkpoint.config().distilled()).isTrue();
        }
        TestModel headless = TestModel.timm().set("num_classes", 0).remove("head.*").put("mask_token", 1, WIDTH);
        Files.writeString(directory.resolve("labels.txt"), "left over\n");
        try (Checkpoint checkpoint = Checkpoint.open(headless.write(directory))) {
            assertThat(checkpoint.config().classes()).isZero();
            assertThat(checkpoint.labels()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsTransformersNames(boolean prefixed) throws IOException {
        TestModel model = TestModel.transformers("vit").put("vit.pooler.dense.weight", WIDTH, WIDTH)
                .put("vit.embeddings.position_ids", 1, 5);
        if (!prefixed) {
            Map<String, int[]> shapes = new LinkedHashMap<>(model.shapes);
            model.shapes.clear();
            shapes.forEach((name, shape) -> model.put(name.replace("vit.", ""), shape));
        }
        String prefix = prefixed ? "vit." : "";
        try (Checkpoint checkpoint = Checkpoint.open(model.write(directory))) {
            assertThat(checkpoint.names()).containsExactlyInAnyOrderElementsOf(TestModel.timm().shapes.keySet());
            assertHolds(checkpoint, "cls_token", prefix + "embeddings.cls_token", 1, 1, WIDTH);
            assertHolds(checkpoint, "pos_embed", prefix + "embeddings.position_embeddings", 1, 5, WIDTH);
            assertHolds(checkpoint, "patch_embed.proj.weight",
                    prefix + "embeddings.patch_embeddings.projection.weight", WIDTH, 3, 4, 4);
            String layer = prefix + "encoder.layer.1.";
            assertHolds(checkpoint, "blocks.1.norm1.weight", layer + "layernorm_before.weight", WIDTH);
            assertHolds(checkpoint, "blocks.1.attn.proj.weight", layer + "attention.output.dense.weight", WIDTH, WIDTH);
            assertHolds(checkpoint, "blocks.1.norm2.bias", layer + "layernorm_after.bias", WIDTH);
            assertHolds(checkpoint, "blocks.1.mlp.fc1.weight", layer + "intermediate.dense.weight", 32, WIDTH);
            assertHolds(checkpoint, "blocks.1.mlp.fc2.bias", layer + "output.dense.bias", WIDTH);
            assertHolds(checkpoint, "norm.bias", prefix + "layernorm.bias", WIDTH);
            assertHolds(checkpoint, "head.weight", "classifier.weight", 3, WIDTH);
            List<Float> parts = new ArrayList<>();
            for (String part : List.of("query", "key", "value")) {
                for (float value : TestModel.values(layer + "attention.attention." + part + ".bias", WIDTH)) {
                    parts.add(value);
                }
            }
            assertThat(checkpoint.tensor("blocks.1.attn.qkv.bias", 3 * WIDTH)).containsExactly(
                    parts.toArray(Float[]::new));
        }
    }

    @Test
    void readsTransformersModelsWithoutQkvBias() throws IOException {
        TestModel model = TestModel.transformers("vit").set("qkv_bias", false).remove(".*(query|key|value).bias");
        try (Checkpoint checkpoint = Checkpoint.open(model.write(directory))) {
            assertThat(checkpoint.has("blocks.0.attn.qkv.bias")).isFalse();
            assertThat(checkpoint.shape("blocks.0.attn.qkv.weight")).containsExactly(3 * WIDTH, WIDTH);
        }
    }

    @Test
    void readsTransformersDeitWithAndWithoutTeacher() throws IOException {
        // Without a second classifier nobody reads the distillation token's output: it is a register.
        try (Checkpoint checkpoint = Checkpoint.open(TestModel.transformers("deit").write(directory))) {
            assertThat(checkpoint.config().distilled()).isFalse();
            assertHolds(checkpoint, "reg_token", "deit.embeddings.distillation_token", 1, 1, WIDTH);
            assertThat(checkpoint.shape("pos_embed")).containsExactly(1, 6, WIDTH);
        }
        TestModel teacher = TestModel.transformers("deit").remove("classifier.*")
                .linear("cls_classifier", TestModel.CLASSES, WIDTH)
                .linear("distillation_classifier", TestModel.CLASSES, WIDTH)
                .set("architectures", List.of("DeiTForImageClassificationWithTeacher"));
        try (Checkpoint checkpoint = Checkpoint.open(teacher.write(directory))) {
            assertThat(checkpoint.config().distilled()).isTrue();
            assertHolds(checkpoint, "dist_token", "deit.embeddings.distillation_token", 1, 1, WIDTH);
            assertHolds(checkpoint, "head.weight", "cls_classifier.weight", 3, WIDTH);
            assertHolds(checkpoint, "head_dist.bias", "distillation_classifier.bias", 3);
        }
    }

    @Test
    void readsShards() throws IOException {
        TestModel model = TestModel.timm();
        model.writeConfig(directory);
        Map<String, String> map = writeShards(model);
        writeIndex(map);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            for (Map.Entry<String, int[]> tensor : model.shapes.entrySet()) {
                assertHolds(checkpoint, tensor.getKey(), tensor.getKey(), tensor.getValue());
            }
        }
    }

    private Map<String, String> writeShards(TestModel model) throws IOException {
        Map<String, String> map = new LinkedHashMap<>();
        SafeTensorsWriter[] shards = {new SafeTensorsWriter(), new SafeTensorsWriter()};
        int i = 0;
        for (Map.Entry<String, int[]> tensor : model.shapes.entrySet()) {
            int shard = i++ % 2;
            String name = tensor.getKey();
            int[] shape = tensor.getValue();
            shards[shard].floats(name, TestModel.values(name, shape), shape);
            map.put(name, "model-0000" + (shard + 1) + "-of-00002.safetensors");
        }
        shards[0].write(directory.resolve("model-00001-of-00002.safetensors"));
        shards[1].write(directory.resolve("model-00002-of-00002.safetensors"));
        return map;
    }

    private void writeIndex(Map<String, String> map) throws IOException {
        Files.writeString(directory.resolve("model.safetensors.index.json"),
                new JsonWriter().tree(Map.of("metadata", Map.of("total_size", 1), "weight_map", map)).toString());
    }

    @Test
    void refusesShardsThatDoNotFitTheirIndex() throws IOException {
        TestModel.timm().writeConfig(directory);
        Path index = directory.resolve("model.safetensors.index.json");
        Map<String, String> map = writeShards(TestModel.timm());
        for (String escape : List.of("../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", "", "a\\b",
                ".hidden")) {
            Map<String, String> bad = new LinkedHashMap<>(map);
            bad.put("norm.bias", escape);
            writeIndex(bad);
            assertThatThrownBy(() -> Checkpoint.open(directory)).hasMessage(index + ": weight_map.norm.bias: expected "
                    + "the plain name of a file beside the index, came " + JsonWriter.quote(escape));
        }
        Map<String, String> moved = new LinkedHashMap<>(map);
        moved.put("norm.bias", "model-00001-of-00002.safetensors".equals(map.get("norm.bias"))
                ? "model-00002-of-00002.safetensors" : "model-00001-of-00002.safetensors");
        writeIndex(moved);
        assertThatThrownBy(() -> Checkpoint.open(directory)).hasMessageContaining(
                "-of-00002.safetensors: tensor \"norm.bias\": missing; model.safetensors.index.json says that it is "
                        + "here");
        Map<String, String> short1 = new LinkedHashMap<>(map);
        short1.remove("norm.bias");
        writeIndex(short1);
        assertThatThrownBy(() -> Checkpoint.open(directory)).hasMessageContaining(
                "-of-00002.safetensors: tensor \"norm.bias\": not here according to model.safetensors.index.json");
        map.put("other", "model-00003-of-00002.safetensors");
        writeIndex(map);
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .hasMessage(directory.resolve("model-00003-of-00002.safetensors") + ": no such file");
        writeIndex(Map.of());
        assertThatThrownBy(() -> Checkpoint.open(directory)).hasMessage(index
                + ": weight_map: expected a shard's name for every tensor, came none");
    }

    @Test
    void readsHalfPrecision() throws IOException {
        TestModel model = TestModel.timm();
        model.writeConfig(directory);
        StringBuilder header = new StringBuilder("{");
        int offset = 0;
        ByteBuffer data = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        for (Map.Entry<String, int[]> tensor : model.shapes.entrySet()) {
            boolean half = tensor.getKey().endsWith("weight");
            float[] values = TestModel.values(tensor.getKey(), tensor.getValue());
            for (int i = 0; i < values.length; i++) {
                data.putShort((short) (half ? 0x3c00 + i % 1024 : Float.floatToRawIntBits(values[i]) >>> 16));
            }
            header.append(offset == 0 ? "" : ",").append(JsonWriter.quote(tensor.getKey())).append(":{\"dtype\":\"")
                    .append(half ? "F16" : "BF16").append("\",\"shape\":")
                    .append(new JsonWriter().tree(tensor.getValue())).append(",\"data_offsets\":[").append(offset)
                    .append(',').append(data.position()).append("]}");
            offset = data.position();
        }
        byte[] bytes = new byte[data.flip().limit()];
        data.get(bytes);
        Files.write(directory.resolve("model.safetensors"), SafeTensorsTest.file(header + "}", bytes));
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            float[] head = checkpoint.tensor("head.weight", 3, WIDTH);
            for (int i = 0; i < head.length; i++) {
                assertThat(head[i]).isEqualTo(1 + i / 1024f);
            }
            float[] exact = TestModel.values("head.bias", 3);
            float[] bias = checkpoint.tensor("head.bias", 3);
            for (int i = 0; i < 3; i++) {
                assertThat(Float.floatToRawIntBits(bias[i])).isEqualTo(Float.floatToRawIntBits(exact[i]) & 0xffff0000);
            }
        }
    }

    @Test
    void readsResources() throws Exception {
        Path files = Files.createDirectories(directory.resolve("some/where"));
        TestModel.timm().write(files);
        Files.writeString(files.resolve("labels.txt"), "cat\ndog\ncup\n");
        // A class of a loader that finds its resources in the directory.
        URL classes = CheckpointTest.class.getProtectionDomain().getCodeSource().getLocation();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {directory.toUri().toURL(), classes}, null)) {
            Class<?> base = Class.forName(TestModel.class.getName(), false, loader);
            try (Checkpoint checkpoint = Checkpoint.ofResources(base, "some/where/")) {
                assertThat(checkpoint.labels()).containsExactly("cat", "dog", "cup");
                assertHolds(checkpoint, "norm.weight", "norm.weight", WIDTH);
            }
            assertThatThrownBy(() -> Checkpoint.ofResources(base, "no/where/"))
                    .hasMessage(Path.of("no/where/config.json") + ": no such resource");
        }
    }

    @Test
    void readsLabelsFromFileOrConfig() throws IOException {
        TestModel.timm().set("label_names", List.of("a", "b", "c")).write(directory);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThat(checkpoint.labels()).containsExactly("a", "b", "c");
        }
        Files.writeString(directory.resolve("labels.txt"), "tench \r\ngold\u00a0fish\r\n\r\n\n");
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .hasMessage(directory.resolve("labels.txt") + ": expected 3 labels, one per class, came 2");
        Files.writeString(directory.resolve("labels.txt"), "tench \r\ngold\u00a0fish\r\nsh\u00e4rk\r\n\r\n\n");
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThat(checkpoint.labels()).containsExactly("tench", "gold\u00a0fish", "sh\u00e4rk");
        }
        Files.write(directory.resolve("labels.txt"), "sh\u00e4rk".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .hasMessage(directory.resolve("labels.txt") + ": no valid UTF-8");
        Files.writeString(directory.resolve("labels.txt"), "");
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .hasMessage(directory.resolve("labels.txt") + ": expected 3 labels, one per class, came 0");
        Files.delete(directory.resolve("labels.txt"));
        TestModel.timm().set("label_names", List.of("a", "b")).write(directory);
        assertThatThrownBy(() -> Checkpoint.open(directory))
                .hasMessage(directory.resolve("config.json") + ": expected 3 labels, one per class, came 2");
    }

    @Test
    void warnsOfValuesThatAreNoNumbers() throws IOException {
        TestModel model = TestModel.timm();
        model.writeConfig(directory);
        SafeTensorsWriter writer = new SafeTensorsWriter();
        for (Map.Entry<String, int[]> tensor : model.shapes.entrySet()) {
            float[] values = TestModel.values(tensor.getKey(), tensor.getValue());
            if (tensor.getKey().equals("norm.weight")) {
                values[0] = values[3] = values[7] = Float.NaN;
            } else if (tensor.getKey().equals("norm.bias")) {
                values[1] = Float.NEGATIVE_INFINITY;
                values[2] = Float.NaN;
            }
            writer.floats(tensor.getKey(), values, tensor.getValue());
        }
        Path file = directory.resolve("model.safetensors");
        writer.write(file);
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThat(checkpoint.warnings()).isEmpty();
            assertThat(checkpoint.tensor("norm.weight", WIDTH)).contains(Float.NaN);
            checkpoint.tensor("norm.weight", WIDTH);
            checkpoint.tensor("head.weight", 3, WIDTH);
            checkpoint.tensor("norm.bias", WIDTH);
            assertThat(checkpoint.warnings()).containsExactly(
                    file + ": tensor \"norm.weight\": 3 NaN of 8 values",
                    file + ": tensor \"norm.bias\": 1 NaN and 1 infinite of 8 values");
        }
    }

    @Test
    void refusesToDecodeOnceClosed() throws IOException {
        Checkpoint checkpoint = Checkpoint.open(TestModel.timm().write(directory));
        checkpoint.close();
        assertThatThrownBy(() -> checkpoint.tensor("norm.weight", WIDTH)).isInstanceOf(IllegalStateException.class);
    }
}
