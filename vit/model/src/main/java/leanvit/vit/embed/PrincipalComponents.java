package leanvit.vit.embed;

/**
 * The directions in which vectors differ most, such as the dense features of some pictures: their mean, and unit
 * vectors that are the first eigenvectors of their covariance, largest variance first. The largest value of each is
 * positive, so that the sign is the same every time.
 *
 * @param mean      [D]
 * @param axes      [components][D]
 * @param variances along each axis
 */
public record PrincipalComponents(double[] mean, double[][] axes, double[] variances) {

    private static final int MOST_ROUNDS = 500;
    private static final double CONVERGED = 1e-9;

    /** Adds up vectors, so that none of them has to be held. Not safe for use by several threads at once. */
    public static final class Sums {

        private final int width;
        private final double[] shift;
        private final double[] sum;
        private final double[] products;
        private final double[] row;
        private long count;

        /** Makes sums of no vectors as yet. */
        public Sums(int width) {
            this.width = width;
            shift = new double[width];
            sum = new double[width];
            products = new double[width * width];
            row = new double[width];
        }

        /**
         * Adds vectors, [count, width], that begin at {@code offset}.
         *
         * @throws IndexOutOfBoundsException if there are not so many
         */
        public void add(float[] vectors, int offset, int count) {
            for (int v = 0; v < count; v++) {
                for (int c = 0; c < width; c++) {
                    double value = vectors[offset + v * width + c];
                    if (this.count == 0) {
                        shift[c] = value; // near the mean, so that little is lost to cancellation
                    }
                    row[c] = value - shift[c];
                    sum[c] += row[c];
                }
                for (int a = 0; a < width; a++) {
                    double factor = row[a];
                    for (int b = 0, at = a * width; b <= a; b++) {
                        products[at + b] += factor * row[b];
                    }
                }
                this.count++;
            }
        }

        /**
         * Returns the first components, by orthogonal iteration.
         *
         * @param components how many, 1 to the width
         * @throws IllegalArgumentException if there are none so many
         * @throws IllegalStateException    if no vector was added
         */
        public PrincipalComponents components(int components) {
            if (components < 1 || components > width) {
                throw new IllegalArgumentException(components + " components of " + width + " values, expected 1 to "
                        + width);
            }
            if (count == 0) {
                throw new IllegalStateException("no vectors were added");
            }
            double[] mean = new double[width];
            double[] covariance = new double[width * width];
            for (int a = 0; a < width; a++) {
                mean[a] = shift[a] + sum[a] / count;
                for (int b = 0; b <= a; b++) {
                    double value = (products[a * width + b] - sum[a] * sum[b] / count) / count;
                    covariance[a * width + b] = value;
                    covariance[b * width + a] = value;
                }
            }
            double[][] axes = new double[components][width];
            double[] variances = new double[components];
            for (int k = 0; k < components; k++) {
                variances[k] = power(covariance, axes, k);
            }
            return new PrincipalComponents(mean, axes, variances);
        }

        /** Finds axis k, orthogonal to those before it, and returns its variance. */
        private double power(double[] covariance, double[][] axes, int k) {
            double[] axis = axes[k];
            for (int c = 0; c < width; c++) {
                axis[c] = 1 + ((c * 7 + k * 3) % 11) / 11.0;
            }
            orthogonalise(axis, axes, k);
            double variance = 0;
            double[] next = new double[width];
            for (int round = 0; round < MOST_ROUNDS; round++) {
                for (int a = 0; a < width; a++) {
                    double dot = 0;
                    for (int b = 0; b < width; b++) {
                        dot += covariance[a * width + b] * axis[b];
                    }
                    next[a] = dot;
                }
                double length = orthogonalise(next, axes, k);
                if (length == 0) {
                    break;
                }
                variance = length;
                double change = 0;
                for (int c = 0; c < width; c++) {
                    change = Math.max(change, Math.abs(next[c] - axis[c]));
                    axis[c] = next[c];
                }
                if (change < CONVERGED) {
                    break;
                }
            }
            int largest = 0;
            for (int c = 1; c < width; c++) {
                largest = Math.abs(axis[c]) > Math.abs(axis[largest]) ? c : largest;
            }
            for (int c = 0; c < width && axis[largest] < 0; c++) {
                axis[c] = c == largest ? axis[c] : -axis[c];
            }
            axis[largest] = Math.abs(axis[largest]);
            return variance;
        }

        /** Takes the first axes' share out of a vector and gives it length 1; returns the length that it had. */
        private static double orthogonalise(double[] vector, double[][] axes, int count) {
            for (int k = 0; k < count; k++) {
                double dot = 0;
                for (int c = 0; c < vector.length; c++) {
                    dot += vector[c] * axes[k][c];
                }
                for (int c = 0; c < vector.length; c++) {
                    vector[c] -= dot * axes[k][c];
                }
            }
            double squares = 0;
            for (double value : vector) {
                squares += value * value;
            }
            double length = Math.sqrt(squares);
            for (int c = 0; c < vector.length && length > 0; c++) {
                vector[c] /= length;
            }
            return length;
        }
    }

    /**
     * Returns how far a vector lies from the mean along an axis, in standard deviations; 0 where nothing varies.
     *
     * @param offset where the vector begins
     */
    public double score(int component, float[] vectors, int offset) {
        double dot = 0;
        for (int c = 0; c < mean.length; c++) {
            dot += (vectors[offset + c] - mean[c]) * axes[component][c];
        }
        return variances[component] > 0 ? dot / Math.sqrt(variances[component]) : 0;
    }
}
