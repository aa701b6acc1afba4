package leanvit.vit.weights;

import java.util.Objects;

/**
 * The parts of a Vision Transformer's formula that its tensors do not show: which function an MLP has, how positions
 * enter. What tensors show (LayerScale, q/k norms, biases, registers, a norm before the blocks, relative position
 * tables, a projection behind the pooling) is read from them.
 *
 * @param activation      the MLP's function
 * @param gated           whether the MLP is {@code fc2(f(gate(x))·up(x))}, its gate and up in one matrix, gate first
 *                        (Shazeer 2020: SwiGLU where f is SiLU), rather than {@code fc2(f(fc1(x)))}
 * @param branches        where the norms of attention and MLP stand, and whether the two follow each other
 * @param norm            what a norm is
 * @param prefixPositions which prefix tokens have a row of the position embedding
 * @param positionFit     how that embedding is fitted to other grids
 * @param rotary          rotary positions, or null
 * @param finalNorm       whether a norm stands behind the blocks or behind the pooling
 * @param pool            a learned query's attention where it is other than the blocks', or null
 */
public record Parts(Activation activation, boolean gated, Branches branches, NormKind norm,
                    PrefixPositions prefixPositions, PositionFit positionFit, Rotary rotary, boolean finalNorm,
                    Pool pool) {

    /** An MLP's function. */
    public enum Activation {
        /** {@code x·Φ(x)}. */
        GELU,
        /** {@code x·(1 + tanh(√(2/π)·(x + 0.044715 x³))) / 2}. */
        GELU_TANH,
        /** {@code x·σ(1.702 x)}. */
        QUICK_GELU,
        /** {@code x·σ(x)}. */
        SILU
    }

    /** How a block's two branches are put together. */
    public enum Branches {
        /** {@code x + attention(norm1(x))}, then {@code x + mlp(norm2(x))}. */
        PRE_NORM,
        /** {@code x + norm1(attention(x))}, then {@code x + norm2(mlp(x))} (Liu et al. 2022: "res-post-norm"). */
        POST_NORM,
        /** {@code x + attention(y) + mlp(y)} with {@code y = norm1(x)} (ViT-22B, Dehghani et al. 2023). */
        PARALLEL
    }

    /** What a norm does to a row. */
    public enum NormKind {
        /** LayerNorm: centred and scaled to variance 1, then weight and bias. */
        LAYER,
        /** {@code x / sqrt(mean(x²) + epsilon) · weight} (Zhang and Sennrich 2019). */
        RMS
    }

    /** Which prefix tokens have a row of the position embedding, before those of the patches. */
    public enum PrefixPositions {
        /** All or none, as the number of rows says; it was all where both could be. */
        BY_ROWS,
        /** All. */
        ALL,
        /** All but the registers. */
        NO_REGISTERS,
        /** None. */
        NONE
    }

    /** How a position embedding is fitted to another grid; see {@link PositionEmbedding}. */
    public enum PositionFit {
        /** Bicubic with antialiasing, a = -0.5: timm, and transformers' DINOv2 with registers. */
        ANTIALIASED,
        /** Bicubic without, a = -0.75: transformers' other models. */
        BICUBIC
    }

    /**
     * Rotary positions in two dimensions (EVA-02, Fang et al. 2023; Heo et al. 2024; DINOv3, Siméoni et al. 2025):
     * channel pairs of each head of queries and keys turn by angles, a coordinate times a frequency. Prefix tokens do
     * not turn.
     *
     * @param base             of the frequencies, over 0
     * @param coordinates      what is multiplied by a frequency
     * @param referenceRows    for the coordinates of a reference grid, rows of the grid that the model was trained on
     * @param referenceColumns its columns
     * @param axes             which pairs turn by the row, which by the column
     * @param interleaved      whether a pair are channels 2k and 2k + 1, rather than k and k + d/2
     */
    public record Rotary(double base, Coordinates coordinates, int referenceRows, int referenceColumns, Axes axes,
                         boolean interleaved) {

        /** Checks the base. */
        public Rotary {
            if (!(base > 0) || base == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("base of rotary positions is " + base
                        + ", expected a number over 0");
            }
        }
    }

    /** What a rotary frequency is multiplied by: place i of n along an axis. */
    public enum Coordinates {
        /** {@code 2π·(2(i + 0.5)/n - 1)}: the patch's centre, from -1 to 1 over the image. */
        CENTRED,
        /** {@code i}: the patch's index. */
        INDEX,
        /** {@code i·reference/n}: the patch's index, scaled to the grid that the model was trained on. */
        REFERENCE_GRID,
        /** {@code (i + 1)·reference/n}. */
        REFERENCE_GRID_FROM_ONE
    }

    /** How the d/2 pairs of a head share rows and columns. */
    public enum Axes {
        /** The first d/4 turn by the row, the others by the column, at {@code base^(-4k/d)}, k = 0 .. d/4 - 1. */
        ROWS_FIRST,
        /** The same, by the column first. */
        COLUMNS_FIRST,
        /** Each by both, at frequencies of its block's and head's own, which the tensors have. */
        LEARNED
    }

    /**
     * A learned query's attention that is other than the blocks' own.
     *
     * @param heads    attention heads; they divide the width
     * @param mlpRatio the MLP's channels over the width
     * @param prefix   whether it sees the prefix tokens too
     */
    public record Pool(int heads, double mlpRatio, boolean prefix) {
    }

    /** A plain ViT's: GELU, one branch after the other, absolute positions fitted as timm does. */
    public static final Parts PLAIN = new Parts(Activation.GELU, false, Branches.PRE_NORM, NormKind.LAYER,
            PrefixPositions.BY_ROWS, PositionFit.ANTIALIASED, null, true, null);

    /** Checks that nothing but the rotary positions and the pool is null. */
    public Parts {
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(branches, "branches");
        Objects.requireNonNull(norm, "norm");
        Objects.requireNonNull(prefixPositions, "prefixPositions");
        Objects.requireNonNull(positionFit, "positionFit");
    }

    /** Returns whether MLP and attention read the same rows. */
    public boolean parallel() {
        return branches == Branches.PARALLEL;
    }

    /** Returns whether a norm stands behind each branch, rather than before it. */
    public boolean postNorm() {
        return branches == Branches.POST_NORM;
    }

    Parts with(Activation activation) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts withGate(boolean gated) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(Branches branches) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(NormKind norm) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(PrefixPositions prefixPositions) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(PositionFit positionFit) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(Rotary rotary) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts withFinalNorm(boolean finalNorm) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }

    Parts with(Pool pool) {
        return new Parts(activation, gated, branches, norm, prefixPositions,
                positionFit, rotary, finalNorm, pool);
    }
}
