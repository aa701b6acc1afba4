package leanvit.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import leanvit.kernels.Provider;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/** The models that are timed, their input, and where their files lie. */
public final class Models {

    private static final String DEMO = "demo";
    private static final String DEIT = "deit-tiny";

    private Models() {
    }

    /**
     * Returns the path of a file below {@code -Dleanvit.shared=DIR} (default {@code ../shared}), which holds the models
     * that are too large for the repository.
     */
    public static Path shared(String file) {
        return Path.of(System.getProperty("leanvit.shared", "../shared")).resolve(file);
    }

    /**
     * Loads {@code demo} (inside the jar), {@code deit-tiny} (shared), or makes a known architecture with random
     * weights.
     */
    public static VisionTransformer load(String name) throws IOException {
        if (name.equals(DEMO)) {
            try (Checkpoint checkpoint = Checkpoint.ofResources(VisionTransformer.class, "leanvit/app/demo-model/")) {
                return VisionTransformer.of(checkpoint.config(), checkpoint);
            }
        }
        if (name.equals(DEIT)) {
            return VisionTransformer.load(requireFile(shared("models/" + DEIT)));
        }
        RandomWeights weights = RandomWeights.of(name, 1);
        return VisionTransformer.of(weights.config(), weights);
    }

    /** Makes a known architecture with random weights that can be learnt. */
    public static VitParameters learnable(String name) throws IOException {
        VitConfig config = RandomWeights.of(name, 1).config();
        float[] half = {0.5f, 0.5f, 0.5f};
        return VitParameters.random(config, new Preprocessing(config.imageHeight(), config.imageWidth(), 1f,
                Resize.SHORT_SIDE, Interpolation.BICUBIC, half, half), List.of(), 1);
    }

    /** Returns a path at which there is something. */
    public static Path requireFile(Path path) {
        if (!Files.exists(path)) {
            throw new IllegalStateException(path + " is not there: say where with -Dleanvit.shared=DIR");
        }
        return path;
    }

    /** Returns [batch, 3, height, width] pixels, normalised: no two images alike. */
    public static float[] pixels(VitConfig config, int batch) {
        return KernelBenchmark.normal(batch * 3 * config.imageHeight() * config.imageWidth());
    }

    /**
     * Refuses to time the wrong kernels, as when JMH's own {@code -jvmArgsAppend} took the place of the arguments that
     * add the Vector API.
     */
    public static void requireProvider(String name) {
        if (!Provider.name().equals(name)) {
            throw new IllegalStateException("expected the " + name + " kernels, came " + Provider.describe());
        }
    }
}
