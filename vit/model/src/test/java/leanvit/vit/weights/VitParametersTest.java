package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import leanvit.testdata.TestData;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's raw parameters: read, changed, saved and read again. */
class VitParametersTest {

    private static final VitConfig SMALL = new VitConfig("vit_tiny_patch8_48", 24, 16, 8, 12, 2, 3, 30, 4,
            Pooling.TOKEN, false, 1e-6f);
    private static final Preprocessing SQUASHED = new Preprocessing(24, 16, 1f, Resize.SQUASH, Interpolation.BICUBIC,
            new float[] {0.1f, 0.2f, 0.3f}, new float[] {0.5f, 0.6f, 0.7f});

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"timm", "vit", "deit"})
    void savesWhatItReadUnderTheSameNames(String kind) throws IOException {
        Path from = directory.resolve("from");
        Path to = directory.resolve("to");
        Files.createDirectory(from);
        (kind.equals("timm") ? TestModel.timm() : TestModel.transformers(kind)).write(from);
        VitParameters model = VitParameters.read(from);
        model.save(to, DType.F32);
        try (SafeTensors before = SafeTensors.open(from.resolve("model.safetensors"));
                SafeTensors after = SafeTensors.open(to.resolve("model.safetensors"))) {
            assertThat(after.names()).containsExactlyInAnyOrderElementsOf(before.names());
            for (String name : before.names()) {
                assertThat(after.shape(name)).as(name).isEqualTo(before.shape(name));
                assertThat(after.floats(name)).as(name).isEqualTo(before.floats(name));
            }
        }
        VitParameters again = VitParameters.read(to);
        assertThat(again.config()).isEqualTo(model.config());
        assertThat(again.labels()).isEqualTo(model.labels());
        assertThat(again.parameters().values()).isEqualTo(model.parameters().values());
    }

    @Test
    void layoutHasNoGapsAndKnowsItsGroups() {
        Parameters parameters = random().parameters();
        int end = 0;
        for (Parameter parameter : parameters.all()) {
            assertThat(parameter.offset()).isEqualTo(end);
            assertThat(parameter.length()).isEqualTo(IntStream.of(parameter.shape()).reduce(1, (a, b) -> a * b));
            end = parameter.end();
        }
        assertThat(parameters.values()).hasSize(end);
        assertThat(parameters.zeros()).hasSize(end);
        assertThat(parameters.where(Parameter::decays)).extracting(Parameter::name).contains("head.weight",
                "patch_embed.proj.weight", "blocks.1.attn.qkv.weight").doesNotContain("head.bias", "norm.weight",
                "cls_token", "pos_embed", "blocks.0.norm1.weight");
        assertThatIllegalArgumentException().isThrownBy(() -> parameters.get("no.such"))
                .withMessage("no parameter no.such");
    }

    @Test
    void savesARandomModelAndItsChanges() throws IOException {
        VitParameters model = random();
        Path to = directory.resolve("model");
        model.save(to, DType.F32);
        model.parameters().values()[7] = 0.25f;
        model.save(to, DType.F32);
        VitParameters again = VitParameters.read(to);
        assertThat(again.config()).isEqualTo(SMALL);
        assertThat(again.preprocessing().mean()).isEqualTo(SQUASHED.mean());
        assertThat(again.preprocessing().resize()).isEqualTo(Resize.SQUASH);
        assertThat(again.labels()).containsExactly("a", "b", "c", "d");
        assertThat(again.parameters().values()).isEqualTo(model.parameters().values());
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(to);
        }
    }

    @Test
    void savesHalfPrecisionOrRefuses() throws IOException {
        VitParameters model = random();
        Path to = directory.resolve("half");
        model.save(to, DType.F16);
        float[] values = model.parameters().values();
        float[] read = VitParameters.read(to).parameters().values();
        for (int i = 0; i < values.length; i++) {
            assertThat(Math.abs(read[i] - values[i])).isLessThanOrEqualTo(Math.abs(values[i]) * 0x1p-11f + 0x1p-25f);
        }
        model.parameters().values()[3] = 1e5f;
        assertThatIllegalArgumentException().isThrownBy(() -> model.save(to, DType.F16))
                .withMessage("parameter patch_embed.proj.weight has the value 100000.0, expected one that F16 can "
                        + "hold");
        assertThat(VitParameters.read(to).parameters().values()).isEqualTo(read);
    }

    @ParameterizedTest
    @ValueSource(strings = {"timm", "vit"})
    void takesANewClassifier(String kind) throws IOException {
        Path from = directory.resolve("from");
        Files.createDirectory(from);
        (kind.equals("timm") ? TestModel.timm() : TestModel.transformers(kind)).write(from);
        VitParameters model = VitParameters.read(from);
        VitParameters other = model.withClasses(List.of("cat", "dog", "cow", "hen", "fox"), 3);
        assertThat(other.config().classes()).isEqualTo(5);
        assertThat(other.parameters().get("head.weight").shape()).containsExactly(5, TestModel.WIDTH);
        assertThat(other.parameters().tensor("head.bias", 5)).containsOnly(0f);
        assertThat(other.parameters().tensor("pos_embed", 1, 5, 8))
                .isEqualTo(model.parameters().tensor("pos_embed", 1, 5, 8));
        Path to = directory.resolve("to");
        other.save(to, DType.F32);
        VitParameters again = VitParameters.read(to);
        assertThat(again.labels()).containsExactly("cat", "dog", "cow", "hen", "fox");
        assertThat(again.parameters().values()).isEqualTo(other.parameters().values());
    }

    /** Those without a classifier become their family's with one; tensors keep the shapes and types of their files. */
    @ParameterizedTest
    @ValueSource(strings = {"dinov2reg_model", "dinov2_cls", "vit_pooler", "beit_cls", "dinov3_gated", "timm_pwee",
        "timm_eva02_clip", "timm_rope_mixed_ape", "timm_pe_core", "timm_aimv2",
        "timm_siglip2_map_cls"})
    void anyFamilyTakesANewClassifierAndIsReadAgain(String family) throws IOException {
        Path from = TestData.path("families/" + family);
        VitParameters model = VitParameters.read(from).withClasses(List.of("cat", "dog", "cow", "hen"), 3);
        Path to = directory.resolve("to");
        model.save(to, DType.F32);
        VitParameters again = VitParameters.read(to);
        assertThat(again.config()).isEqualTo(model.config());
        assertThat(again.labels()).containsExactly("cat", "dog", "cow", "hen");
        assertThat(again.parameters().values()).isEqualTo(model.parameters().values());
        try (SafeTensors before = SafeTensors.open(from.resolve("model.safetensors"));
                SafeTensors after = SafeTensors.open(to.resolve("model.safetensors"))) {
            List<String> names = after.names().stream().filter(name -> !name.matches("(?:head|classifier)[.](?:weight"
                    + "|bias)")).toList();
            assertThat(names).hasSizeGreaterThan(10);
            for (String name : names) {
                String own = before.has(name) ? name : name.substring(name.indexOf('.') + 1);
                assertThat(after.shape(name)).as(name).isEqualTo(before.shape(own));
                assertThat(after.floats(name)).as(name).isEqualTo(before.floats(own));
            }
        }
    }

    @Test
    void familiesWithoutAClassifierOfTheirOwnAreRefusedOne() throws IOException {
        VitParameters model = VitParameters.read(TestData.path("families/clip_vision_proj"));
        assertThatIllegalArgumentException().isThrownBy(() -> model.withClasses(List.of("cat", "dog"), 3))
                .withMessageContaining("CLIPVisionModelWithProjection has no form with a classifier");
        assertThatIllegalArgumentException().isThrownBy(model::requireTrainable)
                .withMessageContaining("activation QUICK_GELU cannot be trained here");
        assertThatIllegalArgumentException().isThrownBy(
                VitParameters.read(TestData.path("families/beit_cls"))::requireTrainable)
                .withMessageContaining("a relative position bias");
    }

    @Test
    void keepsStateOfTheSameLayoutInOtherFiles() throws IOException {
        Parameters parameters = random().parameters();
        float[] state = parameters.zeros();
        for (int i = 0; i < state.length; i++) {
            state[i] = i;
        }
        Path file = directory.resolve("state.safetensors");
        SafeTensorsWriter writer = new SafeTensorsWriter();
        parameters.addTo(writer, "momentum.", state);
        writer.write(file);
        float[] read = parameters.zeros();
        try (SafeTensors tensors = SafeTensors.open(file)) {
            parameters.readFrom(tensors, "momentum.", read);
            assertThat(read).isEqualTo(state);
            assertThatThrownBy(() -> parameters.readFrom(tensors, "average.", read))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(file + ": tensor average.patch_embed.proj.weight: missing");
        }
    }

    @Test
    void refusesWhatItsConfigCannotSay() {
        VitConfig odd = new VitConfig("my_model", 16, 16, 8, 12, 2, 3, 30, 4, Pooling.TOKEN, false, 1e-6f);
        assertThatIllegalArgumentException().isThrownBy(() -> VitParameters.random(odd, SQUASHED, List.of(), 1))
                .withMessageContaining("architecture: expected a plain ViT or DeiT of timm's");
        VitConfig epsilon =
                new VitConfig("vit_tiny_patch8_48", 16, 16, 8, 12, 2, 3, 30, 4, Pooling.TOKEN, false, 1e-3f);
        assertThatIllegalArgumentException().isThrownBy(() -> VitParameters.random(epsilon, SQUASHED, List.of(), 1))
                .withMessageContaining("timm's config.json cannot say");
        assertThatIllegalArgumentException().isThrownBy(() -> VitParameters.random(SMALL, SQUASHED, List.of("a"), 1))
                .withMessage("1 labels, expected 4");
        assertThatThrownBy(() -> random().save(directory.resolve("no/such"), DType.F32))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(directory.resolve("no/such") + ": cannot be written: its parent directory does not exist");
    }

    private static VitParameters random() {
        return VitParameters.random(SMALL, SQUASHED, List.of("a", "b", "c", "d"), 5);
    }
}
