package leanvit.vit.pass;

import java.util.Arrays;
import java.util.Set;
import leanvit.kernels.Attention;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.HeadMax;
import leanvit.kernels.HeadMean;
import leanvit.kernels.PackedMatrix;
import leanvit.kernels.Rotary;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenHost;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;
import leanvit.vit.weights.Parts.Activation;

/**
 * Runs one block on a batch, with its scratch. Images go through a block in groups of some hundred rows: enough to use
 * the weights well, few enough for the activations to stay in cache.
 *
 * <pre>
 *   x = x + proj(attention(norm1(x)))      attention gathers what the reducer needs
 *   x = reduce(x)
 *   x = x + fc2(f(fc1(norm2(x))))          f, or f(gate(·))·fc1(·)
 *
 *   x = x + norm1(proj(attention(x)))      where norms stand behind the branches
 *   x = reduce(x)
 *   x = x + norm2(fc2(f(fc1(x))))
 *
 *   y = norm1(x)                           where both branches run in parallel
 *   x = x + proj(attention(y)) + fc2(f(fc1(y)))
 *   x = reduce(x)
 * </pre>
 *
 * Positions that are not in the rows enter in attention: rotary ones turn queries and keys, a relative bias is added to
 * the scores.
 */
public final class BlockPass {

    /**
     * Rows that a group may have: two images of 197. One image is 8 % slower on ViT-S (weights come twice), eight 6 %.
     */
    private static final int GROUP_ROWS = 400;
    /** Rows of a piece in the steps that go by rows. */
    private static final int PIECE_ROWS = 48;

    private final PackedVit model;
    private final ModelShape shape;
    private final TokenReducer reducer;
    private final Set<Need> needs;
    private final Workers workers;
    private final Gemms gemms;
    private final int width;
    private final int heads;
    private final int headDim;
    private final int hidden;
    private final boolean parallel;
    private final boolean postNorm;
    private final Epilogue activation;
    private final TokenHost[] hosts;
    private final Attention[] calls;
    private final float[][] headMaxValues;

    private final Workers.Step normStep = this::normPiece;
    private final Workers.Step leaveStep = this::leavePiece;
    private final Workers.Step headNormStep = this::headNormPiece;
    private final Workers.Step turnStep = this::turnPiece;
    private final Workers.Step rotaryStep = this::rotaryPiece;
    private final Workers.Step hiddenNormStep = this::hiddenNormPiece;
    private final Workers.Step headStep = this::headPiece;
    private final Workers.Step headMaxStep = this::headMaxPiece;
    private final Workers.Step reduceStep = this::reducePiece;
    private final Workers.Step inputReduceStep = this::inputReducePiece;
    private final Workers.Step applyStep = this::applyPiece;

    private PassBuffers buffers;
    private float[] floats;
    private TokenMap[] maps = {};
    private float[] classRows = {};
    private float[] columnSums = {};
    private float[] headMaxColumns = {};

    /** The block at hand, its input and, where it reduces, its output; then the group of images, from and to. */
    private int layer;
    private Block block;
    private TokenBatch in;
    private TokenBatch out;
    private boolean reducing;
    private int from;
    private int to;
    /** Queries of an image: all its tokens, or the first few. */
    private int queries;
    private int gatherStride;
    /** Rows that the step at hand goes over. */
    private Norm stepNorm;
    private float[] stepRows;
    private int stepOffset;
    private int stepCount;
    private int stepBranch;

    public BlockPass(PackedVit model, TokenReducer reducer, Workers workers) {
        this.model = model;
        this.reducer = reducer;
        this.workers = workers;
        needs = reducer.needs();
        gemms = new Gemms(workers);
        shape = model.shape();
        width = shape.width();
        heads = shape.heads();
        headDim = shape.headDim();
        hidden = model.config().mlpHidden();
        parallel = model.config().parts().parallel();
        postNorm = model.config().parts().postNorm();
        activation = epilogue(model.config().parts().activation());
        calls = new Attention[workers.threads()];
        Arrays.setAll(calls, i -> new Attention(heads, headDim));
        headMaxValues = new float[workers.threads()][0];
        hosts = new TokenHost[workers.threads()];
        Arrays.setAll(hosts, i -> new TokenHost());
    }

    public Gemms gemms() {
        return gemms;
    }

