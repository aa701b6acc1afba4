package leanvit.reducers;

import java.util.List;

/**
 * How many patch tokens go in which block, in each of the forms in which the papers state it. What a method does with
 * the number (merge, prune, squeeze), and how it clamps one that is too large, is the method's own.
 *
 * <p>Blocks count from 0. Values are immutable.
 */
public sealed interface Schedule {

    /**
     * Returns how many patch tokens are to go in a block, at least 0, and possibly more than there are.
     *
     * @param layer   the block
     * @param model   the host, for its depth and its initial count of patches
     * @param patches patch tokens that the image has now (prefix tokens not counted)
     */
    int removed(ModelShape model, int layer, int patches);

    /** Returns whether any token may go in block {@code layer} of a model. */
    boolean removesAt(ModelShape model, int layer);

    /**
     * Checks this schedule against a model.
     *
     * @param reducer the method's SPEC, for the message
     * @throws InvalidSpecException where it names blocks that the model lacks
     */
    default void check(String reducer, ModelShape model) {
    }

    /** Returns the part of a SPEC that says this, such as {@code r=16,inflect=-1}. */
    String spec();

    /** The same r in every block. */
    static Schedule constant(int r) {
        return new Constant(r);
    }

    /** About r per block, falling or rising linearly over the depth: ToMe's {@code (r, inflect)}. */
    static Schedule inflected(int r, double inflect) {
        return new Inflected(r, inflect);
    }

    /** One r per block from block 0 on, and 0 in the blocks beyond the list. */
    static Schedule perBlock(List<Integer> r) {
        return new PerBlock(r);
    }

    /** r in one block alone. */
    static Schedule oneBlock(int r, int layer) {
        return new OneBlock(r, layer);
    }

    /** r in one block alone, at a quarter of the depth: block 3 of 12. */
    static Schedule quarterBlock(int r) {
        return new QuarterBlock(r);
    }

    /**
     * At stage s = 1, 2, ... keep a share of the <em>initial</em> patches: rho^s for one rate, or the rate given for s.
     */
    static KeepOfInitial keepOfInitial(List<Double> rates, Stages stages) {
        return new KeepOfInitial(rates, stages);
    }

    /** {@link #keepOfInitial(List, Stages)} in given blocks, at least one. */
    static KeepOfInitial keepOfInitial(List<Double> rates, List<Integer> layers) {
        return new KeepOfInitial(rates, Stages.at(layers));
    }

    /**
     * At every stage keep a share of the patches that are there <em>now</em>: one rate for all stages or one per stage.
     */
    static KeepOfCurrent keepOfCurrent(List<Double> rates, Stages stages) {
        return new KeepOfCurrent(rates, stages);
    }

    /** {@link #keepOfCurrent(List, Stages)} in given blocks, at least one. */
    static KeepOfCurrent keepOfCurrent(List<Double> rates, List<Integer> layers) {
        return new KeepOfCurrent(rates, Stages.at(layers));
    }

    /**
     * The same r in every block.
     *
     * @param r tokens to remove per block, at least 0
     */
    record Constant(int r) implements Schedule {

        /** Checks r. */
        public Constant {
            Schedules.checkRemoval(r);
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            return r;
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            return r > 0;
        }

        @Override
        public String spec() {
            return "r=" + r;
        }
    }

    /**
     * ToMe's {@code (r, inflect)}: {@code min = trunc(r (1 - inflect))}, {@code max = 2 r - min}, and in block i of L
     * {@code trunc(min + i (max - min) / (L - 1))}; in a network of one block, r. An inflect of -1 falls from 2r to 0,
     * +1 rises from 0 to 2r. Truncation may take a few off the sum: r = 16 and inflect = -1 over 12 blocks give 187,
     * not 192.
     *
     * @param r       tokens to remove per block in the mean, at least 0
     * @param inflect the slope, -1 to 1
     */
    record Inflected(int r, double inflect) implements Schedule {

        /** Checks the values. */
        public Inflected {
            Schedules.checkRemoval(r);
            if (!(inflect >= -1 && inflect <= 1)) {
                throw new InvalidSpecException("inflect=" + inflect + " is not a number from -1 to 1");
            }
            inflect += 0.0; // -0.0 becomes 0.0, so that equal SPECs are equal values
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            int depth = model.depth();
            if (depth <= 1) {
                return r;
            }
            double min = (long) (r * (1.0 - inflect));
            double max = 2.0 * r - min;
            double step = (max - min) / (depth - 1);
            return (int) (min + step * layer);
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            return r > 0;
        }

        @Override
        public String spec() {
            return "r=" + r + ",inflect=" + Schedules.text(inflect);
        }
    }

    /**
     * One r per block, and 0 in the blocks beyond the list ("merge in the first k blocks alone").
     *
     * @param r tokens to remove in blocks 0, 1, ..., each at least 0; no more of them than the model has blocks
     */
    record PerBlock(List<Integer> r) implements Schedule {

