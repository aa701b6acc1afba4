package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever the files, a model opens and all of it can be read, or an {@link InvalidInputException} says why not. */
class CheckpointFuzzTest {

    private static final int CASES = 300;
    private static final String[] VALUES = {"0", "-1", "1", "3", "16", "1e9", "99999999999", "null", "true", "[]", "{}",
        "\"\"", "\"gelu\"", "[224,224]", "0.5", "\"vit_tiny_patch16_224\"", "9223372036854775808", "[3,8,8]"};

    @TempDir
    private Path directory;

    private TestModel model(String kind) {
        TestModel model = kind.equals("timm") ? TestModel.timm() : TestModel.transformers(kind);
        return model.set("label_names", List.of("a", "b", "c"));
    }

    @ParameterizedTest
    @CsvSource({"timm,41", "timm,42", "vit,43", "deit,44"})
    void mutationsOfTheConfig(String kind, long seed) throws IOException {
        Path file = model(kind).write(directory).resolve("config.json");
        mutate(file, Files.readAllBytes(file), seed);
    }

    @ParameterizedTest
    @CsvSource({"51", "52"})
    void mutationsOfThePreprocessor(long seed) throws IOException {
        model("vit").write(directory);
        String text = "{'do_resize':true,'do_center_crop':true,'crop_size':{'height':8,'width':8},'size':"
                + "{'shortest_edge':9},'resample':2,'image_mean':[0.5,0.5,0.5],'image_std':[0.5,0.5,0.5],"
                + "'rescale_factor':0.00392156862745098}";
        mutate(directory.resolve("preprocessor_config.json"),
                text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), seed);
    }

    @ParameterizedTest
    @CsvSource({"61", "62"})
    void mutationsOfTheIndex(long seed) throws IOException {
        TestModel model = model("timm");
        model.write(directory);
        Files.move(directory.resolve("model.safetensors"), directory.resolve("shard.safetensors"));
        StringBuilder index = new StringBuilder("{\"weight_map\":{");
        for (String name : model.shapes.keySet()) {
            index.append('"').append(name).append("\":\"shard.safetensors\",");
        }
        index.setCharAt(index.length() - 1, '}');
        mutate(directory.resolve("model.safetensors.index.json"), index.append('}').toString()
                .getBytes(StandardCharsets.UTF_8), seed);
    }

    private void mutate(Path file, byte[] good, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        String text = new String(good, StandardCharsets.UTF_8);
        Files.write(file, good);
        assertThat(opens(seed, -1)).as("the file as it was").isTrue();
        for (int i = 0; i < CASES; i++) {
            StringBuilder mutated = new StringBuilder(text);
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                int from = random.nextInt(mutated.length());
                if (random.nextInt(3) > 0) {
                    // A whole value: from a colon to the next comma.
                    from = mutated.indexOf(":", from) + 1;
                    int comma = mutated.indexOf(",", from);
                    mutated.replace(from, comma < 0 ? from : comma, VALUES[random.nextInt(VALUES.length)]);
                } else {
                    mutated.setCharAt(from, (char) random.nextInt(0x80));
                }
            }
            byte[] bytes = mutated.toString().getBytes(StandardCharsets.UTF_8);
            Files.write(file, random.nextInt(10) > 0 ? bytes : Arrays.copyOf(bytes, random.nextInt(bytes.length)));
            opens(seed, i);
        }
    }

    @ParameterizedTest
    @CsvSource({"timm,71", "vit,72", "deit,73"})
    void mutationsOfTheWeights(String kind, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        Path file = model(kind).write(directory).resolve("model.safetensors");
        byte[] good = Files.readAllBytes(file);
        int header = 8 + (int) ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getLong();
        int opened = 0;
        for (int i = 0; i < CASES; i++) {
            byte[] bytes = good.clone();
            for (int edits = random.nextInt(3); edits >= 0; edits--) {
                int at = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : 8 + random.nextInt(header - 8);
                bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256)
                        : "0123456789abc._".charAt(random.nextInt(15)));
            }
            Files.write(file, random.nextInt(10) > 0 ? bytes : Arrays.copyOf(bytes, random.nextInt(bytes.length)));
            opened += opens(seed, i) ? 1 : 0;
        }
        assertThat(opened).as("mutations that change values alone, seed %d", seed).isBetween(1, CASES / 2);
    }

    @ParameterizedTest
    @CsvSource({"81", "82", "83"})
    void mixturesOfNames(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        String[] kinds = {"timm", "vit", "deit"};
        for (int i = 0; i < CASES; i++) {
            TestModel mixed = model(kinds[random.nextInt(3)]);
            for (Map.Entry<String, int[]> other : model(kinds[random.nextInt(3)]).shapes.entrySet()) {
                String name = random.nextInt(5) > 0 ? other.getKey()
                        : other.getKey().replaceFirst("^(vit|deit)\\.", "");
                if (random.nextInt(4) == 0) {
                    mixed.put(name, other.getValue());
                }
            }
            mixed.shapes.keySet().removeIf(name -> random.nextInt(60) == 0);
            List<Map.Entry<String, int[]>> shuffled = new ArrayList<>(mixed.shapes.entrySet());
            Collections.shuffle(shuffled, new Random(random.nextLong()));
            mixed.shapes.clear();
            shuffled.forEach(tensor -> mixed.put(tensor.getKey(), tensor.getValue()));
            mixed.write(directory);
            opens(seed, i);
        }
    }

    private boolean opens(long seed, int i) {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            VitConfig config = checkpoint.config();
            for (String name : checkpoint.names()) {
                checkpoint.tensor(name, checkpoint.shape(name));
            }
            checkpoint.tensor("blocks.0.attn.qkv.weight", 3 * config.width(), config.width());
            assertThat(checkpoint.labels().size()).isIn(0, config.classes());
            assertThat(checkpoint.preprocessing().height()).isEqualTo(config.imageHeight());
            assertThat(checkpoint.preprocessing().cropFraction()).isBetween(Float.MIN_VALUE, (float) Limits.MAX_IMAGE);
            assertThat(config.headDim() * config.heads()).isEqualTo(config.width());
            return true;
        } catch (InvalidInputException e) {
            assertThat(e.getMessage()).as("seed %d, case %d", seed, i).startsWith(directory.toString())
                    .doesNotContain("\n").hasSizeLessThan(1000);
            return false;
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + ", case " + i, e);
        }
    }
}
