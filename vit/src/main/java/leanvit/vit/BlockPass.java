package leanvit.vit;

import java.util.Arrays;
import java.util.Set;
import leanvit.kernels.Attention;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.HeadMax;
import leanvit.kernels.HeadMean;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;

/**
 * Runs one block on a batch, with its scratch. Images go through a block in groups of some hundred rows: enough to use the
 * weights well, few enough for the activations to stay in cache.
 *
 * <pre>
 *   x = x + proj(attention(norm1(x)))      attention gathers what the reducer needs
 *   x = reduce(x)
 *   x = x + fc2(gelu(fc1(norm2(x))))
 * </pre>
 */
final class BlockPass {

    /** Rows that a group may have: two images of 197. One image is 8 % slower on ViT-S (weights come twice), eight 6 %. */
    private static final int GROUP_ROWS = 400;
    /** Rows of a piece in the steps that go by rows. */
    private static final int PIECE_ROWS = 48;

    private final VisionTransformer model;
    private final ModelShape shape;
    private final TokenReducer reducer;
    private final Set<Need> needs;
    private final Workers workers;
    private final Gemms gemms;
    private final int width;
    private final int heads;
    private final int headDim;
    private final float[][] attentionScratch;
    private final LayerTokens[] views;
    private final float[][] headMaxValues;

    private final Workers.Step normStep = this::normPiece;
    private final Workers.Step headNormStep = this::headNormPiece;
    private final Workers.Step headStep = this::headPiece;
    private final Workers.Step headMaxStep = this::headMaxPiece;
    private final Workers.Step reduceStep = this::reducePiece;
    private final Workers.Step inputReduceStep = this::inputReducePiece;
    private final Workers.Step applyStep = this::applyPiece;

    private TokenMap[] maps = {};
    private float[] normed = {};
    private float[] qkv = {};
    private float[] hidden = {};
    private float[] classRows = {};
    private float[] columnSums = {};
    private float[] headMaxColumns = {};

    // The step at hand.
    private int layer;
    private Block block;
    private TokenBatch in;
    private TokenBatch out;
    private int from;
    private int to;
    private int queries;
    private boolean reducing;
    private int gatherStride;
    private Norm stepNorm;
    private float[] stepRows;
    private int stepOffset;
    private int stepCount;

    BlockPass(VisionTransformer model, TokenReducer reducer, Workers workers) {
        this.model = model;
        this.reducer = reducer;
        this.workers = workers;
        needs = reducer.needs();
        gemms = new Gemms(workers);
        shape = model.shape();
        width = shape.width();
        heads = shape.heads();
        headDim = shape.headDim();
        attentionScratch = new float[workers.threads()][0];
        headMaxValues = new float[workers.threads()][0];
        views = new LayerTokens[workers.threads()];
        Arrays.setAll(views, i -> new LayerTokens());
    }

    Gemms gemms() {
        return gemms;
    }

    /** Returns the map that was applied to an image in the last block that reduced. */
    TokenMap map(int image) {
        return maps[image];
    }

    boolean reducesInput(int layer) {
        return reducer.position() == TokenReducer.Position.BEFORE_BLOCK && reducer.reducesAt(layer);
    }

    boolean reducesInside(int layer) {
        return reducer.position() == TokenReducer.Position.AFTER_ATTENTION && reducer.reducesAt(layer);
    }

    /** Reduces a block's input {@code in} into {@code out}. */
    void reduceInput(int layer, TokenBatch in, TokenBatch out) {
        begin(layer, in, out);
        from = 0;
        to = in.images();
        workers.run(to, inputReduceStep);
        applyMaps();
    }

    /**
     * Runs block {@code layer} on {@code in}; the result is in {@code out} where the block reduces, else in {@code in}.
     */
    void run(int layer, TokenBatch in, TokenBatch out) {
        begin(layer, in, out);
        reducing = reducesInside(layer);
        queries = Integer.MAX_VALUE;
        // POMT's upstream form looks at the whole batch.
        boolean whole = reducing && needs.contains(Need.HEAD_MAX_ATTENTION);
        for (from = 0; from < in.images(); from = to) {
            nextGroup(in, whole);
            attend();
            TokenBatch rest = in;
            if (reducing) {
                workers.run(to - from, reduceStep);
                applyMaps();
                rest = out;
            }
            mlp(rest.rows(), rest.offset(from), rest.start(to) - rest.start(from));
        }
    }

    /**
     * Runs block {@code layer}, which does not reduce, for the first {@code queries} tokens of each image alone, which is all
     * that the classifier of a class token reads of the last block.
     *
     * @param rows receives [images, queries, C]
     */
    void runPrefix(int layer, TokenBatch in, int queries, float[] rows) {
        begin(layer, in, in);
        reducing = false;
        this.queries = queries;
        for (from = 0; from < in.images(); from = to) {
            nextGroup(in, false);
            int count = (to - from) * queries;
            int start = from * queries * width;
            for (int image = from; image < to; image++) {
                System.arraycopy(in.rows(), in.offset(image), rows, image * queries * width, queries * width);
            }
            attentionInput();
            workers.run((to - from) * heads, headStep);
            gemms.multiply(count, normed, 0, width, block.proj(), Epilogue.RESIDUAL, rows, start, width);
            mlp(rows, start, count);
        }
    }

