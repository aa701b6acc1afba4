package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** LTMP: strictness, importance of merged tokens, monotony in its thresholds, and that it merges as ToMe does. */
class LtmpTest {

    private static final float NAN = Float.NaN;

    private static Ltmp ltmp(float merge, float prune) {
        return Ltmp.of(new float[] {merge}, new float[] {prune});
    }

    /** Keys in the plane, one angle in degrees a token; every token has importance 0.1 unless said otherwise. */
    private static LayerTokens atAngles(int prefix, double... degrees) {
        int count = degrees.length;
        LayerTokens tokens = Images.random(Images.shape(4, 4, 2, prefix, count - prefix), 1, count, 9);
        for (int i = 0; i < count; i++) {
            tokens.meanKey()[2 * i] = (float) Math.cos(Math.toRadians(degrees[i]));
            tokens.meanKey()[2 * i + 1] = (float) Math.sin(Math.toRadians(degrees[i]));
        }
        Arrays.fill(tokens.columnAttention(), 0.1f);
        return tokens;
    }

    @Test
    void mergesEverySourceAboveTheThreshold() {
        // Sources 2, 4, 6 at 10, 60 and 200 degrees; destinations 1, 3, 5 at 0, 50 and 90.
        LayerTokens tokens = atAngles(1, 0, 0, 10, 50, 60, 90, 200);
        TokenMap map = Images.reduce(ltmp(0.9f, 0), tokens);
        assertThat(Images.targets(map)).containsExactly(0, 2, 2, 3, 3, 4, 1);
        assertThat(Images.applySizes(map, tokens)).containsExactly(1, 1, 2, 2, 1);
        assertThat(map.weight(1)).isEqualTo(0.5f);
    }

    @Test
    void comparesStrictly() {
        LayerTokens tokens = atAngles(1, 0, 0, 90, 180);
        // The cosine of source 2 with destinations at 0 and 180 degrees is 0 but for rounding: make it exact.
        System.arraycopy(new float[] {1, 0, 1, 0, 0, 1, -1, 0}, 0, tokens.meanKey(), 0, 8);
        assertThat(Images.reduce(ltmp(0f, 0), tokens).outputs()).isEqualTo(4);
        assertThat(Images.reduce(ltmp(-Float.MIN_NORMAL, 0), tokens).outputs()).isEqualTo(3);

        tokens.columnAttention()[3] = 0.25f;
        assertThat(Images.reduce(Ltmp.pruneOnly(new float[] {0.25f}), tokens).target(3)).isEqualTo(TokenMap.DROPPED);
        assertThat(Images.reduce(Ltmp.pruneOnly(new float[] {Math.nextDown(0.25f)}), tokens).target(3)).isEqualTo(1);
    }

    @Test
    void thresholdsAtNeverAreTheIdentity() {
        for (long seed = 0; seed < 20; seed++) {
            LayerTokens tokens = Images.random(Images.shape(4, 8, 2, 1, 30), 0, 31, seed);
            // Exact duplicates: their cosine is 1, or an ulp more.
            for (int i = 2; i < 31; i++) {
                System.arraycopy(tokens.meanKey(), 4, tokens.meanKey(), 4 * i, 4);
            }
            TokenMap map = Images.reduce(ltmp(1, 0), tokens);
            assertThat(map.outputs()).as("seed %d", seed).isEqualTo(31);
            assertThat(Images.reduce(Ltmp.pruneOnly(new float[] {0}), tokens).isIdentity()).isTrue();
        }
        assertThat(Ltmp.mergeOnly(new float[] {1}).reducesAt(Images.shape(4, 8, 2, 1, 30), 0)).isFalse();
        assertThat(Ltmp.mergeOnly(new float[] {1, 0.9f}).reducesAt(Images.shape(4, 8, 2, 1, 30), 1)).isTrue();
    }

    @Test
    void aMergedTokenHasTheLargestImportanceOfItsParts() {
        LayerTokens tokens = atAngles(1, 0, 0, 1, 90, 91);
        tokens.columnAttention()[1] = 0.01f;
        tokens.columnAttention()[2] = 0.3f;
        tokens.columnAttention()[3] = 0.01f;
        tokens.columnAttention()[4] = 0.02f;
        // 2 merges into 1 and saves it; 4 merges into 3 and both are pruned.
        TokenMap map = Images.reduce(ltmp(0.9f, 0.1f), tokens);
        assertThat(Images.targets(map)).containsExactly(0, 1, 1, -1, -1);
    }

