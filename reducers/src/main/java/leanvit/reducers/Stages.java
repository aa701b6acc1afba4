package leanvit.reducers;

import java.util.List;

/**
 * The blocks in which a method cuts in stages. By default they lie at the quarters of the model's depth, where
 * DynamicViT, EViT and TPS have them in a network of 12 blocks (3, 6, 9): of L blocks {@code L/4}, {@code L/2} and
 * {@code 3L/4}, rounded down; of one or two blocks, in which quarters coincide, each block once.
 *
 * @param layers the blocks, counted from 0 and ascending; empty for the quarters
 */
public record Stages(List<Integer> layers) {

    /** What help says of a key that is left out. */
    static final String QUARTERS_IN_WORDS = "the quarters of the depth, 3/6/9 of 12 blocks";

    private static final int QUARTERS = 3;

    /** The quarters of the model's depth. */
    public static final Stages AT_QUARTERS = new Stages(List.of());

    /**
     * Checks and copies the blocks.
     *
     * @throws InvalidSpecException where a block is below 0 or they do not ascend
     */
    public Stages {
        layers = List.copyOf(layers);
        Schedules.checkLayers(layers);
    }

    /** Returns given blocks as stages, at least one. */
    static Stages at(List<Integer> layers) {
        if (layers.isEmpty()) {
            throw new InvalidSpecException("a list of layers needs at least one block");
        }
        return new Stages(layers);
    }

    /** Returns how many stages there are in a model of four blocks or more. */
    public int count() {
        return layers.isEmpty() ? QUARTERS : layers.size();
    }

    /** Returns which stage, counted from 0, block {@code layer} is; -1 for none. */
    public int indexOf(ModelShape model, int layer) {
        if (!layers.isEmpty()) {
            for (int i = 0; i < layers.size(); i++) {
                if (layers.get(i) == layer) {
                    return i;
                }
            }
            return -1;
        }
        int index = -1;
        int last = -1;
        for (int q = 1; q <= QUARTERS; q++) {
            int block = (int) ((long) q * model.depth() / (QUARTERS + 1));
            if (block > last) {
                index++;
            }
            if (block == layer) {
                return index;
            }
            last = block;
        }
        return -1;
    }

    /** Returns these stages in a model of such a depth, block by block, as {@code layers=} has them. */
    static List<Integer> quartersOf(int depth) {
        return List.of(depth / 4, depth / 2, 3 * depth / 4).stream().distinct().toList();
    }

    /** Refuses a model that lacks one of the blocks. */
    void check(String reducer, ModelShape model) {
        if (!layers.isEmpty()) {
            Schedules.checkDepth(reducer, layers.get(layers.size() - 1), model);
        }
    }

    /** Returns the part of a SPEC that says this, with its comma: empty for the quarters. */
    String spec() {
        return layers.isEmpty() ? "" : ",layers=" + Schedules.joined(layers);
    }
}
