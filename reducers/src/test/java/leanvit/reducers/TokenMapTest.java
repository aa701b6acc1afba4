package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class TokenMapTest {

    private static final float NAN = Float.NaN;

    /** Five tokens: 2 kept first, 0 and 4 merged, 1 dropped, 3 kept with another weight. */
    private static TokenMap example() {
        TokenMap map = new TokenMap();
        map.reset(5);
        map.keep(2);
        int merged = map.add();
        map.merge(4, merged, 0.25f);
        map.merge(0, merged, 0.75f);
        map.drop(1);
        map.merge(3, map.add(), 2f);
        map.checkComplete("example");
        return map;
    }

    @Test
    void appliesWeightsAndLeavesTheRestOfTheArraysAlone() {
        float[] x = {NAN, 1, 10, 2, 20, 3, 30, 4, 40, 5, 50, NAN};
        float[] out = new float[9];
        Arrays.fill(out, NAN);
        example().apply(x, 1, 2, out, 2);
        assertThat(out).containsExactly(NAN, NAN, 3, 30, 0.25f * 5 + 0.75f * 1, 0.25f * 50 + 0.75f * 10, 8, 80, NAN);
    }

    @Test
    void addsInTheOrderGiven() {
        // 1e8 + 4 + 4 and 4 + 4 + 1e8 differ in float: the order of the map decides.
        float[] x = {1e8f, 4, 4};
        for (int[] order : new int[][] {{0, 1, 2}, {1, 2, 0}}) {
            TokenMap map = new TokenMap();
            map.reset(3);
            int output = map.add();
            float expected = 0;
            for (int i : order) {
                map.merge(i, output, 1f);
                expected += x[i];
            }
            float[] out = new float[1];
            map.apply(x, 0, 1, out, 0);
            assertThat(out[0]).isEqualTo(expected);
        }
        assertThat(1e8f + 4 + 4).isNotEqualTo(4f + 4 + 1e8f);
    }

    @Test
    void aSoleInputOfWeightOneIsCopiedBitForBit() {
        float payload = Float.intBitsToFloat(0x7fc01234);
        TokenMap map = new TokenMap();
        map.identity(2);
        float[] out = new float[2];
        map.apply(new float[] {payload, -0f}, 0, 1, out, 0);
        assertThat(Float.floatToRawIntBits(out[0])).isEqualTo(0x7fc01234);
        assertThat(Float.floatToRawIntBits(out[1])).isEqualTo(0x80000000);
        assertThat(map.isIdentity()).isTrue();
    }

    @Test
    void nanAndInfinityStayInTheOutputOfTheirToken() {
        TokenMap map = example();
        float[] out = new float[3];
        map.apply(new float[] {NAN, NAN, 1, Float.POSITIVE_INFINITY, 5}, 0, 1, out, 0);
        assertThat(out).containsExactly(1, NAN, Float.POSITIVE_INFINITY);
    }

    @Test
    void sizesAddUp() {
        float[] out = new float[3];
        example().applySizes(new float[] {1, 2, 3, 4, 5}, 0, out, 0);
        assertThat(out).containsExactly(3, 6, 4);
    }

    @Test
    void weightsBySizeAndEqually() {
        TokenMap map = example();
        map.weightBySize(new float[] {9, 1, 2, 3, 4, 5}, 1);
        assertThat(new float[] {map.weight(0), map.weight(1), map.weight(2), map.weight(3), map.weight(4)})
                .containsExactly(1f / 6, 0, 1, 1, 5f / 6);
        map.weightEqually();
        assertThat(new float[] {map.weight(0), map.weight(1), map.weight(2), map.weight(3), map.weight(4)})
                .containsExactly(0.5f, 0, 1, 1, 0.5f);
    }

    @Test
    void takesTheLargestOfEachChannel() {
        float[] out = new float[6];
        example().applyMax(new float[] {1, 10, 2, 20, 3, 30, 4, 40, 5, -50}, 0, 2, out, 0);
        assertThat(out).containsExactly(3, 30, 5, 10, 4, 40);
    }

    @Test
    void transposeIsTheAdjointOfApply() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            int n = 1 + random.nextInt(40);
            int width = random.nextInt(20);
            TokenMap map = random(random, n);
            int m = map.outputs();
            float[] x = Images.gaussians(random, n * width);
            float[] dOut = Images.gaussians(random, m * width);
            float[] y = new float[m * width];
            float[] dIn = Images.gaussians(random, n * width + 2);
            map.apply(x, 0, width, y, 0);
            map.applyTransposed(dOut, 0, width, dIn, 1);
            double forward = 0;
            double backward = 0;
            double scale = 0;
            for (int i = 0; i < y.length; i++) {
                forward += (double) y[i] * dOut[i];
            }
            for (int i = 0; i < x.length; i++) {
                backward += (double) x[i] * dIn[1 + i];
                scale += Math.abs((double) x[i] * dIn[1 + i]);
            }
            assertThat(backward).as("seed %d", seed).isCloseTo(forward, within(1e-5 * scale + 1e-12));
        }
    }

    @Test
    void weightGradientsAreProductsOfRows() {
        float[] dWeight = new float[6];
        example().weightGradients(new float[] {1, 10, 2, 20, 3, 30}, 0, 2,
                new float[] {NAN, 1, -1, 2, 20, 3, 4, 5, 6, 7, 8}, 1, dWeight, 1);
        // Token 0 and 4 go to output 1, 2 to 0, 3 to 2; 1 is dropped.
        assertThat(dWeight).containsExactly(0, 2 - 20, 0, 3 + 40, 15 + 180, 14 + 160);
    }

    private static Offset<Double> within(double tolerance) {
        return Offset.offset(tolerance);
    }

    /** Keeps, merges and drops at random; at least one token is kept. */
    private static TokenMap random(Random random, int n) {
        TokenMap map = new TokenMap();
        map.reset(n);
        map.keep(0);
        for (int i = 1; i < n; i++) {
            switch (random.nextInt(3)) {
                case 0 -> map.keep(i);
                case 1 -> map.merge(i, random.nextInt(map.outputs()), (float) random.nextGaussian());
                default -> map.drop(i);
            }
        }
        map.checkComplete("random");
        return map;
    }

    @Test
    void unmergeGivesEveryInputItsOutputsRow() {
        float[] out = new float[7];
        Arrays.fill(out, NAN);
        example().unmerge(new float[] {7, 8, 9}, 0, 1, out, 1);
        assertThat(out).containsExactly(NAN, 8, 0, 7, 9, 8, NAN);
    }

    @Test
    void tracesTokensThroughSeveralMaps() {
        TokenMap second = new TokenMap();
        second.reset(3);
        second.drop(2);
        second.keep(1);
        second.merge(0, 0, 1f);
        int[] ints = {-7, 0, 1, 2, 3, 4, -7};
        long[] longs = {-7, 0, 1, 2, 3, 4, -7};
        for (TokenMap map : new TokenMap[] {example(), second}) {
            map.trace(ints, 1, 5);
            map.trace(longs, 1, 5);
        }
        assertThat(ints).containsExactly(-7, 0, -1, 0, -1, 0, -7);
        assertThat(longs).containsExactly(-7, 0, -1, 0, -1, 0, -7);
    }

    @Test
    void aCopyOutlivesTheReuseOfItsOriginal() {
        TokenMap map = example();
        TokenMap copy = new TokenMap();
        copy.copyOf(map);
        map.identity(9);
        float[] out = new float[3];
        copy.apply(new float[] {1, 2, 3, 4, 5}, 0, 1, out, 0);
        assertThat(out).containsExactly(3, 2, 8);
        assertThat(copy.contributors(1)).isEqualTo(2);
        assertThat(copy.isIdentity()).isFalse();
    }

    @Test
    void anEmptyMapIsComplete() {
        TokenMap map = new TokenMap();
        map.identity(0);
        map.checkComplete("none");
        map.apply(new float[0], 0, 5, new float[0], 0);
        assertThat(map.isIdentity()).isTrue();
    }

    @Test
    void refusesWhatNoMapCanBe() {
        TokenMap map = new TokenMap();
        map.reset(3);
        map.keep(0);
        assertThatThrownBy(() -> map.drop(0)).isInstanceOf(IllegalStateException.class).hasMessageContaining("token 0");
        assertThatThrownBy(() -> map.keep(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> map.checkComplete("mine")).hasMessageContaining("mine left token 1 of 3");
        TokenMap hollow = new TokenMap();
        hollow.reset(2);
        hollow.keep(0);
        hollow.add();
        hollow.drop(1);
        assertThatThrownBy(() -> hollow.checkComplete("mine")).hasMessageContaining("output 1");
        assertThatThrownBy(hollow::add).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> hollow.merge(1, 5, 1f)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> hollow.target(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void refusesRowsThatDoNotFitOrOverlap() {
        TokenMap map = example();
        float[] x = new float[20];
        assertThatThrownBy(() -> map.apply(x, 1, 4, new float[12], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> map.apply(x, 0, 4, new float[11], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> map.apply(x, 0, -1, x, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> map.apply(x, 0, 2, x, 9)).hasMessageContaining("overlap");
        map.apply(x, 0, 2, x, 10);
    }

    @Test
    void knowsWhichOutputsWereAdded() {
        TokenMap map = new TokenMap();
        map.reset(4);
        map.keep(2);
        int rest = map.add();
        map.merge(0, rest, 0.5f);
        map.merge(3, rest, 0.5f);
        map.keep(1);
        assertThat(IntStream.range(0, 3).filter(map::isAdded)).containsExactly(rest);
        TokenMap copy = new TokenMap();
        copy.copyOf(map);
        assertThat(IntStream.range(0, 3).filter(copy::isAdded)).containsExactly(rest);
        map.identity(4);
        assertThat(IntStream.range(0, 4).filter(map::isAdded)).isEmpty();
        assertThatThrownBy(() -> map.isAdded(4)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