        /** Checks and copies the values. */
        public PerBlock {
            r = List.copyOf(r);
            if (r.isEmpty()) {
                throw new InvalidSpecException("a list of r needs at least one value");
            }
            r.forEach(Schedules::checkRemoval);
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            return layer < r.size() ? r.get(layer) : 0;
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            return layer < r.size() && r.get(layer) > 0;
        }

        @Override
        public void check(String reducer, ModelShape model) {
            if (r.size() > model.depth()) {
                throw new InvalidSpecException(reducer + ": " + r.size() + " values of r, but the model has "
                        + model.depth() + " blocks: give at most " + model.depth());
            }
        }

        @Override
        public String spec() {
            // One value alone would read back as a constant.
            return "r=" + Schedules.joined(r) + (r.size() == 1 ? "/0" : "");
        }
    }

    /**
     * r in one block alone.
     *
     * @param r     tokens to remove, at least 0
     * @param layer the block
     */
    record OneBlock(int r, int layer) implements Schedule {

        /** Checks the values. */
        public OneBlock {
            Schedules.checkRemoval(r);
            Schedules.checkLayers(List.of(layer));
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            return layer == this.layer ? r : 0;
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            return layer == this.layer && r > 0;
        }

        @Override
        public void check(String reducer, ModelShape model) {
            Schedules.checkDepth(reducer, layer, model);
        }

        @Override
        public String spec() {
            return "r=" + r + ",layer=" + layer;
        }
    }

    /**
     * r in one block alone, at a quarter of the depth: block L/4 of L, rounded down.
     *
     * @param r tokens to remove, at least 0
     */
    record QuarterBlock(int r) implements Schedule {

        /** Checks r. */
        public QuarterBlock {
            Schedules.checkRemoval(r);
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            return layer == model.depth() / 4 ? r : 0;
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            return layer == model.depth() / 4 && r > 0;
        }

        @Override
        public String spec() {
            return "r=" + r;
        }
    }

    /**
     * Cumulative keep rates: before or in the block of stage s = 1, 2, ..., {@code trunc(n0 rate_s)} patches
     * stay, n0 the initial count and {@code rate_s = rho^s} for one rate rho, or the s-th of the list. At least one
     * patch stays.
     *
     * @param rates  one rate, or one per stage and none above the one before; each in (0, 1]
     * @param stages where the stages are
     */
    record KeepOfInitial(List<Double> rates, Stages stages) implements Schedule {

        /** Checks and copies the values. */
        public KeepOfInitial {
            rates = List.copyOf(rates);
            Schedules.checkRates(rates, stages);
            for (int s = 1; s < rates.size(); s++) {
                if (rates.get(s) > rates.get(s - 1)) {
                    throw new InvalidSpecException("keep=" + Schedules.texts(rates) + " rises at stage " + s
                            + ": the rates are shares of the initial patches, none may be above the one before");
                }
            }
        }

        /** Returns the share of the initial patches that stage {@code stage}, counted from 0, keeps. */
        public double rate(int stage) {
            // Not rounded in between: the published counts come from truncating the products of IEEE doubles.
            return rates.size() == 1 ? StrictMath.pow(rates.get(0), stage + 1) : rates.get(stage);
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            int stage = stages.indexOf(model, layer);
            if (stage < 0) {
                return 0;
            }
            int kept = Math.max(1, (int) (model.patches() * rate(stage)));
            return Math.max(0, patches - kept);
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            int stage = stages.indexOf(model, layer);
            return stage >= 0 && rate(stage) < 1;
        }

        @Override
        public void check(String reducer, ModelShape model) {
            stages.check(reducer, model);
        }

        @Override
        public String spec() {
            return "keep=" + Schedules.texts(rates) + stages.spec();
        }
    }

    /**
     * Keep rates of the present count: in the block of each stage {@code ceil(rate n)} of the n patches that are there
     * now stay (a fused token of an earlier stage counts as a patch).
     *
     * @param rates  one rate for all stages, or one per stage; each in (0, 1]
     * @param stages where the stages are
     */
    record KeepOfCurrent(List<Double> rates, Stages stages) implements Schedule {

        /** Checks and copies the values. */
        public KeepOfCurrent {
            rates = List.copyOf(rates);
            Schedules.checkRates(rates, stages);
        }

        private double rate(int stage) {
            return rates.get(rates.size() == 1 ? 0 : stage);
        }

        @Override
        public int removed(ModelShape model, int layer, int patches) {
            int stage = stages.indexOf(model, layer);
            return stage < 0 ? 0 : patches - (int) Math.ceil(rate(stage) * patches);
        }

        @Override
        public boolean removesAt(ModelShape model, int layer) {
            int stage = stages.indexOf(model, layer);
            return stage >= 0 && rate(stage) < 1;
        }

        @Override
        public void check(String reducer, ModelShape model) {
            stages.check(reducer, model);
        }

        @Override
        public String spec() {
            return "keep=" + Schedules.texts(rates) + stages.spec();
        }
    }
}
