package leanvit.vit.weights;

/**
 * What a config says about parts that show in a checkpoint's tensors too; null where it says nothing and the tensors
 * alone decide.
 *
 * @param queryBias    whether queries have a bias
 * @param keyBias      whether keys have one
 * @param valueBias    whether values have one
 * @param branchBias   whether the last layer of attention, and of the MLP, must have one
 * @param qkNorm       whether queries and keys are normalised
 * @param layerScale   whether each branch is scaled per channel
 * @param classToken   whether there is a class token
 * @param registers    how many register tokens there are
 * @param preNorm      whether a LayerNorm stands before the blocks
 * @param fcNorm       whether the last LayerNorm stands after the pooling
 * @param absolute     whether there is an absolute position embedding
 * @param relative     whether there is a relative position bias
 * @param projection   whether a matrix stands behind the pooling
 * @param embedNorm    whether the patches are normalised before their positions are added
 */
record Features(Boolean queryBias, Boolean keyBias, Boolean valueBias, boolean branchBias, Boolean qkNorm,
                Boolean layerScale, Boolean classToken, Integer registers, Boolean preNorm, Boolean fcNorm,
                boolean absolute, Relative relative, boolean projection, Boolean embedNorm) {

    /** A relative position bias: of each block's own, of one table for all, or none. */
    enum Relative { NONE, PER_BLOCK, SHARED }

    /** A plain model's: all that is not said here is the tensors' to say. */
    static final Features UNSAID = new Features(null, null, null, true, null, null, null, null, null, null, true,
            Relative.NONE, false, null);

    Features withBias(Boolean query, Boolean key, Boolean value) {
        return new Features(query, key, value, branchBias, qkNorm, layerScale, classToken, registers, preNorm, fcNorm,
                absolute, relative, projection, embedNorm);
    }
}