    private void begin(int layer, TokenBatch in, TokenBatch out) {
        this.layer = layer;
        this.in = in;
        this.out = out;
        block = model.blocks[layer];
        if (maps.length < in.images()) {
            maps = Arrays.copyOf(maps, in.images());
            for (int i = 0; i < maps.length; i++) {
                maps[i] = maps[i] == null ? new TokenMap() : maps[i];
            }
        }
    }

    private void nextGroup(TokenBatch in, boolean whole) {
        to = from + 1;
        while (to < in.images() && (whole || in.start(to + 1) - in.start(from) <= GROUP_ROWS)) {
            to++;
        }
    }

    private void attend() {
        attentionInput();
        if (reducing && needs.contains(Need.HEAD_MAX_ATTENTION)) {
            workers.run(to - from, headMaxStep);
        }
        if (!reducing || !needs.contains(Need.HEAD_MAX_ATTENTION) || needs.contains(Need.CLASS_ATTENTION)
                || needs.contains(Need.COLUMN_ATTENTION)) {
            // After headMaxStep this computes the same again, for what that one does not gather.
            workers.run((to - from) * heads, headStep);
        }
        int rows = in.start(to) - in.start(from);
        gemms.multiply(rows, normed, 0, width, block.proj(), Epilogue.RESIDUAL, in.rows(), in.offset(from), width);
    }

    /** Makes the group's queries, keys and values; with few queries, the queries of the first tokens alone. */
    private void attentionInput() {
        int rows = in.start(to) - in.start(from);
        normed = grown(normed, rows * width);
        qkv = grown(qkv, rows * 3 * width);
        prepareGather();
        norm(block.norm1(), in.rows(), in.offset(from), rows);
        if (queries == Integer.MAX_VALUE) {
            gemms.multiply(rows, normed, 0, width, block.q(), block.kv(), Epilogue.NONE, qkv, 0, 3 * width);
        } else {
            gemms.multiply(rows, normed, 0, width, block.kv(), Epilogue.NONE, qkv, width, 3 * width);
            for (int image = from; image < to; image++) {
                int row = in.start(image) - in.start(from);
                gemms.multiply(queries, normed, row * width, width, block.q(), Epilogue.NONE, qkv, row * 3 * width,
                        3 * width);
            }
        }
        if (block.qNorm() != null || block.kNorm() != null) {
            stepCount = rows;
            workers.run(pieces(rows), headNormStep);
        }
    }

    private void prepareGather() {
        gatherStride = 0;
        for (int image = from; image < to; image++) {
            gatherStride = Math.max(gatherStride, in.count(image));
        }
        int scratch;
        if (reducing && needs.contains(Need.HEAD_MAX_ATTENTION)) {
            headMaxColumns = grown(headMaxColumns, (to - from) * gatherStride);
            scratch = Attention.headMaxScratchLength(gatherStride, heads, headDim);
        } else {
            scratch = Attention.scratchLength(gatherStride, headDim);
        }
        if (reducing && needs.contains(Need.CLASS_ATTENTION)) {
            classRows = grown(classRows, (to - from) * heads * gatherStride);
        }
        if (reducing && needs.contains(Need.COLUMN_ATTENTION)) {
            columnSums = grown(columnSums, (to - from) * heads * gatherStride);
        }
        for (int i = 0; i < attentionScratch.length; i++) {
            attentionScratch[i] = grown(attentionScratch[i], scratch);
        }
    }

    private void mlp(float[] rows, int offset, int count) {
        int inner = model.config().mlpHidden();
        normed = grown(normed, count * width);
        hidden = grown(hidden, count * inner);
        norm(block.norm2(), rows, offset, count);
        gemms.multiply(count, normed, 0, width, block.fc1(), Epilogue.GELU, hidden, 0, inner);
        gemms.multiply(count, hidden, 0, inner, block.fc2(), Epilogue.RESIDUAL, rows, offset, width);
    }

    private void norm(Norm norm, float[] rows, int offset, int count) {
        stepNorm = norm;
        stepRows = rows;
        stepOffset = offset;
        stepCount = count;
        workers.run(pieces(count), normStep);
    }

    private static int pieces(int rows) {
        return (rows + PIECE_ROWS - 1) / PIECE_ROWS;
    }

