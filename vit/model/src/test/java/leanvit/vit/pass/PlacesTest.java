package leanvit.vit.pass;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.reducers.TokenMap;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.Parts.Axes;
import leanvit.vit.weights.Parts.Coordinates;
import leanvit.vit.weights.Parts.Rotary;
import leanvit.vit.weights.TensorSource;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitConfig.Pooling;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Where merged tokens are: at the mean of their patches' places. */
class PlacesTest {

    private static final int ROWS = 3;
    private static final int COLUMNS = 4;
    private static final int PREFIX = 2;
    private static final int TOKENS = PREFIX + ROWS * COLUMNS;
    private static final int HEAD_DIM = 8;

    private static Turns turns() throws IOException {
        Rotary rotary = new Rotary(100, Coordinates.CENTRED, 0, 0, Axes.ROWS_FIRST, false);
        return Turns.of(config(rotary), new OneTensor("none", new float[0], 0, 0)).get(0);
    }

    private static VitConfig config(Rotary rotary) {
        Parts plain = Parts.PLAIN;
        return new VitConfig("a", ROWS * 4, COLUMNS * 4, 4, 16, 2, 2, 32, 0, Pooling.TOKEN, false, 1e-6f,
                new Parts(plain.activation(), false, plain.branches(), plain.norm(), plain.prefixPositions(),
                        plain.positionFit(), rotary, true, null));
    }

    private static Places places() throws IOException {
        Places places = new Places(COLUMNS, turns());
        places.reset(2, 2 * TOKENS);
        return places;
    }

    /** Merges patches 0, 1, 5 (twice over) and drops one; two merges later the mean is still that of all patches. */
    @Test
    void aMergedTokenIsAtTheMeanOfItsPatches() throws IOException {
        Places first = places();
        first.begin(0, 0, TOKENS, PREFIX);
        first.begin(1, TOKENS, TOKENS, PREFIX);
        assertThat(first.isWhole(1)).isTrue();
        TokenMap map = new TokenMap();
        map.reset(TOKENS);
        map.keepRange(0, PREFIX);
        int merged = map.add();
        // Weights are the contents' affair.
        map.merge(PREFIX, merged, 0.9f);
        map.merge(PREFIX + 1, merged, 0.1f);
        map.drop(PREFIX + 2);
        for (int i = PREFIX + 3; i < TOKENS; i++) {
            map.keep(i);
        }
        Places second = places();
        second.follow(first, TOKENS, map, 1, TOKENS, PREFIX);
        assertThat(second.isWhole(1)).isFalse();
        assertThat(at(second, TOKENS + merged)).containsExactly(0f, 0.5f);
        TokenMap again = new TokenMap();
        again.reset(map.outputs());
        again.keepRange(0, PREFIX + 1);
        // Patch 5, at row 1 and column 1.
        int five = map.target(PREFIX + 5);
        for (int i = PREFIX + 1; i < map.outputs(); i++) {
            if (i == five) {
                again.merge(i, merged, 0.5f);
            } else {
                again.keep(i);
            }
        }
        Places third = places();
        third.follow(second, TOKENS, again, 1, 0, PREFIX);
        assertThat(at(third, merged)[0]).isCloseTo(1 / 3f, Offset.offset(1e-6f));
        assertThat(at(third, merged)[1]).isCloseTo(2 / 3f, Offset.offset(1e-6f));
        float[] want = new float[HEAD_DIM];
        turns().at(1 / 3f, 2 / 3f, want, 0);
        assertThat(Arrays.copyOfRange(third.angles(), merged * HEAD_DIM, (merged + 1) * HEAD_DIM))
                .usingComparatorWithPrecision(1e-5f).containsExactly(want);
        int last = again.target(map.target(TOKENS - 1));
        assertThat(at(third, last)).containsExactly(ROWS - 1f, COLUMNS - 1f);
    }

    private static float[] at(Places places, int token) {
        return Arrays.copyOfRange(places.at(), 2 * token, 2 * token + 2);
    }

