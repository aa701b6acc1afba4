package leanvit.reducers;

/** What a reducer needs from the attention of its block. The attention kernel gathers what is asked for and no more. */
public enum Need {

    /** Keys, averaged over heads: {@link LayerTokens#meanKey()}. */
    MEAN_KEY,

    /** The class token's row of the attention map, averaged over heads: {@link LayerTokens#classAttention()}. */
    CLASS_ATTENTION,

    /** Column means of the attention map over heads and queries: {@link LayerTokens#columnAttention()}. */
    COLUMN_ATTENTION,

    /**
     * Column sums over patch queries of the attention map's maximum over heads: {@link LayerTokens#headMaxAttention()}.
     */
    HEAD_MAX_ATTENTION,

    /** Values, maximum over heads, summed over the head's features: {@link LayerTokens#headMaxValue()}. */
    HEAD_MAX_VALUE;

    static final int COUNT = values().length;
}
