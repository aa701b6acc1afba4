package leanvit.vit.train;

import java.io.IOException;
import java.util.List;
import leanvit.vit.io.InvalidInputException;

/**
 * Pictures with their classes, to learn from: {@link TrainingFolder}, or any source of a user's own. Several threads
 * ask for samples at once; the same epoch and number give the same sample every time.
 */
public interface TrainingPictures {

    /** Returns the classes' names; a label is a place in this list. */
    List<String> labels();

    /** Returns how many pictures an epoch has. */
    int size();

    /** Returns what messages call a picture. */
    String name(int picture);

    /**
     * Returns a picture with its class.
     *
     * @param epoch   counted from 0, for sources that never show the same picture twice
     * @param picture 0 to {@link #size} - 1
     * @throws InvalidInputException if it is no sound picture: training then goes on without it
     * @throws IOException           if it cannot be read: training then stops
     */
    TrainingSample sample(int epoch, int picture) throws IOException;
}
