package leanvit.reducers;

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
 * <p>{@code upstream} does as the authors' program: T is N - r - 2 whatever P, nothing happens where T is not above P,
 * and a is divided by the largest value of the whole <em>batch</em>, so that an image's result depends on its
 * neighbours.
 *
 * @param schedule r of each block; in the paper {@link Schedule#oneBlock}
 * @param upstream whether to do as the authors' program
 */
public record Pomt(Schedule schedule, boolean upstream) implements TokenReducer {

    private static final Set<Need> NEEDS = Set.of(Need.HEAD_MAX_ATTENTION, Need.HEAD_MAX_VALUE);

    @Override
    public String spec() {
        return "pomt:" + schedule.spec() + (upstream ? ",upstream=on" : "");
    }

    @Override
    public void check(ModelShape model) {
        schedule.check(spec(), model);
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
    public boolean seesWholeBatch() {
        return upstream;
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        int r = schedule.removed(tokens.model(), tokens.layer(), patches);
        int kept = kept(tokens.count(), prefix, r);
        if (r <= 0 || kept < 1 || kept >= patches) {
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

    /** Returns T, the patches that stay as they are; 0 or less, or all of them, where nothing is to happen. */
    private int kept(int count, int prefix, int r) {
        if (upstream) {
            long kept = (long) count - r - 2;
            return kept > prefix ? (int) kept : 0;
        }
        int patches = count - prefix;
        // One patch and the mean of two are the least that is left of three.
        return patches < 3 ? 0 : (int) Math.max(1, (long) patches - r - 1);
    }

    /** Returns m, a value for each token of which the prefix's are not set. */
    private float[] metric(LayerTokens tokens) {
        int count = tokens.count();
        int prefix = tokens.prefix();
        float[] attention = tokens.headMaxAttention();
        float peak = upstream ? tokens.batchHeadMaxPeak() : largest(attention, prefix, count);
        float[] value = tokens.headMaxValue();
        float largestValue = largest(value, 0, count);
        double sum = 0;
        for (int j = 0; j < count; j++) {
            sum += shiftedExp(value[j], largestValue);
        }
        float[] metric = tokens.scratch().floats(3, count);
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
}
