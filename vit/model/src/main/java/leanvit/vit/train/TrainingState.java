package leanvit.vit.train;

import java.io.IOException;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;

/** What has to be kept, to the bit, so that a run that was stopped goes on as if it had not been. */
public interface TrainingState {

    /**
     * Adds what is to be kept to a file. Arrays must not change until it is written.
     *
     * @param prefix what stands before each tensor's name
     */
    void addTo(SafeTensorsWriter file, String prefix);

    /**
     * Takes up what {@link #addTo} kept.
     *
     * @param prefix what stands before each tensor's name
     * @throws InvalidInputException if a tensor is missing or has another shape; the state may then be half read
     * @throws IOException           if the file cannot be read
     */
    void readFrom(SafeTensors file, String prefix) throws IOException;
}
