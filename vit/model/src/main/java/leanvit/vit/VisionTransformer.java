package leanvit.vit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import leanvit.kernels.Provider;
import leanvit.reducers.ModelShape;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.pass.PackedVit;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.PositionEmbedding;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * A Vision Transformer (Dosovitskiy et al. 2021; DeiT, Touvron et al. 2021), loaded and packed. Immutable, and safe to
 * share between threads; each thread runs it through an {@link Inference} of its own, which holds the scratch.
 *
 * <pre>{@code
 * VisionTransformer model = VisionTransformer.load(Path.of("deit-tiny"));
 * Inference run = model.inference();
 * float[] logits = run.logits(pixels, batch);   // pixels [batch, 3, height, width], normalised
 * }</pre>
 */
public final class VisionTransformer {

    private final PackedVit weights;

    private VisionTransformer(PackedVit weights) {
        this.weights = weights;
    }

    /**
     * Loads a model's directory, as {@link Checkpoint} reads it, and logs its warnings.
     *
     * @throws InvalidInputException if a file is missing or cannot be used
     * @throws IOException           if a file cannot be read
     */
    public static VisionTransformer load(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            VisionTransformer model = of(checkpoint.config(), checkpoint);
            System.Logger log = System.getLogger(VisionTransformer.class.getName());
            checkpoint.warnings().forEach(warning -> log.log(System.Logger.Level.WARNING, warning));
            return model;
        }
    }

    /**
     * Packs a model's weights.
     *
     * @throws IOException that says which tensor is missing or has another shape
     */
    public static VisionTransformer of(VitConfig config, TensorSource tensors) throws IOException {
        return of(config, tensors, config.imageHeight(), config.imageWidth());
    }

    /**
     * Packs a model's weights for images of another size than they were trained on: position embeddings are resized
     * as the model's library does it ({@link PositionEmbedding}), rotary positions follow the new grid.
     *
     * @param config the shape that the weights have
     * @param height rows of an image, pixels; a multiple of the patch
     * @param width  columns of an image, pixels; a multiple of the patch
     * @throws IllegalArgumentException if a side is not a multiple of the patch
     * @throws IllegalStateException    if {@code -Dleanvit.simd=required} cannot be followed ({@link Provider})
     * @throws IOException              that says which tensor is missing or has another shape, or that a relative
     *                                  position bias is not made for this size
     */
    public static VisionTransformer of(VitConfig config, TensorSource tensors, int height, int width)
            throws IOException {
        Provider.honourRequirement();
        boolean own = height == config.imageHeight() && width == config.imageWidth();
        if (!own && (height < 1 || height % config.patch() != 0 || width < 1 || width % config.patch() != 0)) {
            throw new IllegalArgumentException("image of " + height + " x " + width
                    + " pixels, expected multiples of the patch, " + config.patch());
        }
        return new VisionTransformer(PackedVit.read(config, config.withImageSize(height, width),
                Objects.requireNonNull(tensors, "tensors")));
    }

    /** Returns the model's shape. */
    public VitConfig config() {
        return weights.config();
    }

    /** Returns what reducers know of the model. */
    public ModelShape shape() {
        return weights.shape();
    }

    /** Returns the width of a feature vector, as {@link Inference#features} gives it. */
    public int features() {
        return weights.features();
    }

    /** Returns the number of parameters that were read. */
    public long parameters() {
        return weights.parameters();
    }

    PackedVit weights() {
        return weights;
    }

    /** Returns a runner without token reduction on the caller's thread alone. */
    public Inference inference() {
        return new Inference(this);
    }
}
