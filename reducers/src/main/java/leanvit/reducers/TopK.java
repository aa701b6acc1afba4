package leanvit.reducers;

import java.util.Set;

/**
 * Top-K pruning by class attention, the plainest baseline: after the attention of a block, the K patches
 * that the class token attends to most (mean over heads) stay, by falling score; the others are dropped.
 *
 * <p>K is what the schedule leaves: {@code n - r} of n patches for a number r a block, or {@code trunc(n0 rho^s)} at
 * stage s for {@link Schedule#keepOfInitial}. At least one patch stays. Ties: lower index first. NaN never wins.
 *
 * @param schedule how many patches go in which block
 */
public record TopK(Schedule schedule) implements TokenReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "topk:" + schedule.spec();
    }

    @Override
    public void check(ModelShape model) {
        schedule.check(spec(), model);
        Ranking.requireClassToken(spec(), model);
    }

    @Override
    public boolean reducesAt(int layer) {
        return schedule.removesAt(layer);
    }

    @Override
    public Set<Need> needs() {
        return NEEDS;
    }

    @Override
    public boolean readsRows() {
        return false;
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        int patches = tokens.count() - tokens.prefix();
        int removed = Math.min(schedule.removed(tokens.model(), tokens.layer(), patches), patches - 1);
        if (removed <= 0) {
            map.identity(tokens.count());
            return;
        }
        int kept = patches - removed;
        int[] order = Ranking.split(tokens, tokens.classAttention(), kept);
        map.keepRange(0, tokens.prefix());
        for (int i = 0; i < kept; i++) {
            map.keep(order[i]);
        }
        for (int i = kept; i < patches; i++) {
            map.drop(order[i]);
        }
    }
}
