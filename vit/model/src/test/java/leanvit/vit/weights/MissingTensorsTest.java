package leanvit.vit.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each tensor of each family left out, or of another shape: one line names it. */
class MissingTensorsTest {

    /** Parts that a model of these families may lack; then it is another model, and a sound one. */
    private static final String OPTIONAL = "pooler\\.dense\\..*|.*mask_token|.*patch_embed(?:ding|dings)?"
            + "(?:\\.proj|\\.projection)?\\.bias|.*reg_token|.*attn\\.qkv\\.bias|.*\\.ls[12]?\\.gamma";

    @TempDir
    private Path place;

    private static List<Path> families() throws IOException {
        try (Stream<Path> files = Files.list(TestData.path("families"))) {
            return files.filter(Files::isDirectory).sorted().toList();
        }
    }

    /** Writes a family's model with one tensor changed: null leaves it out. */
    private String open(Path family, String tensor, UnaryOperator<int[]> change) throws IOException {
        Files.copy(family.resolve("config.json"), place.resolve("config.json"),
                StandardCopyOption.REPLACE_EXISTING);
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (SafeTensors all = SafeTensors.open(family.resolve("model.safetensors"))) {
            for (String name : all.names()) {
                if (!name.equals(tensor)) {
                    writer.floats(name, all.floats(name), all.shape(name));
                    continue;
                }
                int[] shape = change.apply(all.shape(name));
                if (shape != null) {
                    writer.floats(name, new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)], shape);
                }
            }
        }
        writer.write(place.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(place)) {
            return "opened";
        } catch (InvalidInputException e) {
            return e.getMessage();
        }
    }

    private static Set<String> tensors(Path family) throws IOException {
        try (SafeTensors all = SafeTensors.open(family.resolve("model.safetensors"))) {
            return all.names();
        }
    }

    @Test
    void aTensorThatIsMissingIsNamed() throws IOException {
        List<String> problems = new ArrayList<>();
        for (Path family : families()) {
            for (String tensor : tensors(family)) {
                if (tensor.contains(".1.") && !tensor.contains("layer_scale1") || tensor.matches(OPTIONAL)) {
                    continue;
                }
                String message = open(family, tensor, shape -> null);
                String last = tensor.substring(tensor.lastIndexOf('.', tensor.lastIndexOf('.') - 1) + 1);
                if (message.equals("opened") || message.contains("\n") || !message.contains(last)) {
                    problems.add(family.getFileName() + " without " + tensor + ": " + message);
                }
            }
        }
        assertThat(problems).isEmpty();
    }

    @Test
    void aTensorOfAnotherShapeIsNamed() throws IOException {
        List<String> problems = new ArrayList<>();
        for (Path family : families()) {
            for (String tensor : tensors(family)) {
                if (tensor.contains(".0.") || tensor.contains("mask_token")) {
                    continue;
                }
                String message = open(family, tensor, shape -> {
                    shape[shape.length - 1] += 3;
                    return shape;
                });
                String last = tensor.substring(tensor.lastIndexOf('.', tensor.lastIndexOf('.') - 1) + 1);
                if (message.equals("opened") || message.contains("\n") || !message.contains(last)) {
                    problems.add(family.getFileName() + " with a larger " + tensor + ": " + message);
                }
            }
        }
        assertThat(problems).isEmpty();
    }
}
