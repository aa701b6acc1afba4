package leanvit.app.serve;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Classifier;
import leanvit.vit.Macs;
import leanvit.vit.json.JsonWriter;

/**
 * A model that is served, and the reducers that a request may ask for. Immutable.
 *
 * @param name       what requests call it
 * @param reducers   a classifier per SPEC; the first is what a request gets that asks for none
 */
record Desk(String name, Map<String, Classifier> reducers) {

    /** Parts of the patches that POMT may prune, where nobody said which reducers to offer: 28, 56, ... of 196. */
    private static final int PARTS = 7;
    private static final List<String> KEEPING = List.of("evit", "topk", "etps");

    /**
     * Makes a desk.
     *
     * @param classifier with the reducer that a request gets that asks for none
     * @param offered    the others; those that do not fit the model are left out
     */
    static Desk of(String name, Classifier classifier, List<TokenReducer> offered) {
        Map<String, Classifier> reducers = new LinkedHashMap<>();
        reducers.put(classifier.reducer().spec(), classifier);
        for (TokenReducer reducer : offered) {
            if (!reducers.containsKey(reducer.spec())) {
                try {
                    reducers.put(reducer.spec(), classifier.with(reducer));
                } catch (IllegalArgumentException unfit) {
                    // Another model's: this one lacks the block or the class token that it asks for.
                }
            }
        }
        return new Desk(name, reducers);
    }

    /** Returns reducers to offer where nobody said which: none, and each usual method from mild to strong. */
    static List<TokenReducer> usual(ModelShape shape) {
        List<String> specs = new ArrayList<>(List.of("none"));
        // Up to what leaves a few tokens: 23 of DeiT's 196 patches in 12 blocks.
        int most = Math.max(1, (int) (1.4 * shape.patches() / shape.depth()));
        for (int r = 1; r <= most; r++) {
            specs.add("tome:r=" + r);
        }
        for (String method : KEEPING) {
            for (int tenths = 9; tenths >= 3; tenths--) {
                specs.add(method + ":keep=0." + tenths);
            }
        }
        for (int part = 1; part < PARTS; part++) {
            specs.add("pomt:r=" + shape.patches() * part / PARTS);
        }
        return specs.stream().map(Reducers::parse).toList();
    }

    /** Returns the classifier with the reducer of every request that asks for none. */
    Classifier usual() {
        return reducers.values().iterator().next();
    }

    /**
     * Returns the classifier with a reducer.
     *
     * @param spec null for the usual one
     * @throws Problem if it is not offered
     */
    Classifier reducer(String spec) throws Problem {
        if (spec == null) {
            return usual();
        }
        Classifier classifier = reducers.get(spec);
        if (classifier == null) {
            classifier = reducers.get(canonical(spec));
        }
        if (classifier == null) {
            throw Problem.badRequest("reducer " + JsonWriter.quoteShort(spec) + " is not offered for " + name
                    + "; offered are " + String.join("; ", reducers.keySet()));
        }
        return classifier;
    }

    private static String canonical(String spec) {
        try {
            return Reducers.parse(spec).spec();
        } catch (IllegalArgumentException malformed) {
            return spec;
        }
    }

    /** Returns the multiply-accumulates of a picture without a reducer. */
    long denseMacs() {
        return new Macs(usual().model().config(), usual().model().shape()).dense();
    }
}
