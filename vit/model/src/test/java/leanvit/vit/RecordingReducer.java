package leanvit.vit;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;

/** Does what another reducer does, and notes down what the host showed it and what it decided. For one thread. */
record RecordingReducer(TokenReducer reducer, List<Call> calls) implements TokenReducer {

    /** One image in one block: its rows before and after the cut, the scores that were asked for, and the decision. */
    record Call(int layer, int count, float[] rows, float[] reduced, Map<Need, float[]> scores, TokenMap map) {
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        reducer.reduce(tokens, map);
        int width = tokens.model().width();
        float[] rows = Arrays.copyOfRange(tokens.rows(), tokens.rowOffset(0), tokens.rowOffset(tokens.count()));
        float[] reduced = new float[map.outputs() * width];
        map.apply(rows, 0, width, reduced, 0);
        Map<Need, float[]> scores = new EnumMap<>(Need.class);
        for (Need need : needs()) {
            float[] values = switch (need) {
                case MEAN_KEY -> tokens.meanKey();
                case CLASS_ATTENTION -> tokens.classAttention();
                case COLUMN_ATTENTION -> tokens.columnAttention();
                case HEAD_MAX_ATTENTION -> tokens.headMaxAttention();
                case HEAD_MAX_VALUE -> tokens.headMaxValue();
            };
            scores.put(need,
                    Arrays.copyOf(values, tokens.count() * (need == Need.MEAN_KEY ? tokens.model().headDim() : 1)));
        }
        TokenMap decided = new TokenMap();
        decided.copyOf(map);
        calls.add(new Call(tokens.layer(), tokens.count(), rows, reduced, scores, decided));
    }

    @Override
    public String spec() {
        return reducer.spec();
    }

    @Override
    public void check(ModelShape model) {
        reducer.check(model);
    }

    @Override
    public Position position() {
        return reducer.position();
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
        return reducer.reducesAt(model, layer);
    }

    @Override
    public Set<Need> needs() {
        return reducer.needs();
    }

    @Override
    public boolean tracksSize() {
        return reducer.tracksSize();
    }

    @Override
    public boolean proportionalAttention() {
        return reducer.proportionalAttention();
    }

    @Override
    public long macs(ModelShape model, int before, int after) {
        return reducer.macs(model, before, after);
    }
}
