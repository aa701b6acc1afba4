package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every method, on random images of random shapes. */
class ReducerPropertiesTest {

    private static final int WIDTH = 8;
    private static final int HEADS = 2;
    private static final int LAYER = 3;

    private static TokenReducer reducer(String spec) {
        try {
            return Reducers.parse(spec, path -> TokenPredictorTest.predictors(3, WIDTH, "predictor.", 1));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static ModelShape model(int prefix) {
        return new ModelShape(12, WIDTH, HEADS, prefix, 40);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=5", "tome:r=16,inflect=-1", "tome:r=3/3/3/9", "tome:r=1000",
        "tome:r=5,prop=off", "ltmp:merge=0.6,prune=0.02", "ltmp:merge=0.6", "ltmp:prune=0.02", "etps:keep=0.7",
        "evit:keep=0.7", "evit:keep=0.3,fuse=off", "topk:keep=0.7", "topk:r=6", "topk:r=1000",
        "dtps:keep=0.7,predictors=p", "pomt:r=7", "pomt:r=1000", "pomt:r=7,upstream=on", "tome-kth:k=2",
        "tome-kth:k=5", "tome-random:r=5", "tome-random:r=1000,seed=3"})
    void everyMapIsCompleteAndLeavesThePrefixFirst(String spec) {
        TokenReducer reducer = reducer(spec);
        LayerTokens reused = new LayerTokens();
        TokenMap map = new TokenMap();
        for (long seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            int prefix = random.nextInt(4);
            int count = prefix + random.nextInt(random.nextBoolean() ? 5 : 41);
            Images.fill(reused, model(prefix), LAYER, count, seed);
            Images.randomSizes(reused, seed);
            spoil(reused, new Random(seed));
            map.reset(count);
            reducer.reduce(reused, map);
            map.checkComplete(reducer);
            String what = spec + " seed " + seed + ": " + count + " tokens, prefix " + prefix;
            int least = spec.startsWith("ltmp") ? prefix : prefix + Math.min(1, count - prefix);
            assertThat(map.outputs()).as(what).isBetween(least, count);
            for (int p = 0; p < prefix; p++) {
                assertThat(map.target(p)).as(what).isEqualTo(p);
                assertThat(map.contributors(p)).as(what).isOne();
                assertThat(map.weight(p)).as(what).isEqualTo(1f);
            }

            // Nothing of the images before shows: an image alone gives the same.
            LayerTokens alone = Images.random(model(prefix), LAYER, count, seed);
            Images.randomSizes(alone, seed);
            spoil(alone, new Random(seed));
            TokenMap mapAlone = Images.reduce(reducer, alone);
            assertThat(Images.targets(mapAlone)).as(what).containsExactly(Images.targets(map));
            for (int i = 0; i < count; i++) {
                assertThat(mapAlone.weight(i)).as(what).isEqualTo(map.weight(i));
            }
        }
    }

    /** Sets one value of each kind to NaN in a third of the images, as a broken picture does. */
    private static void spoil(LayerTokens tokens, Random random) {
        if (tokens.count() == 0 || random.nextInt(3) > 0) {
            return;
        }
        int token = random.nextInt(tokens.count());
        tokens.rows()[tokens.rowOffset(token)] = Float.NaN;
        tokens.meanKey()[token * WIDTH / HEADS] = Float.NaN;
        tokens.classAttention()[token] = Float.NaN;
        tokens.columnAttention()[token] = Float.NaN;
        tokens.headMaxAttention()[token] = Float.NaN;
        tokens.headMaxValue()[token] = Float.NaN;
    }

    @ParameterizedTest
    @ValueSource(strings = {"etps:keep=0.6", "evit:keep=0.6", "topk:keep=0.6", "topk:r=9",
        "dtps:keep=0.6,predictors=p", "pomt:r=9"})
    void pruningDoesNotDependOnTheOrderOfThePatches(String spec) {
        TokenReducer reducer = reducer(spec);
        for (long seed = 0; seed < 30; seed++) {
            LayerTokens tokens = Images.random(model(1), LAYER, 41, seed);
            int[] order = permutation(41, seed);
            LayerTokens shuffled = shuffled(tokens, order);
            int[] kept = Images.soleInputs(Images.reduce(reducer, tokens));
            int[] keptShuffled = Images.soleInputs(Images.reduce(reducer, shuffled));
            if (spec.startsWith("etps") || spec.startsWith("dtps")) {
                // A reserved token with guests is not the only input of its output: look at the groups.
                assertGroupsAgree(Images.reduce(reducer, tokens), Images.reduce(reducer, shuffled), order,
                        spec + " seed " + seed);
            } else {
                int[] back = Arrays.stream(keptShuffled).map(i -> i < 0 ? -1 : order[i]).toArray();
                assertThat(back).as("%s seed %d", spec, seed).containsExactly(kept);
            }
        }
    }

    private static void assertGroupsAgree(TokenMap map, TokenMap shuffled, int[] order, String what) {
        for (int i = 0; i < order.length; i++) {
            assertThat(shuffled.target(i)).as(what).isEqualTo(map.target(order[i]));
        }
    }

    /** The class token stays first. */
    private static int[] permutation(int count, long seed) {
        Random random = new Random(seed);
        int[] order = IntStream.range(0, count).toArray();
        for (int i = count - 1; i > 1; i--) {
            int j = 1 + random.nextInt(i);
            int swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        return order;
    }

    private static LayerTokens shuffled(LayerTokens tokens, int[] order) {
        LayerTokens shuffled = new LayerTokens();
        float[] rows = new float[tokens.count() * WIDTH];
        shuffled.reset(tokens.model(), tokens.layer(), tokens.count(), rows, 0);
        for (int i = 0; i < order.length; i++) {
            System.arraycopy(tokens.rows(), tokens.rowOffset(order[i]), rows, i * WIDTH, WIDTH);
            shuffled.prepare(Need.CLASS_ATTENTION)[i] = tokens.classAttention()[order[i]];
            shuffled.prepare(Need.HEAD_MAX_ATTENTION)[i] = tokens.headMaxAttention()[order[i]];
            shuffled.prepare(Need.HEAD_MAX_VALUE)[i] = tokens.headMaxValue()[order[i]];
        }
        return shuffled;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "tome:r=0", "tome:r=0,inflect=1", "tome:r=0/0", "ltmp:prune=0", "etps:keep=1",
        "evit:keep=1", "topk:keep=1", "topk:r=0", "dtps:keep=1,predictors=p", "pomt:r=0",
        "tome-kth:k=1", "tome-random:r=0"})
    void nothingToRemoveIsTheIdentity(String spec) {
        TokenReducer reducer = reducer(spec);
        for (int count : new int[] {1, 2, 3, 17, 41}) {
            assertThat(Images.reduce(reducer, Images.random(model(1), LAYER, count, count)).isIdentity()).isTrue();
        }
        if (!spec.startsWith("ltmp")) {
            assertThat(IntStream.range(0, 12).noneMatch(l -> reducer.reducesAt(model(1), l))).isTrue();
        }
    }

    @Test
    void imagesDownToTheirPrefixStayAsTheyAre() {
        for (String spec : new String[] {"tome:r=5", "ltmp:merge=0,prune=0.9", "etps:keep=0.5", "evit:keep=0.5",
            "topk:r=5", "topk:keep=0.5", "dtps:keep=0.5,predictors=p", "pomt:r=5", "pomt:r=5,upstream=on",
            "tome-kth:k=2", "tome-random:r=5"}) {
            for (int prefix = 0; prefix < 5; prefix++) {
                LayerTokens tokens = Images.random(model(prefix), LAYER, prefix, 1);
                assertThat(Images.reduce(reducer(spec), tokens).isIdentity()).as("%s prefix %d", spec, prefix).isTrue();
            }
        }
    }
}
