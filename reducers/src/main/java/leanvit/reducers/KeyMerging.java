package leanvit.reducers;

import java.util.Set;

/**
 * What ToMe and its variants share: tokens are compared by their keys, averaged over heads, and a token is the average
 * of what merged into it by size, which attention of later blocks adds as ln(size).
 */
interface KeyMerging extends TokenReducer {

    /** What is asked of attention. */
    Set<Need> NEEDS = Set.of(Need.MEAN_KEY);

    @Override
    default Set<Need> needs() {
        return NEEDS;
    }

    @Override
    default boolean tracksSize() {
        return true;
    }

    @Override
    default boolean proportionalAttention() {
        return true;
    }

    @Override
    default boolean readsRows() {
        return false;
    }
}
