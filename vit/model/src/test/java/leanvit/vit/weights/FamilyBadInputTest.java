package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Families' checkpoints with settings that do not go with their tensors. */
class FamilyBadInputTest {

    @TempDir
    private Path place;

    /** Writes a family's model with one text of its config replaced. */
    private Path with(String family, String from, String to) throws IOException {
        Path directory = TestData.path("families/" + family);
        String config = Files.readString(directory.resolve("config.json"));
        assertThat(config).contains(from);
        Files.writeString(place.resolve("config.json"), config.replaceFirst(from, to));
        Files.deleteIfExists(place.resolve("model.safetensors"));
        Files.copy(directory.resolve("model.safetensors"), place.resolve("model.safetensors"));
        return place;
    }

    private void assertRefused(String family, String from, String to, String problem) throws IOException {
        Path directory = with(family, from, to);
        assertThatThrownBy(() -> Checkpoint.open(directory).close()).as(family)
                .isInstanceOf(InvalidInputException.class).hasMessageContaining(problem).hasMessageNotContaining("\n");
    }

    @Test
    void settingsThatCannotBeAreNamed() throws IOException {
        assertRefused("dinov3_vit", "\"rope_theta\": 100.0", "\"rope_theta\": 0",
                "config.json: rope_theta: expected a number over 0.0 and at most 1.0E12, came 0");
        assertRefused("dinov3_vit", "\"key_bias\": false", "\"key_bias\": true",
                "tensor \"layer.0.attention.k_proj.bias\": missing; expected shape [32]");
        assertRefused("beit_cls", "\"image_size\": 32", "\"image_size\": 40", "expected shape [84, 2], came [52, 2]");
        assertRefused("beit_cls", "\"use_relative_position_bias\": true", "\"use_relative_position_bias\": false",
                "relative position bias: the model should not have it");
        assertRefused("dinov2_swiglu", "\"use_swiglu_ffn\": true", "\"use_swiglu_ffn\": false",
                "tensor \"encoder.layer.0.mlp.fc1.weight\": missing");
        assertRefused("clip_vision_proj", "\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"mish\"",
                "config.json: hidden_act: \"mish\" is not supported");
        assertRefused("siglip_vision", "\"model_type\": \"siglip_vision_model\"", "\"model_type\": \"siglip2\"",
                "config.json: model_type: expected one of ");
        assertRefused("vit_pooler", "ViTModel", "ViTForDepthEstimation", "config.json: architectures: ");
    }

    /** A table of another square grid is fitted by the family's own rule, once, from what is stored. */
    @Test
    void aPositionTableOfAnotherGridIsFitted() throws IOException {
        try (Checkpoint own = Checkpoint.open(TestData.path("families/dinov2_cls"));
                Checkpoint other = Checkpoint.open(with("dinov2_cls", "\"image_size\": 32", "\"image_size\": 48"))) {
            VitConfig larger = own.config().withImageSize(48, 48);
            assertThat(other.config()).isEqualTo(larger);
            assertThat(other.tensor("pos_embed", 1, 37, 32)).containsExactly(PositionEmbedding.resize(
                    Parts.PositionFit.BICUBIC, own.tensor("pos_embed", 1, 17, 32), 1, 32, 4, 4, 6, 6));
        }
    }

    @Test
    void aTextTowerAloneIsNoModelOfPictures() throws IOException {
        with("clip_vision_proj", "CLIPVisionModelWithProjection", "CLIPVisionModelWithProjection");
        SafeTensorsWriter writer = new SafeTensorsWriter();
        writer.floats("text_model.embeddings.token_embedding.weight", new float[8], 2, 4);
        writer.floats("text_projection.weight", new float[8], 2, 4);
        writer.write(place.resolve("model.safetensors"));
        assertThatThrownBy(() -> Checkpoint.open(place)).isInstanceOf(InvalidInputException.class)
                .hasMessage(place.resolve("model.safetensors") + ": no picture tower: expected tensors such as "
                        + "embeddings.patch_embedding.weight, came none but what it has no use for, such as a text "
                        + "tower");
    }
}