    /** The formula as DINOv3's paper has it: coordinates from -1 to 1, rows first; prefix tokens do not turn. */
    @Test
    void anglesAreThoseOfPatchCentres() throws IOException {
        Places places = places();
        places.begin(0, 0, TOKENS, PREFIX);
        for (int patch = 0; patch < ROWS * COLUMNS; patch++) {
            double y = (patch / COLUMNS + 0.5) / ROWS * 2 - 1;
            double x = (patch % COLUMNS + 0.5) / COLUMNS * 2 - 1;
            for (int k = 0; k < HEAD_DIM / 2; k++) {
                double frequency = Math.pow(100, -4.0 * (k % 2) / HEAD_DIM);
                double angle = 2 * Math.PI * (k < 2 ? y : x) * frequency;
                int at = (PREFIX + patch) * HEAD_DIM + k;
                assertThat((double) places.angles()[at]).isCloseTo(Math.cos(angle), Offset.offset(1e-6));
                assertThat((double) places.angles()[at + HEAD_DIM / 2]).isCloseTo(Math.sin(angle), Offset.offset(1e-6));
            }
        }
        assertThat(Arrays.copyOf(places.angles(), HEAD_DIM)).containsExactly(1, 1, 1, 1, 0, 0, 0, 0);
    }

    /** Coordinates as timm has them for EVA-02 (rows first) and for the Perception Encoders (columns first, from 1). */
    @Test
    void indicesAreScaledToTheReferenceGrid() throws IOException {
        for (boolean rowsFirst : new boolean[] {true, false}) {
            Turns turns = Turns.of(config(new Rotary(10_000, rowsFirst ? Coordinates.REFERENCE_GRID
                    : Coordinates.REFERENCE_GRID_FROM_ONE, 16, 16, rowsFirst ? Axes.ROWS_FIRST : Axes.COLUMNS_FIRST,
                    true)), new OneTensor("none", new float[0], 0, 0)).get(1);
            float[] angles = new float[HEAD_DIM];
            turns.at(2, 0.5f, angles, 0);
            double y = rowsFirst ? 2 * 16.0 / ROWS : (2 + 1) * 16.0 / ROWS;
            double x = rowsFirst ? 0.5 * 16 / COLUMNS : (0.5 + 1) * 16.0 / COLUMNS;
            double[] want = rowsFirst ? new double[] {y, y / 100, x, x / 100} : new double[] {x, x / 100, y, y / 100};
            for (int k = 0; k < 4; k++) {
                assertThat((double) angles[k]).isCloseTo(Math.cos(want[k]), Offset.offset(1e-6));
                assertThat((double) angles[4 + k]).isCloseTo(Math.sin(want[k]), Offset.offset(1e-6));
            }
        }
    }

