package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every bad input gets one line that names the file and the fault, exit status 1, and leaves no output. */
class BadInputTest {

    private static final Path CUP = Cli.PICTURES.resolve("cup.png");
    private static final String DEMO_SHAPE = "expected shape [B, 3, 96, 96], or other multiples of the patch, 8";

    @TempDir
    private Path directory;

    private void assertPictureRefused(byte[] bytes, String name, String problem) throws IOException {
        Path file = Files.write(directory.resolve(name), bytes);
        Cli.run("classify", file).failed(file + ": " + problem);
        Path drawing = directory.resolve("drawing.png");
        assertThat(Cli.run("classify", file, "--visualize", drawing).status()).isEqualTo(1);
        assertThat(drawing).doesNotExist();
    }

    @Test
    void pictureThatIsNotThere() {
        Path none = directory.resolve("none.png");
        Cli.run("classify", none).failed(none + ": no such file");
        Cli.run("classify", directory).failed(directory + ": is a directory, expected a JPEG or PNG picture");
    }

    @Test
    void emptyPicture() throws IOException {
        assertPictureRefused(new byte[0], "empty.png", "is empty, expected a JPEG or PNG picture");
    }

    @Test
    void textCalledJpg() throws IOException {
        assertPictureRefused("This is no picture.\n".getBytes(StandardCharsets.UTF_8), "text.jpg",
                "is not a JPEG or PNG picture");
    }

    @ParameterizedTest
    @CsvSource({"png", "jpg"})
    void truncatedPicture(String format) throws IOException {
        BufferedImage picture = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 64 * 64; i++) {
            picture.setRGB(i % 64, i / 64, i * 2654435);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(picture, format, bytes);
        Path file = Files.write(directory.resolve("half." + format),
                Arrays.copyOf(bytes.toByteArray(), bytes.size() / 2));
        Cli half = Cli.run("classify", file);
        assertThat(half.status()).isEqualTo(1);
        assertThat(half.out()).isEmpty();
        assertThat(half.err()).startsWith("leanvit: " + file + ": ").containsPattern("truncated|ends|cut")
                .matches("[^\n]+\n");
        Files.write(file, bytes.toByteArray());
        Cli.run("classify", file).succeeded();
    }

    @Test
    void pngThatClaimsToBeHuge() throws IOException {
        ByteBuffer png =
                ByteBuffer.allocate(33).put(new byte[] {(byte) 137, 'P', 'N', 'G', '\r', '\n', 26, '\n'}).putInt(13)
                .put("IHDR".getBytes(StandardCharsets.US_ASCII)).putInt(50_000).putInt(50_000)
                .put(new byte[] {8, 2, 0, 0, 0});
        CRC32 crc = new CRC32();
        crc.update(png.array(), 12, 17);
        png.putInt((int) crc.getValue());
        assertPictureRefused(png.array(), "huge.png",
                "claims a size of 50000 x 50000 pixels, the limit is 50331648 pixels and 65500 a side");
    }

