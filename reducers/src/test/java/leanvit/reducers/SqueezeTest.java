package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import leanvit.testdata.Close;
import leanvit.testdata.GoldenFile;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The squeeze of TPS: hosts, weights, ties, NaN. */
class SqueezeTest {

    /** Squeezes [reserved; pruned] and returns the map. */
    private static TokenMap squeeze(float[] reserved, float[] pruned, int width, float[] out) {
        float[] x = Arrays.copyOf(reserved, reserved.length + pruned.length);
        System.arraycopy(pruned, 0, x, reserved.length, pruned.length);
        int total = x.length / width;
        TokenMap map = new TokenMap();
        map.reset(total);
        Squeeze.squeeze(x, 0, width, width, IntStream.range(0, total).toArray(), reserved.length / width, total, map,
                new Scratch());
        map.checkComplete("squeeze");
        map.apply(x, 0, width, out, 0);
        return map;
    }

    @Test
    void squeezesTheExample() {
        float[] y = new float[4];
        TokenMap map = squeeze(new float[] {1, 0, 0, 1}, new float[] {1, 0, .6f, .8f, .8f, .6f}, 2, y);
        assertThat(Images.targets(map)).containsExactly(0, 1, 0, 1, 0);
        assertThat(y).containsExactly(new float[] {.941908f, .174276f, .270100f, .909967f}, Offset.offset(2e-6f));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s0", "s1", "s2", "s3", "s4", "s5"})
    void matchesTheOriginal(String name) {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        int[] shape = golden.shape(name + ".reserved");
        for (int b = 0; b < shape[0]; b++) {
            float[] y = new float[shape[1] * shape[2]];
            TokenMap map =
                    squeeze(golden.floats(name + ".reserved", b), golden.floats(name + ".pruned", b), shape[2], y);
            int[] host = golden.ints(name + ".host", b);
            for (int i = 0; i < host.length; i++) {
                assertThat(map.target(shape[1] + i)).as("image %d pruned %d", b, i).isEqualTo(host[i]);
            }
            Close.assertStartsClose(y, golden.floats(name + ".fused", b), 5e-6, name);
        }
    }

    @Test
    void anExactTieHasOneHost() {
        GoldenFile golden = GoldenFile.open("standalone/tps_squeeze");
        float[] y = new float[9];
        TokenMap map = squeeze(golden.floats("tie.reserved"), golden.floats("tie.pruned"), 3, y);
        assertThat(new int[] {map.target(3), map.target(4)}).containsExactly(golden.ints("tie.host"));
        Close.assertStartsClose(y, golden.floats("tie.fused_single_host"), 5e-6, "tie");
    }

    @Test
    void weightsAreConvexAndTheHostsIsTheLargest() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int width = 1 + random.nextInt(9);
            int reserved = 1 + random.nextInt(20);
            int pruned = random.nextInt(30);
            float[] y = new float[reserved * width];
            float[] r = Images.gaussians(random, reserved * width);
            TokenMap map = squeeze(r, Images.gaussians(random, pruned * width), width, y);
            double[] sum = new double[reserved];
            for (int i = 0; i < reserved + pruned; i++) {
                sum[map.target(i)] += map.weight(i);
                assertThat(map.weight(i)).as("seed %d", seed).isPositive()
                        .isLessThanOrEqualTo(map.weight(map.target(i)));
            }
            for (int j = 0; j < reserved; j++) {
                assertThat(sum[j]).as("seed %d", seed).isCloseTo(1, Offset.offset(1e-6));
                if (map.contributors(j) == 1) {
                    assertThat(Arrays.copyOfRange(y, j * width, (j + 1) * width)).as("seed %d", seed)
                            .containsExactly(Arrays.copyOfRange(r, j * width, (j + 1) * width));
                }
            }
        }
    }

    @Test
    void nanFindsNoHostAndZeroFindsTheFirst() {
        float[] y = new float[4];
        TokenMap map = squeeze(new float[] {Float.NaN, 1, 0, 1}, new float[] {1, 1, Float.NaN, 0, 0, 0}, 2, y);
        // The reserved token with NaN is nobody's host, and stays as it is.
        assertThat(Images.targets(map)).containsExactly(0, 1, 1, -1, 1);
        assertThat(y[0]).isNaN();
        assertThat(y[2]).isPositive();
        map = squeeze(new float[] {1, 0, 0, 1}, new float[] {0, 0}, 2, y);
        assertThat(Images.targets(map)).containsExactly(0, 1, 0);
    }
}
