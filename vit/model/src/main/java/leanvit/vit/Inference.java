package leanvit.vit;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.None;
import leanvit.reducers.TokenReducer;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.pass.BlockPass;
import leanvit.vit.pass.Gemms;
import leanvit.vit.pass.PackedVit;
import leanvit.vit.pass.PatchRows;
import leanvit.vit.pass.Readout;
import leanvit.vit.pass.TokenBatch;
import leanvit.vit.pass.TokenTrail;
import leanvit.vit.pass.Workers;
import leanvit.vit.weights.VitConfig;

/**
 * Runs a {@link VisionTransformer} on batches of images, with a reducer and threads of the caller's choice. Holds the
 * scratch, so that a warm pass allocates nothing but its result. Not thread-safe: one instance per thread.
 *
 * <p>An image's result is the same, bit for bit, in every batch and for every number of threads. NaN in an image's
 * pixels
 * makes that image's result NaN and no other's.
 */
public final class Inference {

    /** What a pass returns. */
    private enum Result { LOGITS, FEATURES, POOLED }

    private final VisionTransformer model;
    private final PackedVit weights;
    private final VitConfig config;
    private final ModelShape shape;
    private final TokenReducer reducer;
    private final Workers workers;
    private final BlockPass blocks;
    private final Gemms gemms;
    private final Readout readout;
    private final Workers.Step patchStep = this::patchPiece;
    private TokenBatch x;
    private TokenBatch y;
    private float[] patches = {};
    private int[][] attended;
    private int[][] remaining;
    private int[][] reducerInput;
    private float[] pixels;
    private int pixelOffset;
    private int lastBatch;
    private Runnable beforeBlock = () -> { };

    Inference(VisionTransformer model) {
        this(model, new None(), new Workers());
    }

    private Inference(VisionTransformer model, TokenReducer reducer, Workers workers) {
        this.model = model;
        this.reducer = reducer;
        this.workers = workers;
        weights = model.weights();
        config = model.config();
        shape = model.shape();
        blocks = new BlockPass(weights, reducer, workers);
        gemms = blocks.gemms();
        readout = new Readout(weights, blocks);
        x = new TokenBatch(weights);
        y = new TokenBatch(weights);
        attended = new int[shape.depth()][0];
        remaining = new int[shape.depth()][0];
        reducerInput = new int[shape.depth()][0];
    }

    /**
     * Returns a runner with a token reducer.
     *
     * @throws IllegalArgumentException if the reducer does not fit the model, or asks for what the host does not have;
     *                                  the
     *                                  message says why
     */
    public Inference with(TokenReducer reducer) {
        if (reducer.position() == TokenReducer.Position.BEFORE_BLOCK && !reducer.needs().isEmpty()) {
            throw new IllegalArgumentException(reducer.spec() + " needs " + reducer.needs()
                    + ", but BEFORE_BLOCK there is no attention to gather it from");
        }
        if (reducer.proportionalAttention() && !reducer.tracksSize()) {
            throw new IllegalArgumentException(reducer.spec() + " asks for proportionalAttention without tracksSize");
        }
        if (reducer.needs().contains(Need.CLASS_ATTENTION) && !weights.classToken()) {
            throw new IllegalArgumentException(reducer.spec() + " scores tokens by the class token's attention, but "
                    + config.architecture() + " has no class token");
        }
        reducer.check(shape);
        return new Inference(model, reducer, workers.another());
    }

    /**
     * Returns a runner that splits each pass between the caller's thread and {@code threads - 1} of the executor's. The
     * executor's threads are kept busy for the whole pass. If it has none to spare the caller's thread does their part.
     */
    public Inference with(Executor executor, int threads) {
        return new Inference(model, reducer, new Workers(Objects.requireNonNull(executor, "executor"), threads));
    }

    /** Returns the model. */
    public VisionTransformer model() {
        return model;
    }

    /** Returns the reducer. */
    public TokenReducer reducer() {
        return reducer;
    }

    /**
     * Returns the classifier's logits, [batch, classes].
     *
     * @param pixels [batch, 3, height, width], normalised as {@link Preprocessing} says
     * @param batch  images, 0 or more
     * @throws IllegalArgumentException if {@code pixels} is too short
     */
    public float[] logits(float[] pixels, int batch) {
        return run(pixels, batch, Result.LOGITS, null, false, null);
    }

    /**
     * Returns what the classifier reads of each image, [batch, C], or [batch, 2C] where that is the class token's row
     * and the patches' mean beside it (DINOv2), or of distilled models the class and the distillation token's rows: for
     * a classifier of your own, where {@link #features} are not the same.
     */
    public float[] pooled(float[] pixels, int batch) {
        return run(pixels, batch, Result.POOLED, null, false, null);
    }

    /**
     * Returns the feature vector of each image, [batch, {@link VisionTransformer#features}]: what the model's pooling
     * makes of the tokens after the last norm, as its library gives it. That is the class token's row (also of
     * distilled models, and of those whose classifier reads the patches' mean beside it), the mean of the patch tokens,
     * or a learned query's attention to them; behind it a projection (CLIP) or a pooler (transformers' ViT) where the
     * model has one. An embedding of the image, not normalised.
     */
    public float[] features(float[] pixels, int batch) {
        return run(pixels, batch, Result.FEATURES, null, false, null);
    }

