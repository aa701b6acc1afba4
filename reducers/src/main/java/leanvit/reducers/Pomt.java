package leanvit.reducers;

import java.util.List;
import java.util.Set;

/**
 * Pruning One More Token (Eliopoulos et al., "Pruning One More Token is Enough: Leveraging Latency-Workload
 * Non-Linearities for Vision Transformers on the Edge", WACV 2025). How many tokens to prune is computed
 * beforehand, by {@link PomtSchedule}.
 *
 * <p>In one block, between attention and MLP, with N tokens of which P are the prefix:
 * <ol>
 * <li>{@code a_j}: the attention map's maximum over heads, summed over patch queries, divided by its largest value;
 * <li>{@code z_j}: the values' maximum over heads, summed over a head's features, softmax over all tokens (prefix
 *     included);
 * <li>the {@code T = N - r - P - 1} patches of the largest {@code m_j = a_j + z_j} stay, by falling score;
 * <li>all others become one more token at the end, their plain mean: N - r tokens are left.
 * </ol>
 *
 * <p>r is clamped so that one patch stays beside the mean; with fewer than three patches nothing happens. Ties: lower
 * index first. NaN never wins: a patch whose score is NaN goes into the mean.
 *
 * <p>{@code upstream} counts as the authors' program: T is N - r - 2 whatever P, and nothing happens where T is not
 * above P. (That program also divides a by the largest value of the whole <em>batch</em>, so that an image's result
 * depends on its neighbours. Here it is the image's own in either form.)
 *
 * @param schedule r of each block; in the paper one block alone, {@link Schedule#quarterBlock}
 * @param upstream whether to count as the authors' program
 */
public record Pomt(Schedule schedule, boolean upstream) implements ScheduledReducer {

    private static final Set<Need> NEEDS = Set.of(Need.HEAD_MAX_ATTENTION, Need.HEAD_MAX_VALUE);

    @Override
    public String spec() {
        return "pomt:" + schedule.spec() + (upstream ? ",upstream=on" : "");
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
        int prefix = tokens.prefix();
        int patches = tokens.patches();
        int kept = kept(tokens.count(), prefix, removed);
        if (kept < 1 || kept >= patches) {
            map.identity(tokens.count());
            return;
        }
        int[] order = Ranking.descending(tokens, metric(tokens));
        map.keepRange(0, prefix);
        for (int i = 0; i < kept; i++) {
            map.keep(order[i]);
        }
        int mean = map.add();
        float weight = 1f / (patches - kept);
        for (int i = kept; i < patches; i++) {
            map.merge(order[i], mean, weight);
        }
    }

    /** Returns T, how many patches stay as they are; 0 or less, or all of them, where nothing is to happen. */
    private int kept(int count, int prefix, int r) {
        if (upstream) {
            int kept = count - r - 2;
            return kept > prefix ? kept : 0;
        }
        int patches = count - prefix;
        // Of three patches at least one and the mean of two are left.
        return patches < 3 ? 0 : Math.max(1, patches - r - 1);
    }

    /** Returns m for each token; those of the prefix are not set. */
    private float[] metric(LayerTokens tokens) {
        int count = tokens.count();
        int prefix = tokens.prefix();
        float[] attention = tokens.headMaxAttention();
        float peak = largest(attention, prefix, count);
        float[] value = tokens.headMaxValue();
        float largestValue = largest(value, 0, count);
        double sum = 0;
        for (int j = 0; j < count; j++) {
            sum += shiftedExp(value[j], largestValue);
        }
        float[] metric = tokens.scratch().floats(count);
        for (int j = prefix; j < count; j++) {
            float share = peak > 0 ? attention[j] / peak : attention[j];
            metric[j] = Float.isNaN(value[j]) ? Float.NaN : share + (float) (shiftedExp(value[j], largestValue) / sum);
        }
        return metric;
    }

    /** Returns the largest value, NaN left out; -infinity where there is none. */
    private static float largest(float[] values, int from, int to) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int j = from; j < to; j++) {
            if (values[j] > largest) {
                largest = values[j];
            }
        }
        return largest;
    }

    /** Returns e^(value - largest): 1 for the largest, infinite or not, and 0 for NaN. */
    private static double shiftedExp(float value, float largest) {
        if (value == largest) {
            return 1;
        }
        return Float.isNaN(value) ? 0 : StrictMath.exp((double) value - largest);
    }

    /** {@code pomt:r=56}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "pomt";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("r", "tokens to prune", ""),
                    new Key("layer", "the block in which they go", "a quarter of the depth, 3 of 12 blocks"),
                    new Key("upstream", "whether to count tokens as the authors' program does, on or off", "off"));
        }

        @Override
        public String summary() {
            return "POMT: in one block, the tokens that matter least are all averaged into one extra token.";
        }

        @Override
        public String example() {
            return "pomt:r=56,layer=3";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            int r = settings.whole("r");
            Schedule schedule = settings.has("layer") ? Schedule.oneBlock(r, settings.whole("layer"))
                    : Schedule.quarterBlock(r);
            return new Pomt(schedule, settings.onOff("upstream", false));
        }

        /** r = 56 for 196 patches, in this proportion for others. */
        @Override
        public List<String> usual(ModelShape model) {
            return List.of("pomt:r=" + 2 * model.patches() / 7 + ",layer=" + model.depth() / 4);
        }
    }
}
