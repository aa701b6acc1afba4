package leanvit.reducers;

import java.util.List;
import java.util.stream.Collectors;

/** Checks and texts that the forms of {@link Schedule} share. */
final class Schedules {

    private Schedules() {
    }

    static void checkRemoval(int r) {
        if (r < 0) {
            throw new InvalidSpecException("r=" + r + " is not a whole number of at least 0");
        }
    }

    static void checkRates(List<Double> rates, Stages stages) {
        for (double rate : rates) {
            if (!(rate > 0 && rate <= 1)) {
                throw new InvalidSpecException("keep=" + text(rate) + " is not a number above 0 and up to 1");
            }
        }
        if (rates.size() != 1 && rates.size() != stages.count()) {
            throw new InvalidSpecException("keep has " + rates.size() + " rates for " + stages.count()
                    + " layers: give one rate, or one per layer");
        }
    }

    static void checkLayers(List<Integer> layers) {
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i) < 0) {
                throw new InvalidSpecException("layer " + layers.get(i) + " is not a block: blocks count from 0");
            }
            if (i > 0 && layers.get(i) <= layers.get(i - 1)) {
                throw new InvalidSpecException("layers=" + joined(layers) + " do not ascend");
            }
        }
    }

    static void checkDepth(String reducer, int layer, ModelShape model) {
        if (layer >= model.depth()) {
            throw new InvalidSpecException(reducer + ": the model has no block " + layer + ", its " + model.depth()
                    + " blocks are 0 to " + (model.depth() - 1));
        }
    }

    /** Returns a number as a person writes it: 1, not 1.0. */
    static String text(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e6;
        return whole ? Long.toString((long) value) : Double.toString(value);
    }

    static String texts(List<Double> values) {
        return values.stream().map(Schedules::text).collect(Collectors.joining("/"));
    }

    static String joined(List<Integer> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining("/"));
    }
}