    /**
     * Computes logits and records what each block did, one entry per block.
     *
     * @param trace receives the records, first block first
     * @param rows  whether the records have token rows and sizes
     */
    public float[] trace(float[] pixels, int batch, List<BlockTrace> trace, boolean rows) {
        return run(pixels, batch, Result.LOGITS, Objects.requireNonNull(trace, "trace"), rows, null);
    }

    /**
     * Returns a feature vector for every patch of each image, whatever the reducer made of its token. Beside its result
     * a pass allocates what follows the tokens.
     *
     * @param pixels as {@link #logits} takes them
     */
    public DenseFeatures dense(float[] pixels, int batch) {
        PatchRows patches = new PatchRows(weights);
        run(pixels, batch, Result.FEATURES, null, false, patches);
        return new DenseFeatures(batch, config.gridRows(), config.gridColumns(), shape.width(), patches.rows(),
                patches.dropped());
    }

    /**
     * Returns how many tokens an image of the last pass had after block {@code layer}.
     *
     * @throws IndexOutOfBoundsException if the last pass had no such image, or the model has no such block
     */
    public int tokens(int layer, int image) {
        Objects.checkIndex(layer, shape.depth());
        checkImage(image);
        return remaining[layer][image];
    }

    /**
     * Returns the multiply-accumulates of one image of the last pass, counted from the tokens that it had in each
     * block.
     *
     * @throws IndexOutOfBoundsException if the last pass had no such image
     */
    public long macs(int image) {
        checkImage(image);
        Macs macs = new Macs(config, shape);
        long sum = macs.embedding() + macs.pooling(shape.depth() == 0 ? shape.tokens()
                : remaining[shape.depth() - 1][image]) + macs.head();
        for (int layer = 0; layer < shape.depth(); layer++) {
            sum += macs.block(attended[layer][image], remaining[layer][image]);
            if (reducer.reducesAt(shape, layer)) {
                boolean before = reducer.position() == TokenReducer.Position.BEFORE_BLOCK;
                sum += reducer.macs(shape, reducerInput[layer][image], (before ? attended : remaining)[layer][image]);
            }
        }
        return sum;
    }

    /**
     * Returns the feature vector of one image of the last pass, as {@link #features} gives it: with
     * {@link #logits} label and embedding come from one pass.
     *
     * @throws IndexOutOfBoundsException if the last pass had no such image
     */
    public float[] embedding(int image) {
        checkImage(image);
        return readout.features(image, 1);
    }

    /** Has this called before each block; what it throws ends the pass, and the next one runs as ever. */
    void beforeEachBlock(Runnable check) {
        beforeBlock = check;
    }

    private void checkImage(int image) {
        if (image < 0 || image >= lastBatch) {
            throw new IndexOutOfBoundsException("image " + image + ", but the last pass had " + lastBatch + " images");
        }
    }

