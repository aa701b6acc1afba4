package leanvit.vit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import leanvit.kernels.PackedMatrix;
import leanvit.reducers.ModelShape;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.PositionEmbedding;
import leanvit.vit.weights.RowConsumer;
import leanvit.vit.weights.TensorSource;

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

    private final VitConfig config;
    private final ModelShape shape;
    final PackedMatrix patchEmbed;
    /** Prefix tokens with their position embedding, [P, C]. */
    final float[] prefixRows;
    /** Position embedding of the patches, [n0, C]. */
    final float[] patchPositions;
    final Norm preNorm;
    final Block[] blocks;
    final Norm norm;
    final Norm fcNorm;
    final PackedMatrix head;
    final PackedMatrix distilledHead;
    private final long parameters;

    private VisionTransformer(VitConfig trained, VitConfig config, TensorSource source) throws IOException {
        CountedTensors tensors = new CountedTensors(source);
        this.config = config;
        int width = config.width();
        List<String> prefixNames = List.of("cls_token", "dist_token", "reg_token");
        int prefix = 0;
        for (String name : prefixNames) {
            prefix += tensors.has(name) ? tensors.shape(name)[1] : 0;
        }
        shape = new ModelShape(config.depth(), width, config.heads(), prefix, config.patches());
        prefixRows = new float[prefix * width];
        int row = 0;
        for (String name : prefixNames) {
            if (tensors.has(name)) {
                int count = tensors.shape(name)[1];
                System.arraycopy(tensors.tensor(name, 1, count, width), 0, prefixRows, row * width, count * width);
                row += count;
            }
        }
        patchPositions = positions(tensors, trained);
        int patch = config.patch();
        PackedWeights weights = new PackedWeights(tensors, config);
        patchEmbed = weights.parts("patch_embed.proj", new int[] {width, 3, patch, patch}, null, width)[0];
        preNorm = Norm.read(tensors, "norm_pre", width, config.epsilon());
        blocks = new Block[config.depth()];
        for (int layer = 0; layer < blocks.length; layer++) {
            blocks[layer] = Block.read(tensors, weights, config, layer);
        }
        norm = Norm.read(tensors, "norm", width, config.epsilon());
        fcNorm = Norm.read(tensors, "fc_norm", width, config.epsilon());
        head = config.classes() == 0 ? null : weights.linear("head", config.classes(), width, null);
        distilledHead = config.classes() == 0 || !config.distilled()
                ? null : weights.linear("head_dist", config.classes(), width, null);
        parameters = tensors.parameters;
    }

    /**
     * Reads the position embedding, fits it to the image, adds the prefix part to the prefix rows and returns the rest.
     */
    private float[] positions(TensorSource tensors, VitConfig trained) throws IOException {
        int width = config.width();
        int stored = tensors.shape("pos_embed")[1];
        int prefix = stored == trained.patches() ? 0 : shape.prefix();
        float[] embedding = PositionEmbedding.resize(tensors.tensor("pos_embed", 1, prefix + trained.patches(), width), prefix,
                width, trained.imageHeight() / trained.patch(), trained.imageWidth() / trained.patch(),
                config.imageHeight() / config.patch(), config.imageWidth() / config.patch());
        for (int i = 0; i < prefix * width; i++) {
            prefixRows[i] += embedding[i];
        }
        return Arrays.copyOfRange(embedding, prefix * width, embedding.length);
    }

    /**
     * Loads a model's directory, as {@link Checkpoint} reads it.
     *
     * @throws InvalidInputException if a file is missing or cannot be used
     * @throws IOException           if a file cannot be read
     */
    public static VisionTransformer load(Path directory) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            return of(checkpoint.config(), checkpoint);
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
     * (bicubic, antialiased, as timm does).
     *
     * @param config the shape that the weights have
     * @param height rows of an image, pixels; a multiple of the patch
     * @param width  columns of an image, pixels; a multiple of the patch
     * @throws IllegalArgumentException if a side is not a multiple of the patch
     * @throws IOException              that says which tensor is missing or has another shape
     */
    public static VisionTransformer of(VitConfig config, TensorSource tensors, int height, int width) throws IOException {
        if (height < 1 || height % config.patch() != 0 || width < 1 || width % config.patch() != 0) {
            throw new IllegalArgumentException("image of " + height + " x " + width + " pixels, expected multiples of the patch, "
                    + config.patch());
        }
        return new VisionTransformer(config, config.withImageSize(height, width), Objects.requireNonNull(tensors, "tensors"));
    }

    /** Returns the model's shape. */
    public VitConfig config() {
        return config;
    }

    /** Returns what reducers know of the model. */
    public ModelShape shape() {
        return shape;
    }

    /** Returns the number of parameters that were read. */
    public long parameters() {
        return parameters;
    }

    /** Returns a runner without token reduction on the caller's thread alone. */
    public Inference inference() {
        return new Inference(this);
    }

    /** Counts the parameters that go through it. */
    private static final class CountedTensors implements TensorSource {

        private final TensorSource source;
        private long parameters;

        CountedTensors(TensorSource source) {
            this.source = source;
        }

        @Override
        public boolean has(String name) {
            return source.has(name);
        }

        @Override
        public int[] shape(String name) throws IOException {
            return source.shape(name);
        }

        @Override
        public float[] tensor(String name, int... expected) throws IOException {
            float[] values = source.tensor(name, expected);
            parameters += values.length;
            return values;
        }

        @Override
        public void rows(String name, RowConsumer consumer, int... expected) throws IOException {
            source.rows(name, consumer, expected);
            long elements = 1;
            for (int side : expected) {
                elements *= side;
            }
            parameters += elements;
        }
    }
}
