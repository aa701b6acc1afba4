package leanvit.vit.weights;

/**
 * What a config says about parts that show in a checkpoint's tensors too; null where it says nothing and the tensors
 * alone decide.
 *
 * @param qkvBias      whether queries, keys and values have a bias
 * @param qkNorm       whether queries and keys are normalised
 * @param layerScale   whether each branch is scaled per channel
 * @param classToken   whether there is a class token
 * @param embedPrefix  whether the position embedding has rows for the prefix tokens
 * @param registers    how many register tokens there are
 * @param preNorm      whether a LayerNorm stands before the blocks
 * @param fcNorm       whether the last LayerNorm stands after the pooling
 */
record Features(Boolean qkvBias, Boolean qkNorm, Boolean layerScale, Boolean classToken, Boolean embedPrefix,
                Integer registers, Boolean preNorm, Boolean fcNorm) {

    /** A config that leaves all to the tensors. */
    static final Features UNSAID = new Features(null, null, null, null, null, null, null, null);
}
