package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.testdata.TestData;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.weights.VitConfig.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The checkpoints that timm, transformers and DeiT's authors wrote open with the right shape, names and values. */
class GoldenCheckpointTest {

    @ParameterizedTest
    @CsvSource({
        "A,           vit_tiny_patch8_48,            48, 60, 4, 3, false, 0.485",
        "A-distilled, deit_tiny_distilled_patch8_48, 48, 60, 4, 3, true,  0.485",
        "B,           vit_tiny_patch8_64,            64, 64, 5, 4, false, 0.5"})
    void opensWhatTimmWrote(String preset, String architecture, int image, int width, int depth, int heads,
                            boolean distilled, float mean) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden/" + preset))) {
            assertThat(checkpoint.config()).isEqualTo(new VitConfig(architecture, image, image, 8, width, depth, heads,
                    4 * width, 10, Pooling.TOKEN, distilled, 1e-6f));
            assertThat(checkpoint.preprocessing().height()).isEqualTo(image);
            assertThat(checkpoint.preprocessing().cropFraction()).isEqualTo(0.9f);
            assertThat(checkpoint.preprocessing().resize()).isEqualTo(Resize.SHORT_SIDE);
            assertThat(checkpoint.preprocessing().interpolation()).isEqualTo(Interpolation.BICUBIC);
            assertThat(checkpoint.preprocessing().mean()[0]).isEqualTo(mean);
            assertThat(checkpoint.labels()).isEmpty();
            assertThat(checkpoint.has("dist_token")).isEqualTo(distilled);
            assertThat(checkpoint.has("head_dist.weight")).isEqualTo(distilled);
            assertThat(checkpoint.names()).hasSize(8 + 12 * depth + (distilled ? 3 : 0));
            int prefix = distilled ? 2 : 1;
            int tokens = image / 8 * (image / 8) + prefix;
            assertThat(checkpoint.shape("pos_embed")).containsExactly(1, tokens, width);
            assertThat(checkpoint.tensor("blocks.0.attn.qkv.weight", 3 * width, width)).hasSize(3 * width * width);
            assertThat(checkpoint.warnings()).isEmpty();
        }
    }

    @Test
    void firstBlockInputIsEmbeddedPixels() throws IOException {
        Path directory = TestData.path("golden/A");
        try (Checkpoint model = Checkpoint.open(directory);
                SafeTensors inputs = SafeTensors.open(directory.resolve("inputs.safetensors"))) {
            float[] pixels = inputs.floats("pixels");
            float[] embed = inputs.floats("embed");
            float[] weight = model.tensor("patch_embed.proj.weight", 60, 3, 8, 8);
            float[] bias = model.tensor("patch_embed.proj.bias", 60);
            float[] cls = model.tensor("cls_token", 1, 1, 60);
            float[] position = model.tensor("pos_embed", 1, 37, 60);
            int patchRow = 2;
            int patchColumn = 5;
            int token = 1 + 6 * patchRow + patchColumn;
            for (int c = 0; c < 60; c++) {
                assertThat(embed[c]).isEqualTo(cls[c] + position[c]);
                double sum = bias[c] + position[60 * token + c];
                for (int k = 0; k < 3 * 8 * 8; k++) {
                    int y = 8 * patchRow + k / 8 % 8;
                    int x = 8 * patchColumn + k % 8;
                    sum += (double) weight[192 * c + k] * pixels[(k / 64 * 48 + y) * 48 + x];
                }
                assertThat((double) embed[60 * token + c]).isCloseTo(sum, offset(5e-5));
            }
            assertThat(inputs.ints("labels")).hasSize(3);
            assertThat(inputs.metadata()).containsEntry("preset", "A");
        }
    }

    @Test
    void opensWhatTransformersWrote() throws IOException {
        Path directory = TestData.path("golden-hf");
        try (Checkpoint checkpoint = Checkpoint.open(directory);
                SafeTensors raw = SafeTensors.open(directory.resolve("model.safetensors"))) {
            assertThat(checkpoint.config()).isEqualTo(new VitConfig("ViTForImageClassification", 40, 40, 8, 48, 3, 4,
                    112, 7, Pooling.TOKEN, false, 1e-12f,
                    Parts.PLAIN.with(Parts.PrefixPositions.ALL).with(Parts.PositionFit.BICUBIC)));
            assertThat(checkpoint.preprocessing().resize()).isEqualTo(Resize.SQUASH);
            assertThat(checkpoint.preprocessing().cropFraction()).isEqualTo(1f);
            assertThat(checkpoint.preprocessing().interpolation()).isEqualTo(Interpolation.BILINEAR);
            assertThat(checkpoint.preprocessing().mean()).containsExactly(0.5f, 0.5f, 0.5f);
            assertThat(checkpoint.labels()).hasSize(7).startsWith("class 0").endsWith("class 6");
            assertThat(checkpoint.names()).hasSize(8 + 12 * 3).allMatch(name -> !name.contains("encoder"));
            float[] qkv = checkpoint.tensor("blocks.1.attn.qkv.weight", 144, 48);
            float[] bias = checkpoint.tensor("blocks.1.attn.qkv.bias", 144);
            String attention = "vit.encoder.layer.1.attention.attention.";
            int part = 0;
            for (String name : new String[] {"query", "key", "value"}) {
                assertThat(Arrays.copyOfRange(qkv, part * 48 * 48, (part + 1) * 48 * 48))
                        .isEqualTo(raw.floats(attention + name + ".weight"));
                assertThat(Arrays.copyOfRange(bias, part * 48, (part + 1) * 48))
                        .isEqualTo(raw.floats(attention + name + ".bias"));
                part++;
            }
            assertThat(checkpoint.tensor("norm.weight", 48)).isEqualTo(raw.floats("vit.layernorm.weight"));
            assertThat(checkpoint.tensor("blocks.2.norm2.bias", 48))
                    .isEqualTo(raw.floats("vit.encoder.layer.2.layernorm_after.bias"));
            assertThat(checkpoint.tensor("head.weight", 7, 48)).isEqualTo(raw.floats("classifier.weight"));
        }
    }

    @Test
    void opensDeitTiny() throws IOException {
        Path directory = TestData.shared("models/deit-tiny");
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            assertThat(checkpoint.config()).isEqualTo(new VitConfig("deit_tiny_patch16_224", 224, 224, 16, 192, 12, 3,
                    768, 1000, Pooling.TOKEN, false, 1e-6f));
            assertThat(checkpoint.labels()).hasSize(1000).startsWith("tench", "goldfish");
            long parameters = 0;
            for (String name : checkpoint.names()) {
                parameters += checkpoint.tensor(name, checkpoint.shape(name)).length;
            }
            assertThat(parameters).isEqualTo(5_717_416);
            assertThat(checkpoint.warnings()).isEmpty();
        }
    }
}
