package leanvit.vit.embed;

/**
 * How far two models agree about the same pictures, such as a reduced one with the unreduced: by the vectors, and by
 * what a search would find with them.
 *
 * @param cosineMean  mean cosine of a picture's two vectors
 * @param cosineWorst the least
 * @param worst       the picture that has it, counted from 0
 * @param recall1     share of the pictures whose nearest other picture is the same by both
 * @param recall10    mean share of the ten nearest by the first that are among the ten nearest by the second; where
 *                    there are fewer others, of all of them
 */
public record EmbeddingAgreement(double cosineMean, double cosineWorst, int worst, double recall1, double recall10) {

    private static final int MANY = 10;

    /**
     * Compares. Each model's neighbours are found among its own vectors, by cosine.
     *
     * @param expected the vectors of one model, [count, width]
     * @param found    those of the other
     * @throws IllegalArgumentException if there are fewer than two pictures or the lengths differ
     */
    public static EmbeddingAgreement of(float[] expected, float[] found, int count, int width) {
        if (count < 2 || expected.length != count * width || found.length != expected.length) {
            throw new IllegalArgumentException("vectors of " + expected.length + " and " + found.length
                    + " values, expected " + count + " x " + width + " of each, and two pictures or more");
        }
        double sum = 0;
        double least = Double.POSITIVE_INFINITY;
        int worst = 0;
        for (int i = 0; i < count; i++) {
            double cosine = cosine(expected, found, i * width, width);
            sum += cosine;
            // NaN is worse than anything.
            if (Double.isNaN(cosine) ? !Double.isNaN(least) : cosine < least) {
                least = cosine;
                worst = i;
            }
        }
        int[][] right = NearestNeighbours.of(expected, count, width, MANY);
        int[][] others = NearestNeighbours.of(found, count, width, MANY);
        return new EmbeddingAgreement(sum / count, least, worst, NearestNeighbours.recall(right, others, 1),
                NearestNeighbours.recall(right, others, MANY));
    }

    private static double cosine(float[] a, float[] b, int offset, int width) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int i = offset; i < offset + width; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return Math.max(-1, Math.min(1, dot / Math.sqrt(aa * bb)));
    }
}
