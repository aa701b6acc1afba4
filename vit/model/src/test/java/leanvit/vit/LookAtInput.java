package leanvit.vit;

import java.util.Set;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;

/**
 * Leaves all tokens as they are, before one block; with a {@link RecordingReducer} around it, shows that block's input.
 */
record LookAtInput(int layer) implements TokenReducer {

    @Override
    public String spec() {
        return "look:layer=" + layer;
    }

    @Override
    public Position position() {
        return Position.BEFORE_BLOCK;
    }

    @Override
    public boolean reducesAt(ModelShape model, int block) {
        return block == layer;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        map.identity(tokens.count());
    }
}
