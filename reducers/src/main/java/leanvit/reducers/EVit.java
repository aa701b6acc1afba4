package leanvit.reducers;

import java.util.Set;

/**
 * EViT (Liang et al., "Not All Patches are What You Need: Expediting Vision Transformers via Token Reorganizations",
 * ICLR 2022, section 3).
 *
 * <p>In each of its blocks, between attention and MLP:
 * <ol>
 * <li>score of a patch: {@code a_j} = mean over heads of the class token's attention to it;
 * <li>{@code K = ceil(rho n)} of the n patches that are there now stay, by falling score (an earlier fused token counts
 *     as a patch);
 * <li>the others become one more token at the end, {@code sum a_i x_i}: weighted by attention and <em>not</em>
 *     normalised; or are dropped, without {@code fuse}.
 * </ol>
 *
 * <p>Where all n patches stay, nothing happens. At least one patch stays. Ties: lower index first. NaN never wins, and
 * a patch whose score is NaN adds nothing to the fused token.
 *
 * @param schedule how many patches go in which block; in the paper {@link Schedule#keepOfCurrent}
 * @param fuse     whether the others become one token
 */
public record EVit(Schedule schedule, boolean fuse) implements TokenReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "evit:" + schedule.spec() + (fuse ? "" : ",fuse=off");
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
        float[] attention = tokens.classAttention();
        int kept = patches - removed;
        int[] order = Ranking.split(tokens, attention, kept);
        map.keepRange(0, tokens.prefix());
        for (int i = 0; i < kept; i++) {
            map.keep(order[i]);
        }
        int fused = -1;
        for (int i = kept; i < patches; i++) {
            float weight = attention[order[i]];
            if (fuse && !Float.isNaN(weight)) {
                fused = fused < 0 ? map.add() : fused;
                map.merge(order[i], fused, weight);
            } else {
                map.drop(order[i]);
            }
        }
    }
}