    /**
     * Makes room for a batch; the token rows {@code x} and {@code y} are to lie there.
     *
     * @throws IllegalArgumentException if one array cannot hold it; the message says which batch fits
     */
    public void prepare(int images, TokenBatch x, TokenBatch y) {
        if (buffers == null || !buffers.hold(images)) {
            // Let go first: two at once would double the peak.
            buffers = null;
            floats = null;
            buffers = new PassBuffers(model.config(), shape, images, GROUP_ROWS, workers.threads(),
                    needs.contains(Need.HEAD_MAX_ATTENTION), model.hasRelativeBias());
            floats = buffers.floats;
        }
        x.reset(images, shape.tokens(), reducer.tracksSize(), floats, buffers.rows);
        y.reset(images, shape.tokens(), reducer.tracksSize(), floats, buffers.reducedRows);
    }

    /** Returns what the pass works in. */
    PassBuffers buffers() {
        return buffers;
    }

    /** Returns the map that was applied to an image in the last block that reduced. */
    public TokenMap map(int image) {
        return maps[image];
    }

    public boolean reducesInput(int layer) {
        return reducer.position() == TokenReducer.Position.BEFORE_BLOCK && reducer.reducesAt(shape, layer);
    }

    public boolean reducesInside(int layer) {
        return reducer.position() == TokenReducer.Position.AFTER_ATTENTION && reducer.reducesAt(shape, layer);
    }

    /** Reduces a block's input {@code in} into {@code out}. */
    public void reduceInput(int layer, TokenBatch in, TokenBatch out) {
        begin(layer, in, out);
        from = 0;
        to = in.images();
        queries = Integer.MAX_VALUE;
        workers.run(to, inputReduceStep);
        applyMaps();
    }

    /**
     * Runs block {@code layer} on {@code in}; the result is in {@code out} where the block reduces, else in {@code in}.
     */
    public void run(int layer, TokenBatch in, TokenBatch out) {
        begin(layer, in, out);
        reducing = reducesInside(layer);
        queries = Integer.MAX_VALUE;
        for (from = 0; from < in.images(); from = to) {
            to = endOfGroup();
            int count = in.start(to) - in.start(from);
            enter(block.norm1(), in.rows(), in.offset(from), count);
            if (parallel) {
                // The MLP reads the rows that attention's results are about to take the place of.
                fc1(count);
                qkv(count);
                attention();
                proj(in.rows(), in.offset(from), count);
                fc2(in.rows(), in.offset(from), count);
                reduce();
                continue;
            }
            qkv(count);
            attention();
            proj(in.rows(), in.offset(from), count);
            TokenBatch x = reduce();
            count = x.start(to) - x.start(from);
            enter(block.norm2(), x.rows(), x.offset(from), count);
            fc1(count);
            fc2(x.rows(), x.offset(from), count);
        }
    }

    /**
     * Runs block {@code layer} for the first {@code queries} tokens of each image alone, which is all that the
     * classifier of a
     * class token reads of the last block. Where the block reduces, the maps are decided and not applied.
     *
     * @param rows receives [images, queries, C]
     * @return false, with nothing changed but {@code rows}, where it cannot be done: the reducer needs more than those
     *         tokens'
     *         rows and attention, or merges one of them
     */
    public boolean runPrefix(int layer, TokenBatch in, int queries, float[] rows) {
        begin(layer, in, in);
        reducing = reducesInside(layer);
        if (parallel || reducing && (reducer.readsRows() || needs.contains(Need.COLUMN_ATTENTION)
                || needs.contains(Need.HEAD_MAX_ATTENTION))) {
            return false;
        }
        this.queries = queries;
        for (int image = 0; image < in.images(); image++) {
            System.arraycopy(in.rows(), in.offset(image), rows, image * queries * width, queries * width);
        }
        for (from = 0; from < in.images(); from = to) {
            to = endOfGroup();
            int count = (to - from) * queries;
            int x = from * queries * width;
            enter(block.norm1(), in.rows(), in.offset(from), in.start(to) - in.start(from));
            qkv(in.start(to) - in.start(from));
            attention();
            if (reducing && !decideOnly()) {
                return false;
            }
            proj(rows, x, count);
            enter(block.norm2(), rows, x, count);
            fc1(count);
            fc2(rows, x, count);
        }
        return true;
    }

