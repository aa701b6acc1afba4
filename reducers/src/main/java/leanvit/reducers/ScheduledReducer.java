package leanvit.reducers;

/**
 * A method of which a {@link Schedule} says how many patch tokens go in which block; the method says which, and what
 * becomes of them.
 */
public interface ScheduledReducer extends TokenReducer {

    /** Returns how many patch tokens go in which block. */
    Schedule schedule();

    /**
     * Removes patch tokens from one image, as {@link TokenReducer#reduce} describes it.
     *
     * @param removed how many are to go: at least 1, and fewer than there are
     */
    void remove(LayerTokens tokens, int removed, TokenMap map);

    /**
     * Checks the schedule's blocks and, where the method scores by it, that there is a class token.
     *
     * @throws InvalidSpecException where the model lacks what is asked for
     */
    @Override
    default void check(ModelShape model) {
        schedule().check(spec(), model);
        if (needs().contains(Need.CLASS_ATTENTION) && model.prefix() < 1) {
            throw new InvalidSpecException(spec() + ": scores patches by the class token's attention, "
                    + "but the model has no class token");
        }
    }

    @Override
    default boolean reducesAt(ModelShape model, int layer) {
        return schedule().removesAt(model, layer);
    }

    /** Asks the schedule; one patch at least stays, and where none is to go the map is the identity. */
    @Override
    default void reduce(LayerTokens tokens, TokenMap map) {
        int patches = tokens.patches();
        int removed = Math.min(schedule().removed(tokens.model(), tokens.layer(), patches), patches - 1);
        if (removed <= 0) {
            map.identity(tokens.count());
            return;
        }
        int mark = tokens.scratch().mark();
        remove(tokens, removed, map);
        tokens.scratch().release(mark);
    }
}
