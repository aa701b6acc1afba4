package leanvit.vit.weights;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import leanvit.vit.io.InvalidInputException;

/**
 * Tensors that are learnt: named slices of one array, so that an optimiser is one loop, and gradients, averages and
 * moments are arrays of the same layout. The layout is fixed; the values are anyone's to change, and not safe to change
 * while another thread reads them.
 *
 * <p>A {@link TensorSource}: {@code VisionTransformer.of(config, parameters)} packs a copy of the values for inference.
 */
public final class Parameters implements TensorSource {

    private final Map<String, Parameter> byName = new LinkedHashMap<>();
    private final float[] values;

    /**
     * Makes parameters that are 0.
     *
     * @param shapes each tensor's sides by its name, in the order in which they are to lie
     * @throws IllegalArgumentException if one array cannot hold them
     */
    public Parameters(Map<String, int[]> shapes) {
        long end = 0;
        for (Map.Entry<String, int[]> entry : shapes.entrySet()) {
            long length = 1;
            for (int side : entry.getValue()) {
                length = Math.multiplyExact(length, (long) side);
            }
            if (length < 0 || end + length > Integer.MAX_VALUE - 8) {
                throw new IllegalArgumentException("parameters up to " + entry.getKey() + ": " + (end + length)
                        + " values, expected at most " + (Integer.MAX_VALUE - 8));
            }
            byName.put(entry.getKey(), new Parameter(entry.getKey(), (int) end, (int) length, entry.getValue()));
            end += length;
        }
        values = new float[(int) end];
    }

    /** Reads tensors of the given shapes from {@code source}. */
    static Parameters read(Map<String, int[]> shapes, TensorSource source) throws IOException {
        Parameters parameters = new Parameters(shapes);
        for (Parameter parameter : parameters.byName.values()) {
            int row = parameter.length() / Math.max(1, parameter.shape()[0]);
            source.rows(parameter.name(), (first, count, rows) -> System.arraycopy(rows, 0, parameters.values,
                    parameter.offset() + first * row, count * row), parameter.shape());
        }
        return parameters;
    }

    /** Returns all of them in the order in which they lie. */
    public List<Parameter> all() {
        return List.copyOf(byName.values());
    }

    /** Returns those that {@code group} takes, such as {@code Parameter::decays}. */
    public List<Parameter> where(Predicate<Parameter> group) {
        return byName.values().stream().filter(group).toList();
    }

    /**
     * Returns one by its name.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public Parameter get(String name) {
        Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter " + name);
        }
        return parameter;
    }

    /** Returns the one array of all values; not a copy. */
    public float[] values() {
        return values;
    }

    /** Returns a new array of the same layout, all 0: for gradients, or an optimiser's state. */
    public float[] zeros() {
        return new float[values.length];
    }

    @Override
    public boolean has(String name) {
        return byName.containsKey(name);
    }

    @Override
    public int[] shape(String name) throws IOException {
        if (!has(name)) {
            throw new IOException("no parameter " + name);
        }
        return byName.get(name).shape();
    }

    @Override
    public float[] tensor(String name, int... expected) throws IOException {
        int[] shape = shape(name);
        if (!Arrays.equals(shape, expected)) {
            throw new IOException("parameter " + name + ": " + TensorLayout.expectedShape(expected, shape));
        }
        return Arrays.copyOfRange(values, byName.get(name).offset(), byName.get(name).end());
    }

    /**
     * Adds an array of this layout to a file, a tensor of type F32 for each parameter. The array must not change until
     * the file is written.
     *
     * @param prefix what stands before each parameter's name, such as {@code grad.}
     * @param array  {@link #values}, or an array of the same layout
     */
    public void addTo(SafeTensorsWriter writer, String prefix, float[] array) {
        checkLayout(array);
        for (Parameter parameter : byName.values()) {
            writer.floats(prefix + parameter.name(), array, parameter.offset(), DType.F32, parameter.shape());
        }
    }

    /**
     * Reads what {@link #addTo} wrote.
     *
     * @param prefix what stands before each parameter's name
     * @param array  receives the values; {@link #values}, or an array of the same layout
     * @throws InvalidInputException if a tensor is missing or has another shape; {@code array} may then be half read
     */
    public void readFrom(SafeTensors file, String prefix, float[] array) throws IOException {
        checkLayout(array);
        List<Parameter> missing = new ArrayList<>(byName.values());
        missing.removeIf(parameter -> file.has(prefix + parameter.name()));
        if (!missing.isEmpty()) {
            throw new InvalidInputException(file.file(), "tensor " + prefix + missing.get(0).name() + ": missing");
        }
        for (Parameter parameter : byName.values()) {
            int[] shape = file.shape(prefix + parameter.name());
            if (!Arrays.equals(shape, parameter.shape())) {
                throw new InvalidInputException(file.file(), "tensor " + prefix + parameter.name() + ": "
                        + TensorLayout.expectedShape(parameter.shape(), shape));
            }
            float[] read = file.floats(prefix + parameter.name());
            System.arraycopy(read, 0, array, parameter.offset(), read.length);
        }
    }

    private void checkLayout(float[] array) {
        if (array.length != values.length) {
            throw new IllegalArgumentException("array has " + array.length + " values, expected " + values.length);
        }
    }
}
