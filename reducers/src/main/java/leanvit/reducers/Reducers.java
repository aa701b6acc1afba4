package leanvit.reducers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Makes reducers from a SPEC, one text for the library and the command line: a method's name and, after a colon, its
 * settings, {@code tome:r=16,inflect=-1}. The methods that {@link #methods()} lists say which names and keys there are;
 * a user's own are among them once they are registered ({@link ReducerMethod}).
 *
 * <p>Lists are written with {@code /}, blocks count from 0. A value with a comma or a semicolon in it stands in double
 * quotes, {@code ltmp:thresholds="a,b.safetensors"}; {@code ""} in it is one quote.
 *
 * <p>What depends on the model (its depth, its width, a class token) is checked by {@link TokenReducer#check}.
 *
 * <p>Safe for any number of threads.
 */
public final class Reducers {

    private static final TensorFiles NO_FILES = path -> {
        throw new InvalidSpecException("file " + InvalidSpecException.quote(path)
                + " cannot be read here: this needs parse(spec, files)");
    };

    private Reducers() {
    }

    /** Returns the methods that this thread sees: the library's own, then those of users' jars. */
    public static List<ReducerMethod> methods() {
        return Methods.visible().all();
    }

    /**
     * Returns a line for each registered method that cannot be used, such as one whose class misses or whose name is
     * another's too. Normally there is none. The other methods work all the same.
     */
    public static List<String> problems() {
        return Methods.visible().problems();
    }

    /**
     * Makes the reducer of a SPEC that names no file.
     *
     * @throws InvalidSpecException where the SPEC cannot be: one line that names the value and says what is allowed
     */
    public static TokenReducer parse(String spec) {
        try {
            return parse(spec, NO_FILES);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Makes the reducer of a SPEC.
     *
     * @param files reads the file that {@code thresholds=FILE} or {@code predictors=FILE} names
     * @throws InvalidSpecException where the SPEC or its file's tensors cannot be: one line that names the value and
     *                              says what is allowed
     * @throws IOException          where the file cannot be read
     */
    public static TokenReducer parse(String spec, TensorFiles files) throws IOException {
        ReducerMethod method = Methods.visible().named(Methods.nameOf(spec));
        try {
            TokenReducer reducer = method.parse(Settings.of(Methods.settingsOf(spec), method), files);
            requireReadable(reducer, method);
            return reducer;
        } catch (IllegalArgumentException problem) {
            throw new InvalidSpecException(method.name() + ": " + problem.getMessage());
        }
    }

    /**
     * Takes keys out of a SPEC that are not its method's but somebody else's, such as training's
     * {@code ltmp:thresholds=FILE,tau=0.1}.
     *
     * @param keys  whose values are taken
     * @param taken receives them by key
     * @return the SPEC without them
     * @throws InvalidSpecException where one of them has no value or is given twice
     */
    public static String without(String spec, Collection<String> keys, Map<String, String> taken) {
        String settings = Methods.settingsOf(spec);
        if (settings == null) {
            return spec;
        }
        List<String> rest = new ArrayList<>();
        for (String setting : Settings.split(settings, ',')) {
            String key = setting.substring(0, Math.max(0, setting.indexOf('=')));
            if (!keys.contains(key)) {
                rest.add(setting);
            } else if (setting.length() == key.length() + 1) {
                throw new InvalidSpecException("key " + InvalidSpecException.quote(key) + " has no value");
            } else if (taken.putIfAbsent(key, setting.substring(key.length() + 1)) != null) {
                throw new InvalidSpecException("key " + InvalidSpecException.quote(key) + " is given twice");
            }
        }
        return Methods.nameOf(spec) + (rest.isEmpty() ? "" : ":" + String.join(",", rest));
    }

    /** Holds a method to its promise, as far as that can be seen without its files. */
    private static void requireReadable(TokenReducer reducer, ReducerMethod method) {
        String spec = reducer.spec();
        String name = method.name();
        try {
            if (Methods.nameOf(spec).equals(name)) {
                Settings.of(Methods.settingsOf(spec), method);
                return;
            }
        } catch (InvalidSpecException unreadable) {
            throw new IllegalArgumentException("its spec() " + InvalidSpecException.quote(spec)
                    + " does not read back: " + unreadable.getMessage());
        }
        throw new IllegalArgumentException("its spec() " + InvalidSpecException.quote(spec)
                + " does not read back: it begins with another name");
    }

    /**
     * Makes the reducers of SPECs with {@code ;} between them, such as {@code none;tome:r=8;pomt:r=56}.
     *
     * @throws InvalidSpecException for the first SPEC that cannot be
     * @throws IOException          where a file cannot be read
     */
    public static List<TokenReducer> parseAll(String specs, TensorFiles files) throws IOException {
        List<TokenReducer> reducers = new ArrayList<>();
        for (String spec : Settings.split(specs, ';')) {
            reducers.add(parse(spec, files));
        }
        return List.copyOf(reducers);
    }

    /**
     * Returns reducers to compare a model with when nobody says which: what each method finds usual, in the order of
     * {@link #methods()}. What needs a file, or does not fit the model, is left out.
     */
    public static List<TokenReducer> usual(ModelShape model) {
        List<TokenReducer> reducers = new ArrayList<>();
        for (ReducerMethod method : methods()) {
            for (String spec : method.usual(model)) {
                try {
                    TokenReducer reducer = parse(spec);
                    reducer.check(model);
                    reducers.add(reducer);
                } catch (IllegalArgumentException unfit) {
                    // It needs a file of learned values, or what this model lacks: a class token, a block.
                }
            }
        }
        return reducers;
    }

    /**
     * Returns what a reducer does, in a sentence for somebody who never read of its method.
     *
     * @param spec its {@link TokenReducer#spec()}; where no method is registered for it, the sentence is a general one
     */
    public static String describe(String spec) {
        try {
            ReducerMethod method = Methods.visible().named(Methods.nameOf(spec));
            return method.describe(Settings.of(Methods.settingsOf(spec), method));
        } catch (IllegalArgumentException unregistered) {
            return Methods.nameOf(spec) + ": what each block left of the picture's patches.";
        }
    }
}