    private float[] run(float[] pixels, int batch, Result result, List<BlockTrace> trace, boolean traceRows,
                        PatchRows dense) {
        long imageValues = 3L * config.imageHeight() * config.imageWidth();
        if (batch < 0 || batch * imageValues > pixels.length) {
            throw new IllegalArgumentException("pixels has " + pixels.length + " values, expected " + batch
                    + " images of 3 x "
                    + config.imageHeight() + " x " + config.imageWidth());
        }
        if (result == Result.LOGITS && (long) batch * config.classes() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a batch of " + batch + " images has more logits than one array holds, "
                    + config.classes() + " each; a batch of " + (Integer.MAX_VALUE - 8) / config.classes() + " fits");
        }
        if (dense != null) {
            dense.begin(batch);
        }
        lastBatch = 0;
        if (remaining.length > 0 && remaining[0].length < batch) {
            for (int layer = 0; layer < shape.depth(); layer++) {
                attended[layer] = new int[batch];
                remaining[layer] = new int[batch];
                reducerInput[layer] = new int[batch];
            }
        }
        workers.open();
        try {
            embed(pixels, batch);
            boolean followed = trace != null || dense != null;
            TokenTrail trail = followed ? new TokenTrail(batch, shape.tokens()) : null;
            boolean pooledAlready = false;
            for (int layer = 0; layer < shape.depth(); layer++) {
                beforeBlock.run();
                boolean last = layer == shape.depth() - 1;
                pooledAlready = last && !followed && lastBlockForPrefix(layer, readout.prefixRead());
                if (!pooledAlready) {
                    block(layer, trail, dense);
                }
                if (trace != null) {
                    trace.add(record(layer, trail, traceRows));
                }
            }
            for (int image = 0; dense != null && image < batch; image++) {
                dense.finish(image, x, trail.of(image));
            }
            if (!pooledAlready && readout.prefixRead() > 0) {
                readout.takePrefix(x);
            }
            readout.pool(x, reducer.tracksSize());
            lastBatch = batch;
            return switch (result) {
                case LOGITS -> readout.logits(batch);
                case FEATURES -> readout.features(0, batch);
                case POOLED -> readout.pooled(batch);
            };
        } finally {
            workers.close();
        }
    }

    private void embed(float[] pixels, int batch) {
        int width = shape.width();
        int count = shape.patches();
        int patchValues = weights.patchEmbed().rows();
        blocks.prepare(batch, x, y);
        patches = grown(patches, count * patchValues);
        this.pixels = pixels;
        for (int image = 0; image < batch; image++) {
            x.count(image, shape.tokens());
            int offset = x.offset(image);
            System.arraycopy(weights.prefixRows(), 0, x.rows(), offset, weights.prefixRows().length);
            offset += weights.prefixRows().length;
            float[] positions = weights.patchPositions();
            if (weights.patchNorm() == null) {
                System.arraycopy(positions, 0, x.rows(), offset, positions.length);
            }
            pixelOffset = image * 3 * config.imageHeight() * config.imageWidth();
            workers.run(config.imageHeight() / config.patch(), patchStep);
            gemms.multiply(count, patches, 0, patchValues, weights.patchEmbed(),
                    weights.patchNorm() == null ? Epilogue.RESIDUAL : Epilogue.NONE, x.rows(), offset, width);
            if (weights.patchNorm() != null) {
                weights.patchNorm().rows(x.rows(), offset, width, count, x.rows(), offset, width);
                for (int i = 0; i < positions.length; i++) {
                    x.rows()[offset + i] += positions[i];
                }
            }
            if (weights.preNorm() != null) {
                weights.preNorm().rows(x.rows(), x.offset(image), width, shape.tokens(), x.rows(), x.offset(image),
                        width);
            }
        }
        for (int image = 0; image < batch; image++) {
            x.placePatches(image, shape.prefix());
        }
        if (reducer.tracksSize()) {
            x.unitSizes();
        }
        this.pixels = null;
    }

    /** Copies the patches of one grid row into rows of {@link #patches}, each [3, patch, patch]. */
    private void patchPiece(int worker, int gridRow) {
        int patch = config.patch();
        int imageWidth = config.imageWidth();
        int columns = imageWidth / patch;
        int values = 3 * patch * patch;
        for (int channel = 0; channel < 3; channel++) {
            for (int line = 0; line < patch; line++) {
                int from = pixelOffset + (channel * config.imageHeight() + gridRow * patch + line) * imageWidth;
                int to = gridRow * columns * values + (channel * patch + line) * patch;
                for (int column = 0; column < columns; column++) {
                    System.arraycopy(pixels, from + column * patch, patches, to + column * values, patch);
                }
            }
        }
    }

    private void block(int layer, TokenTrail trail, PatchRows dense) {
        for (int image = 0; image < x.images(); image++) {
            reducerInput[layer][image] = x.count(image);
        }
        if (blocks.reducesInput(layer)) {
            blocks.reduceInput(layer, x, y);
            swap();
            follow(trail, dense);
        }
        countBefore(layer);
        blocks.run(layer, x, y);
        if (blocks.reducesInside(layer)) {
            swap();
            follow(trail, dense);
        }
        countAfter(layer);
    }

    /** Runs the last block for the first tokens alone, where only they are read; returns whether that was done. */
    private boolean lastBlockForPrefix(int layer, int queries) {
        if (queries == 0 || blocks.reducesInput(layer)
                || !blocks.runPrefix(layer, x, queries, readout.prefixRows(x.images()))) {
            return false;
        }
        for (int image = 0; image < x.images(); image++) {
            reducerInput[layer][image] = x.count(image);
        }
        countBefore(layer);
        countAfter(layer);
        for (int image = 0; image < x.images() && blocks.reducesInside(layer); image++) {
            remaining[layer][image] = blocks.map(image).outputs();
        }
        return true;
    }

    private void swap() {
        TokenBatch old = x;
        x = y;
        y = old;
    }

    private void countBefore(int layer) {
        for (int image = 0; image < x.images(); image++) {
            attended[layer][image] = x.count(image);
        }
    }

    private void countAfter(int layer) {
        for (int image = 0; image < x.images(); image++) {
            remaining[layer][image] = x.count(image);
        }
    }

    /** Follows the last reduction, whose tokens {@link #y} still holds as they were. */
    private void follow(TokenTrail trail, PatchRows dense) {
        for (int image = 0; trail != null && image < x.images(); image++) {
            if (dense != null) {
                dense.keepDropped(image, y, blocks.map(image), trail.of(image));
            }
            trail.follow(image, blocks.map(image));
        }
    }

    private BlockTrace record(int layer, TokenTrail trail, boolean rows) {
        int batch = x.images();
        int total = x.start(batch);
        return new BlockTrace(layer, Arrays.copyOf(attended[layer], batch), Arrays.copyOf(remaining[layer], batch),
                trail.assignment(), trail.gathering(),
                rows ? Arrays.copyOfRange(x.rows(), x.offset(0), x.offset(0) + total * shape.width()) : null,
                rows && reducer.tracksSize() ? Arrays.copyOf(x.sizes(), total) : null);
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