    @Test
    void prunesInPlaceWhereItDoesNotMerge() {
        LayerTokens tokens = atAngles(2, 0, 10, 20, 30, 40, 50);
        tokens.columnAttention()[0] = 0;
        tokens.columnAttention()[1] = 0;
        tokens.columnAttention()[3] = 0.01f;
        Ltmp pruneOnly = Ltmp.pruneOnly(new float[] {0.05f});
        assertThat(Images.targets(Images.reduce(pruneOnly, tokens))).containsExactly(0, 1, 2, -1, 3, 4);
        assertThat(pruneOnly.tracksSize()).isFalse();
        assertThat(pruneOnly.proportionalAttention()).isFalse();
        assertThat(pruneOnly.needs()).containsExactly(Need.COLUMN_ATTENTION);
        Ltmp mergeOnly = Ltmp.mergeOnly(new float[] {0.9f});
        assertThat(mergeOnly.tracksSize()).isTrue();
        assertThat(mergeOnly.proportionalAttention()).isTrue();
        assertThat(mergeOnly.needs()).containsExactly(Need.MEAN_KEY);
        assertThat(ltmp(0.9f, 0.1f).needs()).containsExactlyInAnyOrder(Need.MEAN_KEY, Need.COLUMN_ATTENTION);
    }