    /** Heo et al. 2024: each block and head has its own, for columns and then for rows; between patches too. */
    @Test
    void learntFrequenciesAreOfTheirBlockAndHead() throws IOException {
        int depth = 2;
        int heads = 2;
        int half = HEAD_DIM / 2;
        float[] frequencies = new float[2 * depth * heads * half];
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) random.nextDouble(-1, 1);
        }
        List<Turns> turns = Turns.of(config(new Rotary(10, Coordinates.INDEX, 0, 0, Axes.LEARNED, true)),
                new OneTensor("rope.freqs", frequencies, 2, depth, heads, half));
        for (int block = 0; block < depth; block++) {
            for (float[] place : new float[][] {{2, 3}, {1.5f, 0.25f}, {0, 1 / 3f}}) {
                float[] angles = new float[heads * HEAD_DIM];
                turns.get(block).at(place[0], place[1], angles, 0);
                for (int i = 0; i < heads * half; i++) {
                    double angle = place[1] * (double) frequencies[block * heads * half + i]
                            + place[0] * (double) frequencies[(depth + block) * heads * half + i];
                    int at = i / half * HEAD_DIM + i % half;
                    assertThat((double) angles[at]).isCloseTo(Math.cos(angle), Offset.offset(1e-6));
                    assertThat((double) angles[at + half]).isCloseTo(Math.sin(angle), Offset.offset(1e-6));
                }
            }
        }
    }

    @Test
    void aMapThatChangesNothingLeavesTheImageWhole() throws IOException {
        Places first = places();
        first.begin(0, 0, TOKENS, PREFIX);
        TokenMap map = new TokenMap();
        map.identity(TOKENS);
        Places second = places();
        second.follow(first, 0, map, 0, 0, PREFIX);
        assertThat(second.isWhole(0)).isTrue();
        assertThat(second.at()).startsWith(Arrays.copyOf(first.at(), 2 * TOKENS));
        assertThat(second.angles()).startsWith(Arrays.copyOf(first.angles(), TOKENS * HEAD_DIM));
    }

    /** Entry by entry, against the table as checkpoints have it. */
    @Test
    void aRelativeBiasIsTheTablesAndLinearInBetween() throws Exception {
        int heads = 2;
        int across = 2 * COLUMNS - 1;
        int entries = (2 * ROWS - 1) * across;
        SplittableRandom random = new SplittableRandom(1);
        float[] table = new float[(entries + 3) * heads];
        for (int i = 0; i < table.length; i++) {
            table[i] = (float) random.nextDouble(-1, 1);
        }
        VitConfig config = new VitConfig("a", ROWS * 4, COLUMNS * 4, 4, 16, 1, heads, 32, 0, Pooling.TOKEN, false,
                1e-6f);
        RelativeBias bias = RelativeBias.read(new OneTensor("t", table, entries + 3, heads), "t", config, config);
        int n = 1 + ROWS * COLUMNS;
        float[] places = new float[2 * n];
        for (int i = 1; i < n; i++) {
            places[2 * i] = (i - 1) / COLUMNS;
            places[2 * i + 1] = (i - 1) % COLUMNS;
        }
        float[] whole = new float[n * n];
        float[] between = new float[n * n];
        for (int head = 0; head < heads; head++) {
            bias.whole(head, n, 1, whole, 0);
            bias.between(head, n, n, 1, places, 0, between, 0);
            assertThat(between).containsExactly(whole);
            assertThat(whole[0]).isEqualTo(table[(entries + 2) * heads + head]);
            assertThat(whole[3]).as("class to patch").isEqualTo(table[entries * heads + head]);
            assertThat(whole[3 * n]).as("patch to class").isEqualTo(table[(entries + 1) * heads + head]);
            for (int i = 1; i < n; i++) {
                for (int j = 1; j < n; j++) {
                    int entry = (int) (places[2 * i] - places[2 * j] + ROWS - 1) * across
                            + (int) (places[2 * i + 1] - places[2 * j + 1] + COLUMNS - 1);
                    assertThat(whole[i * n + j]).isEqualTo(table[entry * heads + head]);
                }
            }
        }
        // Patch 1 moves half a row down and a quarter of a column to the right.
        places[2] = 0.5f;
        places[3] = 0.25f;
        bias.between(0, n, n, 1, places, 0, between, 0);
        double want = 0;
        for (int corner = 0; corner < 4; corner++) {
            int dy = corner / 2 - 2 + ROWS - 1;
            int dx = corner % 2 - 3 + COLUMNS - 1;
            want += (corner % 2 == 0 ? 0.75 : 0.25) * 0.5 * table[(dy * across + dx) * heads];
        }
        assertThat((double) between[n + n - 1]).isCloseTo(want, Offset.offset(1e-6));
    }

    /** A source of one tensor. */
    private record OneTensor(String name, float[] values, int... sides) implements TensorSource {

        @Override
        public boolean has(String tensor) {
            return tensor.equals(name);
        }

        @Override
        public int[] shape(String tensor) {
            return sides.clone();
        }

        @Override
        public float[] tensor(String tensor, int... expected) {
            assertThat(expected).containsExactly(sides);
            return values.clone();
        }
    }
}