    /** Decides the group's maps; returns whether each keeps the queries' tokens, in their places and alone. */
    private boolean decideOnly() {
        workers.run(to - from, reduceStep);
        for (int image = from; image < to; image++) {
            TokenMap map = maps[image];
            for (int i = 0; i < queries; i++) {
                if (map.target(i) != i || map.weight(i) != 1f || map.contributors(i) != 1) {
                    return false;
                }
            }
        }
        return true;
    }

    private void begin(int layer, TokenBatch in, TokenBatch out) {
        this.layer = layer;
        this.in = in;
        this.out = out;
        block = model.blocks().get(layer);
        if (maps.length < in.images()) {
            maps = Arrays.copyOf(maps, in.images());
            for (int i = 0; i < maps.length; i++) {
                maps[i] = maps[i] == null ? new TokenMap() : maps[i];
            }
        }
    }

    private int endOfGroup() {
        int end = from + 1;
        while (end < in.images() && in.start(end + 1) - in.start(from) <= GROUP_ROWS) {
            end++;
        }
        return end;
    }

    /** The group's queries, keys and values, of normalised rows; with few queries, those of the first tokens alone. */
    private void qkv(int rows) {
        if (queries == Integer.MAX_VALUE) {
            gemms.multiply(rows, floats, buffers.normed, width, block.q(), block.kv(), Epilogue.NONE, floats,
                    buffers.qkv,
                    3 * width);
        } else {
            gemms.multiply(rows, floats, buffers.normed, width, block.kv(), Epilogue.NONE, floats, buffers.qkv + width,
                    3 * width);
            for (int image = from; image < to; image++) {
                int row = in.start(image) - in.start(from);
                gemms.multiply(queries, floats, buffers.normed + row * width, width, block.q(), Epilogue.NONE, floats,
                        qkvOffset(image), 3 * width);
            }
        }
        if (block.qNorm() != null || block.kNorm() != null) {
            stepCount = rows;
            workers.run(pieces(rows), headNormStep);
        }
        if (block.turns() != null) {
            if (block.turns().perHead()) {
                workers.run(to - from, turnStep);
            }
            stepCount = rows;
            workers.run(pieces(rows), rotaryStep);
        }
    }

    /** The heads' results, side by side in place of the normalised rows; and what the reducer needs to know. */
    private void attention() {
        prepareGather();
        boolean headMax = reducing && needs.contains(Need.HEAD_MAX_ATTENTION);
        if (headMax) {
            workers.run(to - from, headMaxStep);
        }
        if (!headMax || needs.contains(Need.CLASS_ATTENTION) || needs.contains(Need.COLUMN_ATTENTION)) {
            // After headMaxStep this computes the same again, for what that one does not gather.
            workers.run((to - from) * heads, headStep);
        }
    }

    private void proj(float[] x, int offset, int count) {
        if (block.headsNorm() != null) {
            norm(block.headsNorm(), floats, buffers.normed, count);
        }
        endBranch(buffers.normed, width, block.proj(), block.norm1(), buffers.hidden, x, offset, count);
    }

    /** Adds a branch's last layer to the rows it began with; {@code spare} is what a norm behind it may use. */
    private void endBranch(int source, int channels, PackedMatrix layer, Norm norm, int spare, float[] x, int offset,
            int count) {
        if (postNorm) {
            gemms.multiply(count, floats, source, channels, layer, Epilogue.NONE, floats, spare, width);
            leave(norm, spare, x, offset, count);
        } else {
            gemms.multiply(count, floats, source, channels, layer, Epilogue.RESIDUAL, x, offset, width);
        }
    }

    /** Returns the batch that holds the group's tokens from here on. */
    private TokenBatch reduce() {
        if (!reducing) {
            return in;
        }
        workers.run(to - from, reduceStep);
        applyMaps();
        return out;
    }

    private void fc1(int count) {
        if (block.gate() == null) {
            gemms.multiply(count, floats, buffers.normed, width, block.fc1(), activation, floats, buffers.hidden,
                    hidden);
        } else {
            gemms.multiply(count, floats, buffers.normed, width, block.gate(), activation, floats, buffers.hidden,
                    hidden);
            gemms.multiply(count, floats, buffers.normed, width, block.fc1(), Epilogue.PRODUCT, floats,
                    buffers.hidden, hidden);
        }
        if (block.hiddenNorm() != null) {
            stepCount = count;
            workers.run(pieces(count), hiddenNormStep);
        }
    }

