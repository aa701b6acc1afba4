package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each way in which a model's directory can be unusable gets one line that names the file, the tensor and both shapes.
 */
class CheckpointBadInputTest {

    private static final int WIDTH = TestModel.WIDTH;
    private static final String NO_HUB =
            "expected the field architecture (timm) or model_type (transformers), came neither";

    @TempDir
    private Path directory;

    private void assertRefused(String file, String problem) {
        assertThatThrownBy(() -> Checkpoint.open(directory)).isInstanceOf(InvalidInputException.class)
                .hasMessage(directory.resolve(file) + ": " + problem);
    }

    private void assertModelRefused(UnaryOperator<TestModel> spoil, String file, String problem) throws IOException {
        spoil.apply(TestModel.timm()).write(directory);
        assertRefused(file, problem);
    }

    private void assertWeightsRefused(UnaryOperator<TestModel> spoil, String problem) throws IOException {
        assertModelRefused(spoil, "model.safetensors", problem);
    }

    @Test
    void noDirectory() throws IOException {
        Path none = directory.resolve("none");
        assertThatThrownBy(() -> Checkpoint.open(none)).isInstanceOf(InvalidInputException.class)
                .hasMessage(none + ": no such directory");
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> Checkpoint.open(file)).isInstanceOf(InvalidInputException.class)
                .hasMessage(file + ": not a directory; expected a model's, with config.json and model.safetensors");
    }

    @Test
    void noConfigOrOneThatIsNoJson() throws IOException {
        TestModel.timm().write(directory);
        Path config = directory.resolve("config.json");
        Files.delete(config);
        assertRefused("config.json", "no such file");
        Files.writeString(config, "");
        assertRefused("config.json", "the file is empty; expected a JSON object");
        Files.writeString(config, "{\"architecture\": vit}");
        assertRefused("config.json", "cannot be read as JSON: line 1, column 18: expected a value, came 'v'");
        Files.writeString(config, "[1]");
        assertRefused("config.json", "expected a JSON object");
        Files.writeString(config, "{}");
        assertRefused("config.json", NO_HUB);
        Files.write(config, new byte[ModelFiles.MAX_TEXT_BYTES + 1]);
        assertRefused("config.json", "expected at most 33554432 bytes of text, came more");
        Files.delete(config);
        Files.createDirectory(config);
        assertRefused("config.json", "not a regular file");
    }

    @Test
    void noArchitecture() throws IOException {
        TestModel.timm().unset("architecture").write(directory);
        assertRefused("config.json", NO_HUB);
    }

    @Test
    void headsThatDoNotDivideTheWidth() throws IOException {
        TestModel.timm().set("model_args.num_heads", 3).write(directory);
        assertRefused("config.json", "model_args.num_heads: 3 does not divide embed_dim 8");
    }

    @Test
    void noWeights() throws IOException {
        TestModel.timm().writeConfig(directory);
        assertRefused("model.safetensors", "no such file, nor model.safetensors.index.json");
        Files.createFile(directory.resolve("pytorch_model.bin"));
        assertRefused("model.safetensors", "no such file, nor model.safetensors.index.json; "
                + "pytorch_model.bin is not read; convert it in Python: "
                + "AutoModel.from_pretrained(DIR).save_pretrained(DIR) or safetensors.torch.save_file");
        Files.createFile(directory.resolve("model.safetensors"));
        assertRefused("model.safetensors", "the file is empty");
        Files.writeString(directory.resolve("model.safetensors"), "version https://git-lfs.github.com/spec/v1\n");
        assertRefused("model.safetensors", "no safetensors file: expected a header of 1 to 100000000 bytes, "
                + "came a length of 2336927755350992246");
    }

    @Test
    void truncatedWeights() throws IOException {
        Path file = TestModel.timm().write(directory).resolve("model.safetensors");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertThatThrownBy(() -> Checkpoint.open(directory)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file + ": tensor \"head.bias\": data_offsets: expected begin <= end <= ");
    }

    @Test
    void missingTensors() throws IOException {
        assertWeightsRefused(model -> model.remove("head.bias"), "tensor \"head.bias\": missing; expected shape [3]");
        assertWeightsRefused(model -> model.remove("cls_token"),
                "tensor \"cls_token\": missing; expected shape [1, 1, 8]");
        assertWeightsRefused(model -> model.remove("pos_embed"),
                "tensor \"pos_embed\": missing; expected shape [1, 5, 8]");
        assertWeightsRefused(model -> model.remove("patch_embed.*"),
                "tensor \"patch_embed.proj.weight\": missing; expected shape [8, 3, 4, 4]");
        assertWeightsRefused(model -> model.remove("blocks.1.mlp.fc2.weight"),
                "tensor \"blocks.1.mlp.fc2.weight\": missing; expected shape [8, 32]");
        assertWeightsRefused(model -> model.remove("blocks.1.attn.qkv.bias"),
                "tensor \"blocks.1.attn.qkv.bias\": missing; expected shape [24]");
        assertWeightsRefused(model -> model.remove("norm.*"), "tensor \"norm.weight\": missing; expected shape [8]");
        assertWeightsRefused(model -> model.set("model_args.depth", 3),
                "tensor \"blocks.2.norm1.weight\": missing; expected shape [8]");
        assertWeightsRefused(model -> model.set("architecture", "deit_nano_distilled_patch4_8"),
                "tensor \"dist_token\": missing; expected shape [1, 1, 8]");
        assertWeightsRefused(model -> model.put("blocks.0.ls1.gamma", WIDTH),
                "tensor \"blocks.0.ls2.gamma\": missing; expected shape [8]");
    }

    @Test
    void tensorsOfAnotherShape() throws IOException {
        assertWeightsRefused(model -> model.put("head.weight", 5, WIDTH),
                "tensor \"head.weight\": expected shape [3, 8], came [5, 8]");
        assertWeightsRefused(model -> model.put("blocks.0.attn.qkv.weight", WIDTH, 3 * WIDTH),
                "tensor \"blocks.0.attn.qkv.weight\": expected shape [24, 8], came [8, 24]");
        assertWeightsRefused(model -> model.put("pos_embed", 1, 18, WIDTH),
                "tensor \"pos_embed\": expected shape [1, 5, 8], came [1, 18, 8]");
        assertWeightsRefused(model -> model.put("pos_embed", 5, WIDTH),
                "tensor \"pos_embed\": expected shape [1, 5, 8], came [5, 8]");
        assertWeightsRefused(model -> model.put("pos_embed"),
                "tensor \"pos_embed\": expected shape [1, 5, 8], came []");
        assertWeightsRefused(model -> model.put("cls_token", WIDTH),
                "tensor \"cls_token\": expected shape [1, 1, 8], came [8]");
        assertWeightsRefused(model -> model.put("reg_token", 2, WIDTH),
                "tensor \"reg_token\": expected shape [1, 1, 8], came [2, 8]");
        assertWeightsRefused(model -> model.set("model_args.embed_dim", 16).set("model_args.num_heads", 4),
                "tensor \"patch_embed.proj.weight\": expected shape [16, 3, 4, 4], came [8, 3, 4, 4]");
        assertWeightsRefused(model -> model.set("model_args.mlp_ratio", 2.0),
                "tensor \"blocks.0.mlp.fc1.weight\": expected shape [16, 8], came [32, 8]");
        assertWeightsRefused(model -> model.set("num_classes", 4),
                "tensor \"head.weight\": expected shape [4, 8], came [3, 8]");
        assertWeightsRefused(model -> model.set("model_args.no_embed_class", true),
                "tensor \"pos_embed\": expected shape [1, 4, 8], came [1, 5, 8]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "blocks.0.mlp.w12.weight             | a gated MLP (SwiGLU, GLU)",
        "rope.freqs                          | rotary position embedding (RoPE)",
        "blocks.1.attn.rel_pos_h             | a relative position bias",
        "blocks.1.attn.relative_position_bias_table | a relative position bias",
        "attn_pool.latent                    | attention pooling (global_pool \"map\")",
        "blocks.0.attns.1.qkv.weight         | parallel blocks",
        "blocks.0.in_proj.weight             | parallel blocks",
        "blocks.0.mlp.experts.0.fc1.weight   | mixture of experts",
        "patch_embed.backbone.stem.conv.weight | a convolutional stem",
        "pre_logits.fc.weight                | a layer between the features and the classifier (pre_logits)",
        "blocks.0.attn.qkv.lora_A.weight     | unmerged LoRA weights",
    })
    void partsThatAreNotSupported(String tensor, String feature) throws IOException {
        assertWeightsRefused(model -> model.put(tensor, 8),
                "tensor \"" + tensor + "\": belongs to " + feature + ", which is not supported");
    }

    @Test
    void tensorsThatAreNotKnown() throws IOException {
        String unknown = "not known in this model: vit_nano_patch4_8 would have it only with a feature that is not "
                + "supported or that the config does not say";
        assertWeightsRefused(model -> model.put("blocks.0.extra", 8), "tensor \"blocks.0.extra\": " + unknown);
        assertWeightsRefused(model -> model.put("dist_token", 1, 1, 8), "tensor \"dist_token\": " + unknown);
        assertWeightsRefused(model -> model.norm("fc_norm", 8), "tensor \"norm.weight\": " + unknown);
        assertWeightsRefused(model -> model.set("num_classes", 0), "tensor \"head.weight\": " + unknown);
        assertWeightsRefused(model -> model.norm("blocks.1.attn.q_norm", 4), "tensor \"blocks.1.attn.q_norm.weight\": "
                + unknown);
        assertWeightsRefused(model -> model.set("model_args.depth", 1),
                "tensor \"blocks.1.norm1.weight\": lies beyond the 1 blocks of the config");
        String lengthy = "x".repeat(300);
        assertWeightsRefused(model -> model.put(lengthy, 8), "tensor \"" + "x".repeat(120)
                + "...\": expected a name of at most 256 characters, came 300");
    }

    @ParameterizedTest
    @CsvSource({
        "qkv_bias,       false, blocks.0.attn.qkv.bias",
        "qk_norm,        true,  blocks.0.attn.q_norm.weight",
        "class_token,    false, cls_token",
        "pre_norm,       true,  norm_pre.weight",
        "fc_norm,        true,  fc_norm.weight"})
    void configAndWeightsThatDisagree(String argument, boolean said, String tensor) throws IOException {
        Path weights = directory.resolve("model.safetensors");
        assertModelRefused(model -> model.set("model_args." + argument, said), "config.json", argument + (said
                ? ": the model should have it, but " + weights + " lacks tensor " + tensor
                : ": the model should not have it, but " + weights + " has tensor " + tensor));
    }

    @Test
    void layerScaleOrRegistersThatDisagree() throws IOException {
        assertModelRefused(model -> model.set("model_args.init_values", 1e-5), "config.json", "init_values: the model "
                + "should have it, but " + directory.resolve("model.safetensors") + " lacks tensor blocks.0.ls1.gamma");
        assertModelRefused(model -> model.set("model_args.reg_tokens", 4), "config.json",
                "reg_tokens: 4, but " + directory.resolve("model.safetensors") + " has 0 (tensor reg_token)");
    }

    @Test
    void transformersTensorsMissingOrDifferent() throws IOException {
        TestModel.transformers("vit").remove("vit.encoder.layer.1.attention.attention.key.weight").write(directory);
        assertRefused("model.safetensors", "tensor \"encoder.layer.1.attention.attention.key.weight\": missing; "
                + "expected shape [24, 8]");
        TestModel.transformers("vit").remove("vit.layernorm.weight").write(directory);
        assertRefused("model.safetensors", "tensor \"layernorm.weight\": missing; expected shape [8]");
        TestModel.transformers("vit").remove("classifier.bias").write(directory);
        assertRefused("model.safetensors", "tensor \"classifier.bias\": missing; expected shape [3]");
        TestModel.transformers("vit").put("vit.encoder.layer.0.attention.attention.value.weight", WIDTH, 4)
                .write(directory);
        assertRefused("model.safetensors", "tensor \"vit.encoder.layer.0.attention.attention.value.weight\": "
                + "shape [8, 4] does not go with the [8, 8] of "
                + "\"vit.encoder.layer.0.attention.attention.query.weight\"");
        TestModel.transformers("vit").put("vit.encoder.layer.0.attention.attention.value.weight", 16, WIDTH)
                .write(directory);
        assertRefused("model.safetensors", "tensor \"vit.encoder.layer.0.attention.attention.value.weight\": "
                + "expected shape [24, 8], came [32, 8]");
        TestModel.transformers("vit").put("layernorm.weight", WIDTH).write(directory);
        assertRefused("model.safetensors",
                "tensor \"layernorm.weight\": stands for the same as \"vit.layernorm.weight\"");
        TestModel.transformers("vit").put("cls_token", 1, 1, WIDTH).write(directory);
        assertRefused("model.safetensors",
                "tensor \"cls_token\": stands for the same as \"vit.embeddings.cls_token\"");
        TestModel.transformers("vit").put("blocks.0.attn.qkv.weight", 3 * WIDTH, WIDTH).write(directory);
        assertRefused("model.safetensors", "tensor \"blocks.0.attn.qkv.weight\": stands for the same as "
                + "\"vit.encoder.layer.0.attention.attention.query.weight\"");
        TestModel.transformers("deit").set("architectures", List.of("DeiTForImageClassificationWithTeacher"))
                .write(directory);
        assertRefused("model.safetensors", "tensor \"distillation_classifier.weight\": missing; expected shape [3, 8]");
        TestModel.transformers("vit").set("qkv_bias", false).write(directory);
        assertRefused("config.json", "qkv_bias: the model should not have it, but "
                + directory.resolve("model.safetensors") + " has tensor blocks.0.attn.qkv.bias");
        TestModel.transformers("vit").put("vit.layers.0.attention.q_proj.weight", WIDTH, WIDTH).write(directory);
        assertRefused("model.safetensors", "tensor \"layers.0.attention.q_proj.weight\": belongs to projections apart, "
                + "under names of their own, which is not supported");
    }

    @Test
    void preprocessorThatIsNoJson() throws IOException {
        TestModel.transformers("vit").write(directory);
        Files.writeString(directory.resolve("preprocessor_config.json"), "{\"size\":}");
        assertRefused("preprocessor_config.json",
                "cannot be read as JSON: line 1, column 9: expected a value, came '}'");
    }

    @Test
    void aWrapperBeforeSomeNamesOnly() throws IOException {
        assertWeightsRefused(model -> model.put("module.head.extra", WIDTH), "tensor \"module.head.extra\": expected "
                + "\"module.\" before every name or none, but there is \"" + firstName() + "\"");
    }

    private static String firstName() {
        return TestModel.timm().shapes.keySet().iterator().next();
    }

    @Test
    void wrongQuestions() throws IOException {
        Path file = TestModel.timm().write(directory).resolve("model.safetensors");
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThatThrownBy(() -> checkpoint.tensor("head.weight", 8, 3)).isInstanceOf(InvalidInputException.class)
                    .hasMessage(file + ": tensor \"head.weight\": expected shape [8, 3], came [3, 8]");
            for (String absent : List.of("nothing", "blocks.7.norm1.weight")) {
                assertThatThrownBy(() -> checkpoint.tensor(absent, 1)).isInstanceOf(InvalidInputException.class)
                        .hasMessage(file + ": tensor \"" + absent + "\": missing");
                assertThatThrownBy(() -> checkpoint.shape(absent)).isInstanceOf(InvalidInputException.class);
            }
        }
    }
}
