package leanvit.vit.pass;

import java.util.Arrays;
import leanvit.kernels.Attention;
import leanvit.kernels.Gemm.Epilogue;
import leanvit.kernels.PackedMatrix;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;

/**
 * What follows the last block: the last norm, the pooling, and behind it features and logits.
 *
 * <pre>
 *   TOKEN              norm(the class token's row)
 *   AVERAGE            fc_norm(mean of norm(x) over the patches), each patch of the image counted once
 *   TOKEN_AND_AVERAGE  both side by side
 *   ATTENTION          {@link AttentionPool} of norm(x), ln(size) added to the scores
 * </pre>
 *
 * Of the norms a model has one. Holds the scratch of one thread.
 */
public final class Readout {

    private final PackedVit model;
    private final VitConfig config;
    private final BlockPass blocks;
    private final Gemms gemms;
    private final int width;
    private final int prefix;
    /** The first token that a learned query sees. */
    private final int poolFrom;
    /** Rows that an image has in {@link #pooled}; the first makes the features. */
    private final int slots;
    private final Attention attention;
    private float[] pooled = {};
    private float[] normed = {};
    private float[] hidden = {};
    private float[] distilled = {};

    public Readout(PackedVit model, BlockPass blocks) {
        this.model = model;
        this.blocks = blocks;
        config = model.config();
        gemms = blocks.gemms();
        width = config.width();
        prefix = model.shape().prefix();
        poolFrom = config.parts().pool() != null && config.parts().pool().prefix() ? 0 : prefix;
        slots = config.distilled() || config.pooling() == Pooling.TOKEN_AND_AVERAGE ? 2 : 1;
        attention = new Attention(config.poolHeads(), width / config.poolHeads());
    }

    /** Returns how many of the first tokens are all that is read; 0 where others are. */
    public int prefixRead() {
        return config.pooling() == Pooling.TOKEN ? slots : 0;
    }

    /** Returns room for the rows of {@link #prefixRead}, [images, {@link #prefixRead}, C], to be written there. */
    public float[] prefixRows(int images) {
        pooled = grown(pooled, images * slots * width);
        return pooled;
    }

    /** Takes the rows of {@link #prefixRead} from the tokens. */
    public void takePrefix(TokenBatch x) {
        float[] rows = prefixRows(x.images());
        for (int image = 0; image < x.images(); image++) {
            System.arraycopy(x.rows(), x.offset(image), rows, image * slots * width, slots * width);
        }
    }

    /**
     * Pools the tokens, or what {@link #prefixRows} holds of them.
     *
     * @param sized whether tokens have sizes
     */
    public void pool(TokenBatch x, boolean sized) {
        int images = x.images();
        pooled = grown(pooled, images * slots * width);
        if (config.pooling() == Pooling.TOKEN) {
            norm(model.norm() != null ? model.norm() : model.fcNorm(), pooled, 0, images * slots);
            return;
        }
        norm(model.norm(), x.rows(), x.offset(0), x.start(images));
        for (int image = 0; image < images; image++) {
            int to = image * slots * width;
            switch (config.pooling()) {
                case AVERAGE -> average(x, image, sized, to);
                case TOKEN_AND_AVERAGE -> {
                    System.arraycopy(x.rows(), x.offset(image), pooled, to, width);
                    average(x, image, sized, to + width);
                }
                default -> attend(x, image, sized, to);
            }
        }
        norm(model.fcNorm(), pooled, 0, images * slots);
        if (model.pool() != null) {
            attentionMlp(model.pool(), images);
        }
    }

    private void norm(Norm norm, float[] rows, int offset, int count) {
        if (norm != null) {
            norm.rows(rows, offset, width, count, rows, offset, width);
        }
    }

    /** Averages patch tokens; where they carry sizes, each patch of the image counts once. */
    private void average(TokenBatch x, int image, boolean sized, int to) {
        Arrays.fill(pooled, to, to + width, 0f);
        float total = 0f;
        for (int i = prefix; i < x.count(image); i++) {
            float weight = sized ? x.sizes()[x.start(image) + i] : 1f;
            int row = x.offset(image) + i * width;
            for (int c = 0; c < width; c++) {
                pooled[to + c] += weight * x.rows()[row + c];
            }
            total += weight;
        }
        for (int c = 0; c < width && total > 0; c++) {
            pooled[to + c] /= total;
        }
    }

    /** The learned query's attention to an image's patch tokens, or to all; 0 where none are left. */
    private void attend(TokenBatch x, int image, boolean sized, int to) {
        AttentionPool pool = model.pool();
        PassBuffers room = blocks.buffers();
        int patches = x.count(image) - poolFrom;
        if (patches == 0) {
            Arrays.fill(pooled, to, to + width, 0f);
            return;
        }
        System.arraycopy(pool.query(), 0, room.floats, room.qkv, width);
        gemms.multiply(patches, x.rows(), x.offset(image) + poolFrom * width, width, pool.kv(), Epilogue.NONE,
                room.floats, room.qkv + width, 3 * width);
        attention.tokens(patches, room.floats, room.qkv, 3 * width)
                .keyBias(sized ? x.logSizes() : null, x.start(image) + poolFrom)
                .into(room.floats, room.normed, width).scratch(room.floats, room.attention[0]);
        for (int head = 0; head < config.poolHeads(); head++) {
            attention.head(head, 1);
        }
        gemms.multiply(1, room.floats, room.normed, width, pool.proj(), Epilogue.NONE, pooled, to, width);
    }

    private void attentionMlp(AttentionPool pool, int images) {
        normed = grown(normed, images * width);
        hidden = grown(hidden, images * config.poolHidden());
        pool.norm().rows(pooled, 0, width, images, normed, 0, width);
        gemms.multiply(images, normed, 0, width, pool.fc1(), BlockPass.epilogue(config.parts().activation()), hidden,
                0, config.poolHidden());
        gemms.multiply(images, hidden, 0, config.poolHidden(), pool.fc2(), Epilogue.RESIDUAL, pooled, 0, width);
    }

    /** Writes the feature vectors of {@code count} pooled images from {@code image} on, [count, features]. */
    public float[] features(int image, int count) {
        int from = image * slots * width;
        PackedMatrix last = model.projection() != null ? model.projection() : model.pooler();
        float[] features = new float[count * model.features()];
        if (last == null) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(pooled, from + i * slots * width, features, i * width, width);
            }
            return features;
        }
        gemms.multiply(count, pooled, from, slots * width, last, Epilogue.NONE, features, 0, last.columns());
        for (int i = 0; last == model.pooler() && i < features.length; i++) {
            features[i] = (float) Math.tanh(features[i]);
        }
        return features;
    }

    /** Returns what the classifier reads of {@code count} pooled images, [count, C], or two rows of each. */
    public float[] pooled(int count) {
        return Arrays.copyOf(pooled, count * slots * width);
    }

    /** Returns the logits of the pooled images, [images, classes]; those of a distilled model are two means. */
    public float[] logits(int images) {
        float[] logits = new float[images * config.classes()];
        if (model.head() == null) {
            return logits;
        }
        gemms.multiply(images, pooled, 0, slots * width, model.head(), Epilogue.NONE, logits, 0, config.classes());
        if (model.distilledHead() != null) {
            distilled = grown(distilled, logits.length);
            gemms.multiply(images, pooled, width, slots * width, model.distilledHead(), Epilogue.NONE, distilled, 0,
                    config.classes());
            for (int i = 0; i < logits.length; i++) {
                logits[i] = (logits[i] + distilled[i]) / 2;
            }
        }
        return logits;
    }

    private static float[] grown(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