    private void normPiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int count = Math.min(PIECE_ROWS, stepCount - row);
        stepNorm.rows(stepRows, stepOffset + row * width, width, count, normed, row * width, width);
    }

    private void headNormPiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int count = Math.min(PIECE_ROWS, stepCount - row);
        int stride = 3 * width;
        for (int h = 0; h < heads; h++) {
            int q = row * stride + h * headDim;
            if (block.qNorm() != null) {
                block.qNorm().rows(qkv, q, stride, count, qkv, q, stride);
            }
            if (block.kNorm() != null) {
                block.kNorm().rows(qkv, q + width, stride, count, qkv, q + width, stride);
            }
        }
    }

    private void headPiece(int worker, int piece) {
        int image = from + piece / heads;
        int head = piece % heads;
        int row = in.start(image) - in.start(from);
        int n = in.count(image);
        int gather = piece * gatherStride;
        boolean prefixOnly = queries != Integer.MAX_VALUE;
        Attention.head(n, prefixOnly ? queries : n, heads, head, headDim, qkv, row * 3 * width, 3 * width,
                keyBias(), in.start(image), normed, (prefixOnly ? (image - from) * queries : row) * width, width,
                reducing && needs.contains(Need.CLASS_ATTENTION) ? classRows : null, gather,
                reducing && needs.contains(Need.COLUMN_ATTENTION) ? columnSums : null, gather, attentionScratch[worker]);
    }

    private void headMaxPiece(int worker, int piece) {
        int image = from + piece;
        int row = in.start(image) - in.start(from);
        Attention.headMax(in.count(image), shape.prefix(), heads, headDim, qkv, row * 3 * width, 3 * width,
                keyBias(), in.start(image), normed, row * width, width, headMaxColumns, piece * gatherStride,
                attentionScratch[worker]);
    }

    private float[] keyBias() {
        return reducer.proportionalAttention() ? in.logSizes() : null;
    }

    private void reducePiece(int worker, int piece) {
        int image = from + piece;
        int n = in.count(image);
        LayerTokens view = view(worker, image);
        int qkvOffset = (in.start(image) - in.start(from)) * 3 * width;
        if (needs.contains(Need.MEAN_KEY)) {
            HeadMean.reduce(qkv, qkvOffset + width, headDim, heads, 3 * width, n, headDim, view.prepare(Need.MEAN_KEY), 0,
                    headDim);
        }
        if (needs.contains(Need.CLASS_ATTENTION)) {
            float[] scores = view.prepare(Need.CLASS_ATTENTION);
            HeadMean.reduce(classRows, piece * heads * gatherStride, gatherStride, heads, n, 1, n, scores, 0, n);
        }
        if (needs.contains(Need.COLUMN_ATTENTION)) {
            float[] scores = view.prepare(Need.COLUMN_ATTENTION);
            HeadMean.reduce(columnSums, piece * heads * gatherStride, gatherStride, heads, n, 1, n, scores, 0, n);
            for (int j = 0; j < n; j++) {
                scores[j] /= n;
            }
        }
        if (needs.contains(Need.HEAD_MAX_ATTENTION)) {
            System.arraycopy(headMaxColumns, piece * gatherStride, view.prepare(Need.HEAD_MAX_ATTENTION), 0, n);
            view.batchHeadMaxPeak(batchPeak());
        }
        if (needs.contains(Need.HEAD_MAX_VALUE)) {
            float[] maxima = headMaxValues[worker] = grown(headMaxValues[worker], n * headDim);
            HeadMax.reduce(qkv, qkvOffset + 2 * width, headDim, heads, 3 * width, n, headDim, maxima, 0, headDim);
            sumRows(maxima, n, headDim, view.prepare(Need.HEAD_MAX_VALUE));
        }
        decide(image, view);
    }

    private void inputReducePiece(int worker, int piece) {
        decide(piece, view(worker, piece));
    }

    private LayerTokens view(int worker, int image) {
        LayerTokens view = views[worker];
        int n = in.count(image);
        view.reset(shape, layer, n, in.rows(), in.offset(image));
        if (reducer.tracksSize()) {
            System.arraycopy(in.sizes(), in.start(image), view.prepareSizes(), 0, n);
        }
        return view;
    }

    private void decide(int image, LayerTokens view) {
        TokenMap map = maps[image];
        map.reset(view.count());
        reducer.reduce(view, map);
        map.checkComplete(reducer);
    }

    private static void sumRows(float[] x, int rows, int columns, float[] sums) {
        for (int i = 0; i < rows; i++) {
            float sum = 0f;
            for (int c = 0; c < columns; c++) {
                sum += x[i * columns + c];
            }
            sums[i] = sum;
        }
    }

    private float batchPeak() {
        float peak = Float.NEGATIVE_INFINITY;
        for (int image = 0; image < to - from; image++) {
            for (int j = shape.prefix(); j < in.count(from + image); j++) {
                float value = headMaxColumns[image * gatherStride + j];
                peak = value > peak ? value : peak;
            }
        }
        return peak;
    }

    private void applyMaps() {
        for (int image = from; image < to; image++) {
            out.count(image, maps[image].outputs());
        }
        workers.run(to - from, applyStep);
    }

    private void applyPiece(int worker, int piece) {
        int image = from + piece;
        maps[image].apply(in.rows(), in.offset(image), width, out.rows(), out.offset(image));
        if (reducer.tracksSize()) {
            maps[image].applySizes(in.sizes(), in.start(image), out.sizes(), out.start(image));
            out.takeLogs(image);
        }
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
