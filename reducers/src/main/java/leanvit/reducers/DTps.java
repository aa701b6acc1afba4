package leanvit.reducers;

import java.util.List;
import java.util.Set;

/**
 * dTPS, inter-block Token Pruning and Squeezing (Wei et al., "Joint Token Pruning and Squeezing Towards More Aggressive
 * Compression of Vision Transformers", CVPR 2023, section 3).
 *
 * <p>At stage s = 1, 2, ..., before its block:
 * <ol>
 * <li>score of a patch: the log-probability that a learned predictor gives to keeping it ({@link TokenPredictor}, of
 *     DynamicViT; one a stage);
 * <li>{@code K = trunc(n0 rho^s)} patches are reserved, by falling score, n0 being the <em>initial</em> count;
 * <li>every other patch is blended into the reserved one most like it ({@link Squeeze}).
 * </ol>
 *
 * <p>Prefix tokens are neither scored nor squeezed. At least one patch stays. Ties: lower index first. NaN never wins.
 */
public final class DTps implements TokenReducer {

    private final Schedule.KeepOfInitial schedule;
    private final List<TokenPredictor> predictors;
    private final String file;

    /**
     * Creates the method.
     *
     * @param schedule   stages and what they keep
     * @param predictors one a stage, all of one width
     * @param file       where the predictors are from, for {@link #spec()}
     * @throws InvalidSpecException where the predictors are not one a stage or differ in width
     */
    public DTps(Schedule.KeepOfInitial schedule, List<TokenPredictor> predictors, String file) {
        this.schedule = schedule;
        this.predictors = List.copyOf(predictors);
        this.file = file;
        if (predictors.size() != schedule.layers().size()) {
            throw new InvalidSpecException(file + " has " + predictors.size() + " predictors for "
                    + schedule.layers().size() + " layers: one a layer is needed");
        }
        for (TokenPredictor predictor : predictors) {
            if (predictor.width() != predictors.get(0).width()) {
                throw new InvalidSpecException(file + " has predictors of width " + predictors.get(0).width() + " and "
                        + predictor.width() + ": all need the model's width");
            }
        }
    }

    @Override
    public String spec() {
        return "dtps:" + schedule.spec() + ",predictors=" + file;
    }

    @Override
    public void check(ModelShape model) {
        schedule.check(spec(), model);
        int width = predictors.get(0).width();
        if (width != model.width()) {
            throw new InvalidSpecException(spec() + ": the predictors are for tokens of width " + width
                    + ", the model's have " + model.width());
        }
    }

    @Override
    public Position position() {
        return Position.BEFORE_BLOCK;
    }

    @Override
    public boolean reducesAt(int layer) {
        return schedule.removesAt(layer);
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public long macs(ModelShape model, int before, int after) {
        // Where nothing goes, the predictor does not run.
        return before == after ? 0 : predictors.get(0).macs(before - model.prefix()) + Squeeze.macs(model, before, after);
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        int prefix = tokens.prefix();
        int patches = tokens.count() - prefix;
        int removed = Math.min(schedule.removed(tokens.model(), tokens.layer(), patches), patches - 1);
        if (removed <= 0) {
            map.identity(tokens.count());
            return;
        }
        TokenPredictor predictor = predictors.get(Schedules.indexOf(schedule.layers(), tokens.layer()));
        float[] scores = tokens.scratch().floats(3, tokens.count());
        predictor.keepLogProbabilities(
                tokens.rows(), tokens.rowOffset(prefix), patches, scores, prefix, tokens.scratch());
        int[] order = Ranking.descending(tokens, scores);
        int width = tokens.model().width();
        map.keepRange(0, prefix);
        Squeeze.squeeze(tokens.rows(), tokens.rowOffset(0), width, width, order, patches - removed, patches, map,
                tokens.scratch());
    }
}
