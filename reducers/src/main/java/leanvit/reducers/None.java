package leanvit.reducers;

import java.util.Set;

/** No reduction: the plain model. */
public record None() implements TokenReducer {

    @Override
    public String spec() {
        return "none";
    }

    @Override
    public boolean reducesAt(int layer) {
        return false;
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
