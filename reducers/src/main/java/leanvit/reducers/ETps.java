package leanvit.reducers;

import java.util.Set;

/**
 * eTPS, intra-block Token Pruning and Squeezing (Wei et al., "Joint Token Pruning and Squeezing Towards More Aggressive
 * Compression of Vision Transformers", CVPR 2023).
 *
 * <p>In each of its blocks, between attention and MLP:
 * <ol>
 * <li>score of a patch: {@code a_j} = mean over heads of the class token's attention to it, as in EViT;
 * <li>{@code K = ceil(rho n)} of the n patches that are there now are reserved, by falling score;
 * <li>every other patch is blended into the reserved one most like it ({@link Squeeze}); no token is added.
 * </ol>
 *
 * <p>Where all n patches stay, nothing happens. At least one patch stays. Ties: lower index first. NaN never wins.
 *
 * @param schedule how many patches go in which block; in the paper {@link Schedule#keepOfCurrent}
 */
public record ETps(Schedule schedule) implements TokenReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "etps:" + schedule.spec();
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
    public long macs(ModelShape model, int before, int after) {
        return Squeeze.macs(model, before, after);
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
        int width = tokens.model().width();
        map.keepRange(0, tokens.prefix());
        Squeeze.squeeze(tokens.rows(), tokens.rowOffset(0), width, width, order, kept, patches, map, tokens.scratch());
    }
}