    @Test
    void withoutPruningItMergesWhatToMeMerges() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int count = 3 + random.nextInt(60);
            int prefix = 1 + random.nextInt(2);
            ModelShape model = Images.shape(4, 8, 2, prefix, 60);
            LayerTokens tokens = Images.random(model, 0, count, seed);
            Images.randomSizes(tokens, seed);
            float threshold = random.nextFloat();
            TokenMap ltmp = Images.reduce(Ltmp.mergeOnly(new float[] {threshold}), tokens);
            int merged = count - ltmp.outputs();
            if (merged == 0 || merged > (count - prefix) / 2) {
                continue; // ToMe leaves the order as it is, or clamps
            }
            TokenMap tome = Images.reduce(new ToMe(Schedule.constant(merged)), tokens);
            assertThat(Images.targets(ltmp)).as("seed %d", seed).containsExactly(Images.targets(tome));
            assertThat(Images.apply(ltmp, tokens)).as("seed %d", seed)
                    .containsExactly(Images.apply(tome, tokens), Offset.offset(1e-5f));
        }
    }

    @Test
    void fewerTokensStayAsThresholdsTighten() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            int prefix = random.nextInt(3);
            int count = prefix + random.nextInt(50);
            LayerTokens tokens = Images.random(Images.shape(4, 8, 2, prefix, 50), 0, count, seed);
            Images.randomSizes(tokens, seed);
            float sizeIn = sum(tokens.sizes(), count);
            int before = count;
            for (float prune = 0; prune <= 0.1f; prune += 0.01f) {
                TokenMap map = Images.reduce(ltmp(0.7f, prune), tokens);
                assertThat(map.outputs()).as("seed %d prune %f", seed, prune).isBetween(prefix, before);
                before = map.outputs();
                float sizeOut = sum(Images.applySizes(map, tokens), map.outputs());
                boolean dropped = Arrays.stream(Images.targets(map)).anyMatch(t -> t == TokenMap.DROPPED);
                assertThat(sizeOut < sizeIn).as("seed %d prune %f", seed, prune).isEqualTo(dropped);
            }
            before = count;
            for (float merge = 1; merge >= -1; merge -= 0.1f) {
                int outputs = Images.reduce(Ltmp.mergeOnly(new float[] {merge}), tokens).outputs();
                assertThat(outputs).as("seed %d merge %f", seed, merge).isBetween(prefix, before);
                before = outputs;
            }
        }
    }

    private static float sum(float[] values, int count) {
        float sum = 0;
        for (int i = 0; i < count; i++) {
            sum += values[i];
        }
        return sum;
    }

    @Test
    void prefixTokensAreLeftAlone() {
        for (int prefix = 0; prefix <= 5; prefix++) {
            for (int patches = 0; patches < 6; patches++) {
                LayerTokens tokens = atAngles(prefix, new double[prefix + patches]);
                Arrays.fill(tokens.columnAttention(), 0);
                TokenMap map = Images.reduce(ltmp(0.5f, 1), tokens);
                assertThat(map.outputs()).isEqualTo(prefix);
                map = Images.reduce(Ltmp.mergeOnly(new float[] {0.5f}), tokens);
                for (int p = 0; p < prefix; p++) {
                    assertThat(map.target(p)).isEqualTo(p);
                    assertThat(map.contributors(p)).isOne();
                }
            }
        }
    }

    @Test
    void nanNeverWins() {
        LayerTokens tokens = atAngles(1, 0, 0, 0, 0, 0);
        tokens.meanKey()[2 * 2] = NAN;
        tokens.meanKey()[2 * 1] = NAN;
        // Source 2 merges into nothing; source 4 not into 1 but into 3. Token 2 is unimportant: its score is NaN.
        tokens.columnAttention()[2] = NAN;
        TokenMap map = Images.reduce(ltmp(0.9f, 0), tokens);
        assertThat(Images.targets(map)).containsExactly(0, 1, -1, 2, 2);
        // An important source saves a destination of unknown importance, and not the other way round.
        tokens.columnAttention()[3] = NAN;
        assertThat(Images.reduce(ltmp(0.9f, 0), tokens).target(3)).isEqualTo(2);
        tokens.columnAttention()[3] = 0.1f;
        tokens.columnAttention()[4] = NAN;
        assertThat(Images.reduce(ltmp(0.9f, 0), tokens).target(4)).isEqualTo(2);
    }

    @Test
    void everyBlockHasItsThreshold() {
        Ltmp ltmp = Ltmp.pruneOnly(new float[] {0, 0.05f, 0.2f, 1});
        int[] expected = {5, 5, 1, 1};
        for (int layer = 0; layer < 4; layer++) {
            LayerTokens tokens = Images.random(Images.shape(4, 4, 2, 1, 4), layer, 5, 2);
            Arrays.fill(tokens.columnAttention(), 0.1f);
            assertThat(Images.reduce(ltmp, tokens).outputs()).as("block %d", layer).isEqualTo(expected[layer]);
        }
    }

    @Test
    void refusesThresholdsThatCannotBe() {
        assertThatThrownBy(() -> Ltmp.mergeOnly(new float[] {0.9f, NAN}))
                .isInstanceOf(InvalidSpecException.class)
                .hasMessageContaining("NaN of block 1").hasMessageContaining("-1 to 1");
        assertThatThrownBy(() -> Ltmp.pruneOnly(new float[] {-0.1f})).hasMessageContaining("0 to 1");
        assertThatThrownBy(() -> Ltmp.pruneOnly(new float[] {})).isInstanceOf(InvalidSpecException.class);
        Ltmp three = Ltmp.of(new float[] {1, 1, 1}, new float[] {0});
        three.check(Images.shape(3, 4, 2, 1, 4));
        assertThatThrownBy(() -> three.check(Images.shape(4, 4, 2, 1, 4)))
                .hasMessageContaining("3 merge thresholds").hasMessageContaining("4 blocks");
    }

    @Test
    void takesThresholdsFromAFile() {
        TensorFiles.Tensor two = new TensorFiles.Tensor(new int[] {2}, new float[] {0.5f, 0.25f});
        Ltmp both = Ltmp.fromTensors(Map.of("merge", two, "prune", two), "t.safetensors");
        assertThat(both.spec()).isEqualTo("ltmp:thresholds=t.safetensors");
        both.check(Images.shape(2, 4, 2, 1, 4));
        assertThatThrownBy(() -> both.check(Images.shape(3, 4, 2, 1, 4)))
                .hasMessageContaining("t.safetensors has 2 merge thresholds");
        assertThat(Ltmp.fromTensors(Map.of("prune", two), "t").tracksSize()).isFalse();
        assertThat(Ltmp.fromTensors(Map.of("merge", two), "t").needs()).containsExactly(Need.MEAN_KEY);
        assertThatThrownBy(() -> Ltmp.fromTensors(Map.of("other", two), "t")).hasMessageContaining("both missing");
        TensorFiles.Tensor square = new TensorFiles.Tensor(new int[] {1, 2}, new float[] {0.5f, 0.25f});
        assertThatThrownBy(() -> Ltmp.fromTensors(Map.of("merge", square), "t")).hasMessageContaining("[1, 2]");
        // One threshold in a file is one block's; one in a SPEC stands for all.
        TensorFiles.Tensor one = new TensorFiles.Tensor(new int[] {1}, new float[] {0.5f});
        assertThatThrownBy(() -> Ltmp.fromTensors(Map.of("merge", one), "t").check(Images.shape(2, 4, 2, 1, 4)))
                .isInstanceOf(InvalidSpecException.class);
        Ltmp.mergeOnly(new float[] {0.5f}).check(Images.shape(2, 4, 2, 1, 4));
    }
}
