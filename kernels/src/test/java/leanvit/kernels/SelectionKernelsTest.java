package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Argsort, gather and scatter, and the reductions over heads: kernels whose results are exact. */
class SelectionKernelsTest {

    @Test
    void argSortPutsHigherScoresFirstAndThenLowerIndices() {
        SplittableRandom random = new SplittableRandom(5);
        for (int n : Awkward.sizes(577)) {
            for (int distinct : new int[] {1, 3, 1 << 20}) {
                float[] scores = new float[n + 2];
                for (int i = 0; i < scores.length; i++) {
                    scores[i] = special(random, distinct);
                }
                int[] want = order(scores, 1, n);
                int[] got = new int[n + 3];
                Arrays.fill(got, -7);
                ArgSort.descending(scores, 1, n, got, 2, new long[n]);
                assertThat(Arrays.copyOfRange(got, 2, n + 2)).as("n %d, %d values", n, distinct).isEqualTo(want);
                assertThat(got[0]).isEqualTo(-7);
                for (int k : new int[] {0, 1, n / 3, n - 1, n}) {
                    if (k >= 0 && k <= n) {
                        int[] top = new int[k + 1];
                        Arrays.fill(top, -7);
                        ArgSort.topK(scores, 1, n, k, top, 0, new long[n]);
                        assertThat(Arrays.copyOf(top, k)).as("n %d, k %d", n, k).isEqualTo(Arrays.copyOf(want, k));
                        assertThat(top[k]).as("beyond k").isEqualTo(-7);
                    }
                }
            }
        }
    }

    @Test
    void argSortMatchesTheGolden() {
        Golden golden = Golden.open("kernel_misc");
        for (String name : new String[] {"argsort", "argsort2"}) {
            float[] x = golden.floats(name + ".x");
            int[] got = new int[x.length];
            ArgSort.descending(x, 0, x.length, got, 0, new long[x.length]);
            assertThat(got).as(name).isEqualTo(golden.ints(name + ".order"));
        }
    }

    @Test
    void gatherAndScatterMatchTheGolden() {
        Golden golden = Golden.open("kernel_misc");
        float[] gathered = new float[6 * 9];
        Gather.rows(golden.floats("gather.x"), 0, 9, golden.ints("gather.idx"), 0, 6, 9, gathered, 0, 9);
        assertThat(gathered).isEqualTo(golden.floats("gather.y"));
        float[] sum = golden.floats("scatter.dst");
        Gather.scatterAdd(golden.floats("scatter.src"), 0, 9, golden.ints("scatter.idx"), 0, null, 0, 8, 9, sum, 0, 9);
        assertThat(sum).containsExactly(golden.floats("scatter.sum"), Offset.offset(1e-6f));
        float[] max = golden.floats("scatter.dst");
        Gather.scatterMax(golden.floats("scatter.src"), 0, 9, golden.ints("scatter.idx"), 0, 8, 9, max, 0, 9);
        assertThat(max).isEqualTo(golden.floats("scatter.amax"));
    }

    @Test
    void gatherAndScatterWorkAtEveryWidth() {
        SplittableRandom random = new SplittableRandom(8);
        for (int width : Awkward.sizes(197)) {
            int k = 6;
            int[] index = {3, 0, 3, 4, 1, 3};
            float[] weight = {0.5f, 2f, 1f, -1f, 0f, 3f};
            Guarded source = Guarded.of(Awkward.values(random, k * width, 1), k, width, 4, 3);
            Guarded target = Guarded.of(Awkward.values(random, 5 * width, 1), 5, width, 2, 5);
            double[] want = new double[5 * width];
            for (int i = 0; i < want.length; i++) {
                want[i] = target.values()[i];
            }
            Guarded most = target.copy();
            for (int i = 0; i < k; i++) {
                for (int c = 0; c < width; c++) {
                    want[index[i] * width + c] += (double) weight[i] * source.get(i, c);
                }
            }
            Gather.scatterAdd(source.array(), 4, width + 3, index, 0, weight, 0, k, width, target.array(), 2, width + 5);
            Gather.scatterMax(source.array(), 4, width + 3, index, 0, k, width, most.array(), 2, width + 5);
            int columns = width;
            target.assertGuardsUntouched(() -> "scatterAdd of width " + columns);
            most.assertGuardsUntouched(() -> "scatterMax of width " + columns);
            for (int r = 0; r < 5; r++) {
                for (int c = 0; c < width; c++) {
                    assertThat((double) target.get(r, c)).as("width %d [%d, %d]", width, r, c)
                            .isCloseTo(want[r * width + c], Offset.offset(1e-6));
                }
            }
            Guarded gathered = Guarded.empty(k, width, 1, 2);
            Gather.rows(target.array(), 2, width + 5, index, 0, k, width, gathered.array(), 1, width + 2);
            gathered.assertGuardsUntouched(() -> "gather of width " + columns);
            for (int i = 0; i < k; i++) {
                for (int c = 0; c < width; c++) {
                    assertThat(gathered.get(i, c)).isEqualTo(target.get(index[i], c));
                }
            }
        }
    }

