package leanvit.vit.pass;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import leanvit.kernels.PackedMatrix;
import leanvit.reducers.ModelShape;
import leanvit.vit.weights.RowConsumer;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;

/**
 * All weights of a model, packed. Immutable.
 *
 * @param config         the model's shape
 * @param shape          what reducers know of it
 * @param patchEmbed     makes a patch's row of its pixels, [3p², C]
 * @param patchNorm      over the patches' rows before they get positions, or null
 * @param prefixRows     prefix tokens with their position embedding, [P, C]
 * @param patchPositions position embedding of the patches, [n0, C]
 * @param preNorm        before the blocks, or null
 * @param blocks         first block first
 * @param norm           after the blocks, over all tokens; or null
 * @param fcNorm         before the classifier, over what it reads; or null
 * @param pool           the learned query's attention, or null
 * @param pooler         a layer with a hyperbolic tangent behind the pooling that makes the features, or null
 * @param projection     a matrix behind the pooling that makes the features, or null
 * @param head           the classifier, or null
 * @param distilledHead  the classifier of the distillation token, or null
 * @param classToken     whether the first token is a class token
 * @param parameters     how many numbers were read
 */
public record PackedVit(VitConfig config, ModelShape shape, PackedMatrix patchEmbed, Norm patchNorm, float[]
                        prefixRows, float[] patchPositions, Norm preNorm, List<Block> blocks, Norm norm, Norm fcNorm,
                        AttentionPool pool, PackedMatrix pooler, PackedMatrix projection, PackedMatrix head,
                        PackedMatrix distilledHead, boolean classToken, long parameters) {

    private static final List<String> PREFIX_NAMES = List.of("cls_token", "dist_token", "reg_token");

    /**
     * Reads and packs a model's tensors.
     *
     * @param trained the shape that the weights have
     * @param config  the same with the size of the images that are to come
     * @throws IOException that says which tensor is missing or has another shape
     */
    public static PackedVit read(VitConfig trained, VitConfig config, TensorSource source) throws IOException {
        CountedTensors tensors = new CountedTensors(source);
        refuseOtherGrid(trained, config, source);
        int width = config.width();
        int prefix = 0;
        for (String name : PREFIX_NAMES) {
            prefix += tensors.has(name) ? tensors.shape(name)[1] : 0;
        }
        ModelShape shape = new ModelShape(config.depth(), width, config.heads(), prefix, config.patches());
        float[] prefixRows = prefixRows(tensors, prefix, width);
        float[] patchPositions = positions(tensors, trained, config, prefixRows);
        int patch = config.patch();
        PackedWeights weights = new PackedWeights(tensors, config);
        PackedMatrix patchEmbed =
                weights.parts("patch_embed.proj", new int[] {width, 3, patch, patch}, null, width)[0];
        Norm preNorm = Norm.read(tensors, "norm_pre", width, config);
        Block[] blocks = new Block[config.depth()];
        String shared = "rel_pos_bias." + RelativeBias.TABLE;
        RelativeBias bias = tensors.has(shared) ? RelativeBias.read(tensors, shared, trained, config) : null;
        List<Turns> turns = Turns.of(config, tensors);
        for (int layer = 0; layer < blocks.length; layer++) {
            String own = "blocks." + layer + ".attn." + RelativeBias.TABLE;
            bias = tensors.has(own) ? RelativeBias.read(tensors, own, trained, config) : bias;
            blocks[layer] = Block.read(tensors, weights, config, layer, turns.get(layer), bias);
        }
        AttentionPool pool = config.pooling() == VitConfig.Pooling.ATTENTION
                ? AttentionPool.read(tensors, weights, config) : null;
        PackedMatrix pooler = tensors.has("pooler.dense.weight")
                ? weights.linear("pooler.dense", tensors.shape("pooler.dense.weight")[0], width, null) : null;
        PackedMatrix projection = tensors.has("projection.weight")
                ? weights.linear("projection", tensors.shape("projection.weight")[0], width, null) : null;
        Norm norm = Norm.read(tensors, "norm", width, config);
        Norm fcNorm = Norm.read(tensors, "fc_norm", width, config);
        int headWidth = config.pooling() == VitConfig.Pooling.TOKEN_AND_AVERAGE ? 2 * width : width;
        PackedMatrix head = config.classes() == 0 ? null : weights.linear("head", config.classes(), headWidth, null);
        PackedMatrix distilledHead = config.classes() == 0 || !config.distilled()
                ? null : weights.linear("head_dist", config.classes(), width, null);
        return new PackedVit(config, shape, patchEmbed,
                Norm.read(tensors, "patch_embed.norm", width, config), prefixRows, patchPositions, preNorm,
                List.of(blocks), norm, fcNorm, pool, pooler, projection, head, distilledHead,
                tensors.has("cls_token"), tensors.parameters);
    }

    /** Returns the first block's rotary angles, or null. */
    Turns turns() {
        return blocks.isEmpty() ? null : blocks.get(0).turns();
    }

    /** Returns whether blocks ask where a token is. */
    boolean hasPlaces() {
        return turns() != null || hasRelativeBias();
    }

    /** Returns whether blocks add a relative position bias. */
    boolean hasRelativeBias() {
        return !blocks.isEmpty() && blocks.get(0).bias() != null;
    }

    /** Returns the width of a feature vector. */
    public int features() {
        return projection != null ? projection.columns() : pooler != null ? pooler.columns() : config.width();
    }

    /** A table of relative positions that is to be fitted has to be of a square grid, as both libraries take it. */
    private static void refuseOtherGrid(VitConfig trained, VitConfig config, TensorSource source) throws IOException {
        int rows = trained.gridRows();
        int columns = trained.gridColumns();
        boolean fits = rows == config.gridRows() && columns == config.gridColumns() || rows == columns && rows > 1;
        for (String table : List.of("rel_pos_bias." + RelativeBias.TABLE, "blocks.0.attn." + RelativeBias.TABLE)) {
            if (!fits && source.has(table)) {
                throw new IOException("images of " + config.imageHeight() + " x " + config.imageWidth()
                        + " pixels, expected " + trained.imageHeight() + " x " + trained.imageWidth()
                        + ": the relative position bias, tensor " + table + ", is of a grid of " + rows + " x "
                        + columns + " patches; only one of a square grid is fitted to others");
            }
        }
    }

    private static float[] prefixRows(TensorSource tensors, int prefix, int width) throws IOException {
        float[] rows = new float[prefix * width];
        int row = 0;
        for (String name : PREFIX_NAMES) {
            if (tensors.has(name)) {
                int count = tensors.shape(name)[1];
                System.arraycopy(tensors.tensor(name, 1, count, width), 0, rows, row * width, count * width);
                row += count;
            }
        }
        return rows;
    }

    /**
     * Reads the position embedding for the image, adds the prefix part to the prefix rows and returns the rest.
     */
    private static float[] positions(TensorSource tensors, VitConfig trained, VitConfig config, float[] prefixRows)
            throws IOException {
        int width = config.width();
        if (!tensors.has("pos_embed")) {
            return new float[config.patches() * width];
        }
        int registers = tensors.has("reg_token") ? tensors.shape("reg_token")[1] : 0;
        float[] embedding = tensors.positions(trained, config, prefixRows.length / width, registers);
        int prefix = embedding.length - config.patches() * width;
        for (int i = 0; i < prefix; i++) {
            prefixRows[i] += embedding[i];
        }
        return Arrays.copyOfRange(embedding, prefix, embedding.length);
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
        public float[] positions(VitConfig trained, VitConfig wanted, int prefix, int registers) throws IOException {
            float[] values = source.positions(trained, wanted, prefix, registers);
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
