package leanvit.reducers;

import java.util.List;
import java.util.Set;

/**
 * Top-K pruning by class attention, the plainest baseline: after the attention of a block, the K patches
 * that the class token attends to most (mean over heads) stay, by falling score; the others are dropped.
 *
 * <p>K is what the schedule leaves: {@code n - r} of n patches for a number r per block, or {@code trunc(n0 rho^s)} at
 * stage s for {@link Schedule#keepOfInitial}. At least one patch stays. Ties: lower index first. NaN never wins.
 *
 * @param schedule how many patches go in which block
 */
public record TopK(Schedule schedule) implements ScheduledReducer {

    private static final Set<Need> NEEDS = Set.of(Need.CLASS_ATTENTION);

    @Override
    public String spec() {
        return "topk:" + schedule.spec();
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

    /** {@code topk:keep=0.7} and {@code topk:r=8}. */
    public static final class Method implements ReducerMethod {

        private static final String KEEP_EXAMPLE = "topk:keep=0.7,layers=3/6/9";

        @Override
        public String name() {
            return "topk";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("keep", "share of the initial patches that stay: one rate, of which stage s keeps the s-th "
                            + "power, or one share per layer", ""),
                    new Key("layers", "blocks in which patches go", Stages.QUARTERS_IN_WORDS),
                    new Key("r", "instead of both: patches to drop per block, one number, or one for each of the first "
                            + "blocks", "none"));
        }

        @Override
        public String summary() {
            return "Top-K: the tokens that the class token looks at least are dropped.";
        }

        @Override
        public String example() {
            return KEEP_EXAMPLE;
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            if (!settings.has("r")) {
                if (!settings.has("keep")) {
                    throw new InvalidSpecException("needs keep or r, such as " + KEEP_EXAMPLE + " or topk:r=8");
                }
                return new TopK(Schedule.keepOfInitial(settings.numbers("keep"), settings.stages()));
            }
            if (settings.has("keep") || settings.has("layers")) {
                throw new InvalidSpecException(
                        "r goes without keep and layers: it holds for every block, a list block by block");
            }
            return new TopK(settings.removals());
        }

        @Override
        public List<String> usual(ModelShape model) {
            return List.of("topk:keep=0.7,layers=" + Schedules.joined(Stages.quartersOf(model.depth())));
        }
    }
}
