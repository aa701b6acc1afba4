package leanvit.reducers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** dTPS: which patches are reserved, what it costs, and predictors that do not fit. */
class DTpsTest {

    private static DTps dtps(double keep, int width) {
        Map<String, TensorFiles.Tensor> tensors = TokenPredictorTest.predictors(3, width, "predictor.", 1);
        return new DTps(new Schedule.KeepOfInitial(List.of(keep), Stages.AT_QUARTERS),
                IntStream.range(0, 3).mapToObj(s -> TokenPredictor.fromTensors(tensors, s, "p")).toList(), "p");
    }

    @Test
    void dTpsReservesByThePredictorOfItsStage() {
        DTps dtps = dtps(0.7, 8);
        ModelShape model = Images.shape(12, 8, 2, 1, 30);
        dtps.check(model);
        LayerTokens tokens = Images.random(model, 6, 22, 5);
        TokenMap map = Images.reduce(dtps, tokens);
        assertThat(map.outputs()).isEqualTo(1 + 14); // trunc(30 * 0.7 * 0.7)
        float[] logp = new float[21];
        TokenPredictor.fromTensors(TokenPredictorTest.predictors(3, 8, "predictor.", 1), 1, "p")
                .keepLogProbabilities(tokens.rows(), tokens.rowOffset(1), 21, logp, 0, new Scratch());
        int[] best = IntStream.range(0, 21).boxed().sorted((a, b) -> Float.compare(logp[b], logp[a]))
                .mapToInt(i -> i + 1).toArray();
        for (int k = 0; k < 14; k++) {
            assertThat(map.target(best[k])).isEqualTo(1 + k);
        }
        assertThat(dtps.position()).isEqualTo(TokenReducer.Position.BEFORE_BLOCK);
        assertThat(dtps.needs()).isEmpty();
        assertThat(dtps.reducesAt(model, 6)).isTrue();
        assertThat(dtps.reducesAt(model, 7)).isFalse();
    }

    @Test
    void countsThePredictorsAndTheSqueezesWork() {
        ModelShape narrow = Images.shape(12, 8, 2, 1, 30);
        long predictor = 10 * (64 + 32 + 8 + 4);
        assertThat(dtps(0.7, 8).macs(narrow, 11, 8)).isEqualTo(predictor + 2 * 7 * 3 * 8);
        assertThat(dtps(0.7, 8).macs(narrow, 11, 11)).as("nothing to remove, nothing is scored").isZero();
        long c = 384;
        long small = 196 * (c * c + c * c / 2 + c * c / 8 + c / 2);
        assertThat(dtps(0.7, 384).macs(Images.shape(12, 384, 6, 1, 196), 197, 138)).isEqualTo(small + 2 * 137 * 59 * c);
    }

    @Test
    void withoutTheSqueezeTheSamePatchesStayAndTheOthersAreDropped() throws Exception {
        TensorFiles files = path -> TokenPredictorTest.predictors(3, 8, "predictor.", 1);
        TokenReducer dynamicVit = Reducers.parse("dtps:keep=0.7,predictors=p,squeeze=off", files);
        assertThat(dynamicVit.spec()).isEqualTo("dtps:keep=0.7,predictors=p,squeeze=off");
        assertThat(((DTps) Reducers.parse("dtps:keep=0.7,predictors=p,squeeze=on", files)).squeezes()).isTrue();
        ModelShape model = Images.shape(12, 8, 2, 1, 30);
        LayerTokens tokens = Images.random(model, 6, 22, 5);
        TokenMap squeezed = Images.reduce(dtps(0.7, 8), tokens);
        TokenMap dropped = Images.reduce(dynamicVit, tokens);
        assertThat(dropped.outputs()).isEqualTo(squeezed.outputs());
        for (int i = 0; i < 22; i++) {
            int host = i;
            for (int j = 0; j < 22; j++) {
                boolean isHeavier = squeezed.weight(j) > squeezed.weight(host);
                host = squeezed.target(j) == squeezed.target(i) && isHeavier ? j : host;
            }
            assertThat(dropped.target(i)).as("token %d", i)
                    .isEqualTo(host == i ? squeezed.target(i) : TokenMap.DROPPED);
        }
        assertThat(dynamicVit.macs(model, 11, 8)).isEqualTo(10 * (64 + 32 + 8 + 4));
    }

    @Test
    void refusesPredictorsThatDoNotFit() {
        assertThatThrownBy(() -> dtps(0.7, 8).check(Images.shape(12, 16, 2, 1, 30)))
                .isInstanceOf(InvalidSpecException.class).hasMessageContaining("width 8").hasMessageContaining("16");
    }
}
