package leanvit.vit;

import java.io.IOException;
import java.util.Objects;
import java.util.function.Function;

/**
 * What became of one picture among many: a value, or what was wrong with that picture alone.
 *
 * @param value   the answer; null where there is a problem
 * @param problem an {@link IOException}, such as {@link leanvit.vit.io.InvalidInputException}, or an
 *                {@link IllegalArgumentException} of a picture whose size the model does not take; null where there is
 *                a value
 */
public record Outcome<T>(T value, Exception problem) {

    /**
     * Checks that there is one of them.
     *
     * @throws IllegalArgumentException if there are both or neither
     */
    public Outcome {
        if ((value == null) == (problem == null)) {
            throw new IllegalArgumentException("an outcome has a value or a problem, not both or neither");
        }
    }

    /** Returns an outcome with a value. */
    static <T> Outcome<T> of(T value) {
        return new Outcome<>(Objects.requireNonNull(value, "value"), null);
    }

    /** Returns an outcome with a problem. */
    static <T> Outcome<T> failed(Exception problem) {
        return new Outcome<>(null, Objects.requireNonNull(problem, "problem"));
    }

    /** Returns whether there is a value. */
    public boolean isSound() {
        return problem == null;
    }

    /**
     * Returns the value; never null.
     *
     * @throws IOException      if the picture could not be read or decoded
     * @throws RuntimeException if the model does not take it
     */
    public T get() throws IOException {
        if (problem instanceof IOException unreadable) {
            throw unreadable;
        }
        if (problem instanceof RuntimeException unfit) {
            throw unfit;
        }
        return value;
    }

    /** Returns the same with what a function makes of the value. */
    <R> Outcome<R> map(Function<? super T, ? extends R> function) {
        return isSound() ? of(function.apply(value)) : failed(problem);
    }
}
