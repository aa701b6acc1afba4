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
 * @param parallel        whether MLP and attention read the same normalised rows and their sum is added (ViT-22B,
 *                        Dehghani et al. 2023), rather than one after the other
 * @param prefixPositions which prefix tokens have a row of the position embedding
 * @param positionFit     how that embedding is fitted to other grids
 * @param rotary          rotary positions, or null
 * @param finalNorm       whether a LayerNorm stands behind the blocks or behind the pooling
 */
public record Parts(Activation activation, boolean gated, boolean parallel, PrefixPositions prefixPositions,
                    PositionFit positionFit, Rotary rotary, boolean finalNorm) {

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
     * Rotary positions in two dimensions (DINOv3, Siméoni et al. 2025; EVA-02, Fang et al. 2023): channel pairs of each
     * head of queries and keys turn by angles; of d/2 pairs the first d/4 by the row, the others by the column, with
     * frequencies {@code base^(-4k/d)}, k = 0 .. d/4 - 1. Prefix tokens do not turn.
     *
     * @param base             of the frequencies, over 0
     * @param coordinates      what is multiplied by a frequency
     * @param referenceRows    for {@link Coordinates#REFERENCE_GRID}, rows of the grid that the model was trained on
     * @param referenceColumns its columns
     * @param interleaved      whether a pair are channels 2k and 2k + 1, rather than k and k + d/2
     */
    public record Rotary(double base, Coordinates coordinates, int referenceRows, int referenceColumns,
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
        /** {@code i·reference/n}: the patch's index, scaled to the grid that the model was trained on. */
        REFERENCE_GRID
    }

    /** A plain ViT's: GELU, one branch after the other, absolute positions fitted as timm does. */
    public static final Parts PLAIN = new Parts(Activation.GELU, false, false, PrefixPositions.BY_ROWS,
            PositionFit.ANTIALIASED, null, true);

    /** Checks that nothing but the rotary positions is null. */
    public Parts {
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(prefixPositions, "prefixPositions");
        Objects.requireNonNull(positionFit, "positionFit");
    }

    Parts with(Activation activation) {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts withGate(boolean gated) {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts with(PrefixPositions prefixPositions) {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts with(PositionFit positionFit) {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts with(Rotary rotary) {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts inParallel() {
        return new Parts(activation, gated, true, prefixPositions, positionFit, rotary, finalNorm);
    }

    Parts withoutFinalNorm() {
        return new Parts(activation, gated, parallel, prefixPositions, positionFit, rotary, false);
    }
}
