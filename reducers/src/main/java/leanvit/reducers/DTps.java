package leanvit.reducers;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * dTPS, inter-block Token Pruning and Squeezing (Wei et al., "Joint Token Pruning and Squeezing Towards More Aggressive
 * Compression of Vision Transformers", CVPR 2023, section 3).
 *
 * <p>At stage s = 1, 2, ..., before its block:
 * <ol>
 * <li>score of a patch: the log-probability that a learned predictor gives to keeping it ({@link TokenPredictor}, of
 *     DynamicViT; one per stage);
 * <li>{@code K = trunc(n0 rho^s)} patches are reserved, by falling score, n0 being the <em>initial</em> count;
 * <li>every other patch is blended into the reserved one most like it ({@link Squeeze}); without the squeeze it is
 *     dropped, which is DynamicViT (Rao et al., NeurIPS 2021), TPS's baseline.
 * </ol>
 *
 * <p>Prefix tokens are neither scored nor squeezed. At least one patch stays. Ties: lower index first. NaN never wins.
 */
public final class DTps implements ScheduledReducer {

    private final Schedule.KeepOfInitial schedule;
    private final List<TokenPredictor> predictors;
    private final String file;
    private final boolean squeezes;

    /**
     * Creates the method, with the squeeze.
     *
     * @param schedule   stages and what they keep
     * @param predictors one per stage, all of one width
     * @param file       where the predictors are from, for {@link #spec()}
     * @throws InvalidSpecException where the predictors are not one per stage or differ in width
     */
    public DTps(Schedule.KeepOfInitial schedule, List<TokenPredictor> predictors, String file) {
        this(schedule, predictors, file, true);
    }

    private DTps(Schedule.KeepOfInitial schedule, List<TokenPredictor> predictors, String file, boolean squeezes) {
        this.squeezes = squeezes;
        this.schedule = schedule;
        this.predictors = List.copyOf(predictors);
        this.file = file;
        if (predictors.size() != schedule.stages().count()) {
            throw new InvalidSpecException(file + " has " + predictors.size() + " predictors for "
                    + schedule.stages().count() + " layers: one per layer is needed");
        }
        for (TokenPredictor predictor : predictors) {
            if (predictor.width() != predictors.get(0).width()) {
                throw new InvalidSpecException(file + " has predictors of width " + predictors.get(0).width() + " and "
                        + predictor.width() + ": all need the model's width");
            }
        }
    }

    /**
     * Reads the predictors of all stages from a file ({@link TokenPredictor#fromTensors}).
     *
     * @param file  the file, as {@code files} takes it
     * @param files reads it
     * @throws InvalidSpecException naming the tensor that misses or has another shape
     * @throws IOException          where the file cannot be read
     */
    public static DTps read(Schedule.KeepOfInitial schedule, String file, TensorFiles files) throws IOException {
        Map<String, TensorFiles.Tensor> tensors = files.read(file);
        List<TokenPredictor> predictors = new ArrayList<>();
        while (predictors.isEmpty() || TokenPredictor.isIn(tensors, predictors.size())) {
            predictors.add(TokenPredictor.fromTensors(tensors, predictors.size(), file));
        }
        return new DTps(schedule, predictors, file);
    }

    /** Returns the same without the squeeze: what is not reserved is dropped (DynamicViT). */
    public DTps withoutSqueeze() {
        return new DTps(schedule, predictors, file, false);
    }

    /** Returns whether pruned patches are blended into reserved ones; otherwise they are dropped. */
    public boolean squeezes() {
        return squeezes;
    }

    @Override
    public Schedule.KeepOfInitial schedule() {
        return schedule;
    }

    /** Returns the predictors, one per stage. */
    public List<TokenPredictor> predictors() {
        return predictors;
    }

    @Override
    public String spec() {
        return "dtps:" + schedule.spec() + ",predictors=" + Settings.quote(file) + (squeezes ? "" : ",squeeze=off");
    }

    @Override
    public void check(ModelShape model) {
        ScheduledReducer.super.check(model);
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
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public long macs(ModelShape model, int before, int after) {
        // Where nothing goes, the predictor does not run.
        return before == after ? 0
                : predictors.get(0).macs(before - model.prefix())
                        + (squeezes ? Squeeze.macs(model, before, after) : 0);
    }

    @Override
    public void remove(LayerTokens tokens, int removed, TokenMap map) {
        int prefix = tokens.prefix();
        int patches = tokens.patches();
        TokenPredictor predictor = predictors.get(schedule.stages().indexOf(tokens.model(), tokens.layer()));
        float[] scores = tokens.scratch().floats(tokens.count());
        predictor.keepLogProbabilities(
                tokens.rows(), tokens.rowOffset(prefix), patches, scores, prefix, tokens.scratch());
        int[] order = Ranking.descending(tokens, scores);
        int width = tokens.model().width();
        map.keepRange(0, prefix);
        if (!squeezes) {
            for (int i = 0; i < patches; i++) {
                if (i < patches - removed) {
                    map.keep(order[i]);
                } else {
                    map.drop(order[i]);
                }
            }
            return;
        }
        Squeeze.squeeze(tokens.rows(), tokens.rowOffset(0), width, width, order, patches - removed, patches, map,
                tokens.scratch());
    }

    /** {@code dtps:keep=0.7,predictors=FILE}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "dtps";
        }

        @Override
        public List<Key> keys() {
            return List.of(
                    new Key("keep", "share of the initial patches that stay: one rate, of which stage s keeps the s-th "
                            + "power, or one share per layer", ""),
                    new Key("layers", "blocks before which patches go", Stages.QUARTERS_IN_WORDS),
                    new Key("predictors", "file of the learned predictors, one per layer", ""),
                    new Key("squeeze", "off drops the others instead of merging them, as DynamicViT does", "on"));
        }

        @Override
        public String summary() {
            return "dTPS: the tokens that a small learned network finds unimportant are merged into the most similar "
                    + "of the others.";
        }

        @Override
        public String example() {
            return "dtps:keep=0.7,layers=3/6/9,predictors=FILE.safetensors";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) throws IOException {
            Schedule.KeepOfInitial schedule = Schedule.keepOfInitial(settings.numbers("keep"), settings.stages());
            boolean squeezes = settings.onOff("squeeze", true);
            DTps dtps = read(schedule, settings.text("predictors"), files);
            return squeezes ? dtps : dtps.withoutSqueeze();
        }

        @Override
        public List<String> usual(ModelShape model) {
            return List.of();
        }
    }
}
