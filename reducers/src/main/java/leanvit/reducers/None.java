package leanvit.reducers;

import java.util.List;
import java.util.Set;

/** No reduction: the plain model. */
public record None() implements TokenReducer {

    @Override
    public String spec() {
        return "none";
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
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

    /** {@code none}. */
    public static final class Method implements ReducerMethod {

        @Override
        public String name() {
            return "none";
        }

        @Override
        public List<Key> keys() {
            return List.of();
        }

        @Override
        public String summary() {
            return "No reduction: every patch stays a token in every block.";
        }

        @Override
        public String example() {
            return "none";
        }

        @Override
        public TokenReducer parse(Settings settings, TensorFiles files) {
            return new None();
        }
    }
}