    /** The faults of a safetensors file, as a model's weights and as the input of run. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "9999               | {}                                                                          | header",
            "4611686018427387904 | {}                                                                         | header",
            "-1                 | {}                                                                          | header",
            "0                  |                                                                             | header",
            "                   | {\"a\":                                                                     | JSON",
            "                   | not JSON                                                                    | header",
            "                   | [1,2]                                                                       | header",
            "                   | deep                                                                        | nest",
            "                   | {\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                    + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}                           | "
                    + "overlap",
            "                   | {\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}           | "
            + "data_offsets",
            "                   | {\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}            | "
            + "data_offsets",
            "                   | {\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}            | F31",
            "                   | {\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],"
                    + "\"data_offsets\":[0,8]}}                                                                  | "
                    + "shape",
    })
    void hostileTensors(Long length, String header, String word) throws IOException {
        String text = header == null ? "" : header.equals("deep") ? "{\"a\":".repeat(100_000) : header;
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length == null ? json.length : length).put(json).putDouble(1).array();
        Path model = Cli.copyDemo(Files.createDirectory(directory.resolve("model")));
        Path weights = Files.write(model.resolve("model.safetensors"), bytes);
        Cli classify = Cli.run("classify", CUP, "--model", model);
        Path input = Files.write(directory.resolve("in.safetensors"), bytes);
        Cli run = Cli.run("run", "--input", input, "--output", directory.resolve("out.safetensors"));
        assertThat(classify.status()).isEqualTo(1);
        assertThat(run.status()).isEqualTo(1);
        assertThat(classify.out() + run.out()).isEmpty();
        assertThat(classify.err()).startsWith("leanvit: " + weights + ": ").containsIgnoringCase(word)
                .matches("[^\n]{1,600}\n");
        assertThat(run.err()).startsWith("leanvit: " + input + ": ").containsIgnoringCase(word)
                .matches("[^\n]{1,600}\n");
        assertThat(Cli.files(directory)).containsExactly("in.safetensors", "model");
    }

    @Test
    void tensorMissingOrOfAnotherShape() throws IOException {
        Path model = Cli.copyDemo(directory);
        Path weights = model.resolve("model.safetensors");
        new SafeTensorsWriter().floats("cls_token", new float[96], 1, 1, 96).write(weights);
        Cli.run("classify", CUP, "--model", model).failed(weights
                + ": tensor \"patch_embed.proj.weight\": missing; expected shape [96, 3, 8, 8]");
        new SafeTensorsWriter().floats("patch_embed.proj.weight", new float[96 * 3 * 7 * 9], 96, 3, 7, 9)
                .write(weights);
        Cli.run("bench", "--model", model).failed(weights
                + ": tensor \"patch_embed.proj.weight\": expected shape [96, 3, 8, 8], came [96, 3, 7, 9]");
    }

    @Test
    void nanWeightsAreSaid() throws IOException {
        Path model = Cli.copyDemo(directory);
        Path weights = model.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        // The last value of the file; 0x7e00 and above are NaN in F16.
        bytes[bytes.length - 1] = 0x7e;
        Files.write(weights, bytes);
        Cli cli = Cli.run("classify", CUP, "--json", "--model", model);
        assertThat(cli.err()).startsWith("leanvit: warning: " + weights + ": tensor \"").contains("\": 1 NaN of ")
                .matches("[^\n]+\n");
        assertThat(cli.status()).isZero();
        assertThat(cli.objects()).hasSize(1);
    }

    @Test
    void configMissingOrWrong() throws IOException {
        Path none = directory.resolve("none");
        Cli.run("classify", CUP, "--model", none).failed(none + ": no such directory");
        Cli.run("info", "--model", CUP)
                .failed(CUP + ": not a directory; expected a model's, with config.json and model.safetensors");
        Path model = Cli.copyDemo(directory);
        Path config = model.resolve("config.json");
        String text = Files.readString(config);
        Files.delete(config);
        Cli.run("classify", CUP, "--model", model).failed(config + ": no such file");
        Files.writeString(config, text.replace("\"architecture\"", "\"type\""));
        Cli.run("classify", CUP, "--model", model).failed(config
                + ": expected the field architecture (timm) or model_type (transformers), came neither");
        Files.writeString(config, text.replace("\"num_heads\":3", "\"num_heads\":5"));
        Cli.run("classify", CUP, "--model", model)
                .failed(config + ": model_args.num_heads: 5 does not divide embed_dim 96");
    }

    @Test
    void pixelsMissingOrOfAnotherShape() throws IOException {
        Path input = directory.resolve("in.safetensors");
        Path output = directory.resolve("out.safetensors");
        Cli.run("run", "--input", input, "--output", output).failed(input + ": no such file");
        Cli.run("run", "--input", directory, "--output", output)
                .failed(directory + ": a directory; expected a safetensors file");
        new SafeTensorsWriter().floats("image", new float[3 * 96 * 96], 1, 3, 96, 96).write(input);
        Cli.run("run", "--input", input, "--output", output)
                .failed(input + ": tensor \"pixels\": missing; " + DEMO_SHAPE);
        new SafeTensorsWriter().floats("pixels", new float[3 * 96 * 96], 3, 96, 96).write(input);
        Cli.run("run", "--input", input, "--output", output)
                .failed(input + ": tensor \"pixels\": " + DEMO_SHAPE + ", came [3, 96, 96]");
        new SafeTensorsWriter().floats("pixels", new float[3 * 96 * 100], 1, 3, 96, 100).write(input);
        Cli.run("run", "--input", input, "--output", output)
                .failed(input + ": tensor \"pixels\": " + DEMO_SHAPE + ", came [1, 3, 96, 100]");
        new SafeTensorsWriter().floats("pixels", new float[0], 1, 3, 0, 96).write(input);
        Cli.run("run", "--input", input, "--output", output)
                .failed(input + ": tensor \"pixels\": " + DEMO_SHAPE + ", came [1, 3, 0, 96]");
        new SafeTensorsWriter().ints("pixels", new int[3 * 96 * 96], 1, 3, 96, 96).write(input);
        Cli.run("run", "--input", input, "--output", output)
                .failed(input + ": tensor \"pixels\": expected dtype [F32, F16, BF16], came I32");
        assertThat(Cli.files(directory)).containsExactly("in.safetensors");
    }

    @Test
    void outputThatHasNoPlace() throws IOException {
        Path input = directory.resolve("in.safetensors");
        new SafeTensorsWriter().floats("pixels", new float[3 * 96 * 96], 1, 3, 96, 96).write(input);
        Path lost = directory.resolve("none/out.safetensors");
        Cli.run("run", "--input", input, "--output", lost)
                .failed(lost + ": cannot be written: its directory does not exist");
        Cli.run("run", "--input", input, "--output", directory)
                .failed(directory + ": cannot be written: it is a directory");
        Path device = Path.of("/dev/null");
        if (Files.exists(device)) {
            Cli.run("run", "--input", input, "--output", device)
                    .failed(device + ": cannot be written: it is a device or a pipe");
        }
        Cli.run("run", "--output", lost).refused("run", "--input is missing");
        Cli.run("run", "--input", input).refused("run", "--output is missing");
    }
}
