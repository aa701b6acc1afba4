package leanvit.vit.embed;

import java.io.IOException;
import java.util.List;

/** Vectors of one width, each with a name. They come one by one, so that nobody has to hold all. */
public interface Embeddings {

    /** Returns how many there are. */
    int size();

    /** Returns how many values each has. */
    int width();

    /** Returns the name of one, such as a picture's file. */
    String name(int index);

    /**
     * Writes one to {@code to}, from index 0 on.
     *
     * @throws IOException if it cannot be read
     */
    void vector(int index, float[] to) throws IOException;

    /**
     * Returns vectors that lie in an array.
     *
     * @param names   a name for each
     * @param vectors [names, width]; not copied
     * @throws IllegalArgumentException if the length is not that of so many vectors
     */
    static Embeddings of(List<String> names, float[] vectors, int width) {
        if (width < 1 || (long) names.size() * width != vectors.length) {
            throw new IllegalArgumentException(vectors.length + " values for " + names.size() + " names, expected "
                    + width + " for each");
        }
        return new Embeddings() {
            @Override
            public int size() {
                return names.size();
            }

            @Override
            public int width() {
                return width;
            }

            @Override
            public String name(int index) {
                return names.get(index);
            }

            @Override
            public void vector(int index, float[] to) {
                System.arraycopy(vectors, index * width, to, 0, width);
            }
        };
    }

    /** Divides a vector by its length; one of length 0, or not finite, stays as it is. */
    static void normalize(float[] vector) {
        double squares = 0;
        for (float value : vector) {
            squares += (double) value * value;
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < vector.length && length > 0 && length < Double.POSITIVE_INFINITY; i++) {
            vector[i] = (float) (vector[i] / length);
        }
    }
}
