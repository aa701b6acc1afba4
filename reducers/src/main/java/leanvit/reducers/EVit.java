package leanvit.reducers;

import java.util.List;
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
public record EVit(Schedule schedule, boolean fuse) implements ScheduledReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "evit:" + schedule.spec() + (fuse ? "" : ",fuse=off");
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
    public void remove(LayerTokens tokens, int removed, TokenMap map) {
        int patches = tokens.patches();
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

    /** {@code evit:keep=0.7}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "evit";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("keep", "share of the present patches that stay: one number, or one per layer", ""),
                    new Key("layers", "blocks in which patches go", Stages.QUARTERS_IN_WORDS),
                    new Key("fuse", "whether the others become one token, on or off", "on"));
        }

        @Override
        public String summary() {
            return "EViT: the tokens that the class token looks at least are fused into one extra token.";
        }

        @Override
        public String example() {
            return "evit:keep=0.7,layers=3/6/9";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new EVit(Schedule.keepOfCurrent(settings.numbers("keep"), settings.stages()),
                    settings.onOff("fuse", true));
        }

        @Override
        public String describe(Settings settings) {
            return settings.onOff("fuse", true) ? summary()
                    : "EViT: the tokens that the class token looks at least are dropped.";
        }

        @Override
        public List<String> usual(ModelShape model) {
            return List.of("evit:keep=0.7,layers=" + Schedules.joined(Stages.quartersOf(model.depth())));
        }
    }
}
