package leanvit.vit.train;

import java.io.IOException;
import java.util.Arrays;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.weights.SafeTensors;

/** Reads tensors of a known length. */
final class StateTensors {

    private StateTensors() {
    }

    /** Fills an array from a tensor that must be as long. */
    static void read(SafeTensors file, String name, float[] to) throws IOException {
        check(file, name, to.length);
        float[] values = file.floats(name);
        System.arraycopy(values, 0, to, 0, to.length);
    }

    /** Reads one whole number. */
    static long read(SafeTensors file, String name) throws IOException {
        check(file, name, 1);
        return file.longs(name)[0];
    }

    private static void check(SafeTensors file, String name, int length) throws InvalidInputException {
        if (!file.has(name)) {
            throw new InvalidInputException(file.file(), "tensor \"" + name + "\": missing");
        }
        int[] shape = file.shape(name);
        if (!Arrays.equals(shape, new int[] {length})) {
            throw new InvalidInputException(file.file(), "tensor \"" + name + "\": expected shape [" + length
                    + "], came " + Arrays.toString(shape));
        }
    }
}