    private void hiddenNormPiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int at = buffers.hidden + row * hidden;
        block.hiddenNorm().rows(floats, at, hidden, Math.min(PIECE_ROWS, stepCount - row), floats, at, hidden);
    }

    private void fc2(float[] x, int offset, int count) {
        endBranch(buffers.hidden, hidden, block.fc2(), block.norm2(), buffers.normed, x, offset, count);
    }

    /** Returns the matmul's epilogue that an activation is. */
    static Epilogue epilogue(Activation activation) {
        return switch (activation) {
            case GELU -> Epilogue.GELU;
            case GELU_TANH -> Epilogue.GELU_TANH;
            case QUICK_GELU -> Epilogue.QUICK_GELU;
            case SILU -> Epilogue.SILU;
        };
    }

    private void prepareGather() {
        gatherStride = 0;
        for (int image = from; image < to; image++) {
            gatherStride = Math.max(gatherStride, in.count(image));
        }
        if (reducing && needs.contains(Need.HEAD_MAX_ATTENTION)) {
            headMaxColumns = grown(headMaxColumns, (to - from) * gatherStride);
        }
        if (reducing && needs.contains(Need.CLASS_ATTENTION)) {
            classRows = grown(classRows, (to - from) * heads * gatherStride);
        }
        if (reducing && needs.contains(Need.COLUMN_ATTENTION)) {
            columnSums = grown(columnSums, (to - from) * heads * gatherStride);
        }
    }

    /** Writes what a branch reads into the buffer of normalised rows. */
    private void enter(Norm norm, float[] rows, int offset, int count) {
        if (postNorm) {
            System.arraycopy(rows, offset, floats, buffers.normed, count * width);
        } else {
            norm(norm, rows, offset, count);
        }
    }

    /** Adds a branch's result, normalised, to its rows. */
    private void leave(Norm norm, int branch, float[] rows, int offset, int count) {
        stepNorm = norm;
        stepRows = rows;
        stepOffset = offset;
        stepCount = count;
        stepBranch = branch;
        workers.run(pieces(count), leaveStep);
    }

    private void leavePiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int count = Math.min(PIECE_ROWS, stepCount - row);
        int at = stepBranch + row * width;
        int to = stepOffset + row * width;
        stepNorm.rows(floats, at, width, count, floats, at, width);
        for (int i = 0; i < count * width; i++) {
            stepRows[to + i] += floats[at + i];
        }
    }

    /** Normalises rows into the buffer of normalised ones. */
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
        stepNorm.rows(stepRows, stepOffset + row * width, width, count, floats, buffers.normed + row * width,
                width);
    }

    private void headNormPiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int count = Math.min(PIECE_ROWS, stepCount - row);
        int stride = 3 * width;
        for (int h = 0; h < heads; h++) {
            int q = buffers.qkv + row * stride + h * headDim;
            if (block.qNorm() != null) {
                block.qNorm().rows(floats, q, stride, count, floats, q, stride);
            }
            if (block.kNorm() != null) {
                block.kNorm().rows(floats, q + width, stride, count, floats, q + width, stride);
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
        int count = prefixOnly ? queries : n;
        pairBias(worker, image, head, head + 1, count);
        calls[worker].tokens(n, floats, qkvOffset(image), 3 * width).keyBias(keyBias(), in.start(image))
                .pairBias(block.bias() == null ? null : floats, buffers.pairs[worker], 0, n)
                .into(floats, buffers.normed + (prefixOnly ? (image - from) * queries : row) * width, width)
                .classRow(reducing && needs.contains(Need.CLASS_ATTENTION) ? classRows : null, gather)
                .columnSum(reducing && needs.contains(Need.COLUMN_ATTENTION) ? columnSums : null, gather)
                .scratch(floats, buffers.attention[worker]).head(head, count);
    }

    private void headMaxPiece(int worker, int piece) {
        int image = from + piece;
        int row = in.start(image) - in.start(from);
        int n = in.count(image);
        pairBias(worker, image, 0, heads, n);
        calls[worker].tokens(n, floats, qkvOffset(image), 3 * width).keyBias(keyBias(), in.start(image))
                .pairBias(block.bias() == null ? null : floats, buffers.pairs[worker], n * n, n)
                .into(floats, buffers.normed + row * width, width)
                .scratch(floats, buffers.attention[worker])
                .headMax(shape.prefix(), headMaxColumns, piece * gatherStride);
    }

    /** Writes what relative positions add to the scores of some heads, where the block has such. */
    private void pairBias(int worker, int image, int fromHead, int toHead, int count) {
        RelativeBias bias = block.bias();
        int n = in.count(image);
        for (int head = fromHead; bias != null && head < toHead; head++) {
            int to = buffers.pairs[worker] + (head - fromHead) * n * n;
            if (in.places().isWhole(image)) {
                bias.whole(head, count, shape.prefix(), floats, to);
            } else {
                bias.between(head, n, count, shape.prefix(), in.places().at(), in.start(image), floats, to);
            }
        }
    }

    private void turnPiece(int worker, int piece) {
        int image = from + piece;
        in.places().turn(block.turns(), in.start(image), in.count(image), shape.prefix());
    }

    /** Turns queries and keys, which lie side by side. */
    private void rotaryPiece(int worker, int piece) {
        int row = piece * PIECE_ROWS;
        int count = Math.min(PIECE_ROWS, stepCount - row);
        int q = buffers.qkv + row * 3 * width;
        float[] angles = in.places().angles();
        int stride = block.turns().width();
        int at = (in.start(from) + row) * stride;
        if (!block.turns().perHead()) {
            Rotary.rows(count, 2 * heads, headDim, floats, q, 3 * width, angles, at, stride);
            return;
        }
        for (int h = 0; h < heads; h++) {
            int to = q + h * headDim;
            Rotary.rows(count, 1, headDim, floats, to, 3 * width, angles, at + h * headDim, stride);
            Rotary.rows(count, 1, headDim, floats, to + width, 3 * width, angles, at + h * headDim, stride);
        }
    }

    private int qkvOffset(int image) {
        return buffers.qkv + (in.start(image) - in.start(from)) * 3 * width;
    }

    private float[] keyBias() {
        return reducer.proportionalAttention() ? in.logSizes() : null;
    }

    private void reducePiece(int worker, int piece) {
        int image = from + piece;
        int n = in.count(image);
        TokenHost host = host(worker, image);
        int qkv = qkvOffset(image);
        if (needs.contains(Need.MEAN_KEY)) {
            HeadMean.reduce(floats, qkv + width, headDim, heads, 3 * width, n, headDim, host.prepare(Need.MEAN_KEY), 0,
                    headDim);
        }
        if (needs.contains(Need.CLASS_ATTENTION)) {
            float[] scores = host.prepare(Need.CLASS_ATTENTION);
            HeadMean.reduce(classRows, piece * heads * gatherStride, gatherStride, heads, n, 1, n, scores, 0, n);
        }
        if (needs.contains(Need.COLUMN_ATTENTION)) {
            float[] scores = host.prepare(Need.COLUMN_ATTENTION);
            HeadMean.reduce(columnSums, piece * heads * gatherStride, gatherStride, heads, n, 1, n, scores, 0, n);
            for (int j = 0; j < n; j++) {
                scores[j] /= n;
            }
        }
        if (needs.contains(Need.HEAD_MAX_ATTENTION)) {
            System.arraycopy(headMaxColumns, piece * gatherStride, host.prepare(Need.HEAD_MAX_ATTENTION), 0, n);
        }
        if (needs.contains(Need.HEAD_MAX_VALUE)) {
            float[] maxima = headMaxValues[worker] = grown(headMaxValues[worker], n * headDim);
            HeadMax.reduce(floats, qkv + 2 * width, headDim, heads, 3 * width, n, headDim, maxima, 0, headDim);
            sumRows(maxima, n, headDim, host.prepare(Need.HEAD_MAX_VALUE));
        }
        decide(image, host);
    }

    private void inputReducePiece(int worker, int piece) {
        decide(piece, host(worker, piece));
    }

    private TokenHost host(int worker, int image) {
        TokenHost host = hosts[worker];
        int n = in.count(image);
        boolean rowsAreWhole = queries == Integer.MAX_VALUE;
        host.reset(shape, layer, n, rowsAreWhole ? in.rows() : null, in.offset(image));
        if (reducer.tracksSize()) {
            System.arraycopy(in.sizes(), in.start(image), host.prepareSizes(), 0, n);
        }
        return host;
    }

    private void decide(int image, TokenHost host) {
        TokenMap map = maps[image];
        map.reset(host.tokens().count());
        reducer.reduce(host.tokens(), map);
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
        if (out.places() != null) {
            out.places().follow(in.places(), in.start(image), maps[image], image, out.start(image), shape.prefix());
        }
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