    @Test
    void anIndexOutsideIsNamed() {
        float[] x = new float[20];
        assertThatThrownBy(() -> Gather.rows(x, 0, 4, new int[] {0, 5}, 0, 2, 4, new float[8], 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("5");
        assertThatThrownBy(() -> Gather.scatterAdd(x, 0, 4, new int[] {-1}, 0, null, 0, 1, 4, new float[8], 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("-1");
    }

    @Test
    void headReductionsMatchTheGolden() {
        Golden golden = Golden.open("kernel_misc");
        float[] out = new float[77];
        HeadMax.reduce(golden.floats("heads.x"), 0, 77, 3, 11, 7, 11, out, 0, 11);
        assertThat(out).isEqualTo(golden.floats("heads.max"));
        HeadMean.reduce(golden.floats("heads.x"), 0, 77, 3, 11, 7, 11, out, 0, 11);
        assertThat(out).containsExactly(golden.floats("heads.mean"), Offset.offset(1e-6f));
    }

    /** Heads beside one another in a row, as in a qkv matrix. */
    @Test
    void headReductionsWorkAtEveryWidth() {
        SplittableRandom random = new SplittableRandom(9);
        for (int width : Awkward.sizes(197)) {
            for (int heads : new int[] {1, 2, 3, 12}) {
                int stride = heads * width + 3;
                Guarded x = Guarded.of(Awkward.values(random, 4 * heads * width, 1), 4, heads * width, 6, 3);
                Guarded max = Guarded.empty(4, width, 2, 1);
                Guarded mean = Guarded.empty(4, width, 2, 1);
                HeadMax.reduce(x.array(), 6, width, heads, stride, 4, width, max.array(), 2, width + 1);
                HeadMean.reduce(x.array(), 6, width, heads, stride, 4, width, mean.array(), 2, width + 1);
                int columns = width;
                max.assertGuardsUntouched(() -> "head max of width " + columns);
                mean.assertGuardsUntouched(() -> "head mean of width " + columns);
                for (int r = 0; r < 4; r++) {
                    for (int c = 0; c < width; c++) {
                        float largest = Float.NEGATIVE_INFINITY;
                        double sum = 0;
                        for (int h = 0; h < heads; h++) {
                            largest = Math.max(largest, x.get(r, h * width + c));
                            sum += x.get(r, h * width + c);
                        }
                        assertThat(max.get(r, c)).as("width %d, heads %d", width, heads).isEqualTo(largest);
                        assertThat((double) mean.get(r, c)).isCloseTo(sum / heads, Offset.offset(1e-6));
                    }
                }
            }
        }
    }

    private static float special(SplittableRandom random, int distinct) {
        return switch (random.nextInt(20)) {
            case 0 -> Float.NEGATIVE_INFINITY;
            case 1 -> Float.POSITIVE_INFINITY;
            case 2 -> Float.NaN;
            case 3 -> -0f;
            case 4 -> 0f;
            default -> (random.nextInt(distinct) - distinct / 2) / (float) distinct;
        };
    }

    /** Score down, then index up; NaN as -infinity; zeros of both signs equal. */
    private static int[] order(float[] scores, int offset, int n) {
        return IntStream.range(0, n).boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> {
                    float score = scores[offset + i];
                    return Float.isNaN(score) ? Double.POSITIVE_INFINITY : score == 0 ? 0.0 : -(double) score;
                }).thenComparing(Comparator.naturalOrder()))
                .mapToInt(Integer::intValue).toArray();
    }
}
