package leanvit.reducers;

import java.util.List;
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
public record ETps(Schedule schedule) implements ScheduledReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "etps:" + schedule.spec();
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
    public void remove(LayerTokens tokens, int removed, TokenMap map) {
        int patches = tokens.patches();
        int kept = patches - removed;
        int[] order = Ranking.split(tokens, tokens.classAttention(), kept);
        int width = tokens.model().width();
        map.keepRange(0, tokens.prefix());
        Squeeze.squeeze(tokens.rows(), tokens.rowOffset(0), width, width, order, kept, patches, map, tokens.scratch());
    }

    /** {@code etps:keep=0.7}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "etps";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("keep", "share of the present patches that stay: one number, or one per layer", ""),
                    new Key("layers", "blocks in which patches go", Stages.QUARTERS_IN_WORDS));
        }

        @Override
        public String summary() {
            return "eTPS: the tokens that the class token looks at least are merged into the most similar of "
                    + "the others.";
        }

        @Override
        public String example() {
            return "etps:keep=0.7,layers=3/6/9";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new ETps(Schedule.keepOfCurrent(settings.numbers("keep"), settings.stages()));
        }

        @Override
        public List<String> usual(ModelShape model) {
            return List.of("etps:keep=0.7,layers=" + Schedules.joined(Stages.quartersOf(model.depth())));
        }
    }
}
