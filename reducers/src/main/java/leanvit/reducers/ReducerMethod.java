package leanvit.reducers;

import java.io.IOException;
import java.util.List;

/**
 * Registers a method of token reduction: its name in a SPEC, its keys, the words in which help and pictures speak of
 * it, and how its settings become a {@link TokenReducer}. {@link Reducers} finds every registration through
 * {@link java.util.ServiceLoader}, the library's own in the same way as a user's, so that a method stands in one file
 * and SPEC, command line, comparison, help and pictures know it.
 *
 * <p>For a method of one's own, write a public class with a public constructor without arguments that implements this
 * (a nested class of the reducer will do), and name it in the jar's file
 * {@code META-INF/services/leanvit.reducers.ReducerMethod}, one class per line; in a named module,
 * {@code provides leanvit.reducers.ReducerMethod with ...}. An example is with {@link TokenReducer}.
 *
 * <p>Implementations are stateless.
 */
public interface ReducerMethod {

    /**
     * A key of a method's SPEC.
     *
     * @param name     the key, such as {@code keep}
     * @param meaning  what its value is, a phrase for help
     * @param fallback what holds where it is left out, for help; empty where it must be given
     */
    record Key(String name, String meaning, String fallback) {
    }

    /** Returns the name that begins the SPEC: a small letter, then small letters, digits, {@code -} and {@code _}. */
    String name();

    /** Returns the keys that the SPEC may have, in the order of the help; {@link Reducers} refuses any other. */
    List<Key> keys();

    /** Returns what the method does, in a sentence for somebody who never read of it. */
    String summary();

    /** Returns a SPEC of this method, for help and for messages about a key that is missing. */
    String example();

    /**
     * Makes the reducer. Its {@link TokenReducer#spec()} must be a SPEC of this method that makes an equal one.
     *
     * @param settings the SPEC's keys and values
     * @param files    reads a file of tensors that a value names
     * @throws InvalidSpecException where a value cannot be; {@link Reducers} puts the method's name before the message
     * @throws IOException          where a file cannot be read
     */
    TokenReducer parse(Settings settings, TensorFiles files) throws IOException;

    /** Returns what the method does with these settings: {@link #summary()}, unless they change what happens. */
    default String describe(Settings settings) {
        return summary();
    }

    /**
     * Returns SPECs to compare a model with when nobody says which: the settings of the paper, scaled to the model. By
     * default the {@link #example()}. None for a method that needs a file of learned values.
     */
    default List<String> usual(ModelShape model) {
        return List.of(example());
    }
}
