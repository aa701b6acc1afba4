package leanvit.vit.eval;

import java.io.IOException;

import leanvit.vit.Inference;
import leanvit.vit.Preprocessing;
import leanvit.vit.VitConfig;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;

/** Reads a run of pictures into one array that is used again, so that memory does not grow with their number. */
final class PixelReader {

    /** Pixels held at a time: some hundred images of 224 x 224. */
    private static final long CHUNK_BYTES = 64 << 20;

    private final LabelledPictures pictures;
    private final Preprocessor preprocessor;
    private final int imageLength;
    private final int chunk;
    private final float[] pixels;

    /**
     * Makes a reader.
     *
     * @param batch images that go through the model at a time; a chunk is a multiple of it
     */
    PixelReader(LabelledPictures pictures, Preprocessing preprocessing, int batch) {
        this.pictures = pictures;
        preprocessor = new Preprocessor(preprocessing);
        imageLength = preprocessor.inputLength();
        long fitting = Math.max(1, CHUNK_BYTES / (4L * imageLength));
        long batches = Math.min((fitting + batch - 1) / batch, (pictures.size() + batch - 1) / batch);
        chunk = Math.toIntExact(batches * batch);
        pixels = new float[Math.multiplyExact(Math.min(chunk, pictures.size()), imageLength)];
    }

    /** Refuses what cannot be evaluated. */
    static void check(Inference run, Preprocessing preprocessing, int batch) {
        VitConfig config = run.model().config();
        if (config.classes() == 0) {
            throw new IllegalArgumentException("model " + config.architecture() + " has no classifier");
        }
        if (preprocessing.height() != config.imageHeight() || preprocessing.width() != config.imageWidth()) {
            throw new IllegalArgumentException("preprocessing makes " + preprocessing.height() + " x " + preprocessing.width()
                    + " pixels, the model wants " + config.imageHeight() + " x " + config.imageWidth());
        }
        if (batch < 1) {
            throw new IllegalArgumentException("batch is " + batch + ", expected 1 or more");
        }
    }

    /** Returns the pictures of one chunk, at least 1. */
    int chunk() {
        return chunk;
    }

    /**
     * Reads the pictures of a chunk; fewer than {@link #chunk} where there are no more.
     *
     * @return how many were read
     * @throws IOException that names the picture that cannot be read
     */
    int read(int first) throws IOException {
        int count = Math.min(chunk, pictures.size() - first);
        for (int i = 0; i < count; i++) {
            preprocessor.apply(Pictures.read(pictures.file(first + i)), pixels, i * imageLength);
        }
        return count;
    }

    /** Copies {@code count} images of the chunk, from its image {@code from} on, to the beginning of {@code to}. */
    void copy(int from, int count, float[] to) {
        System.arraycopy(pixels, from * imageLength, to, 0, count * imageLength);
    }

    /** Returns an array for a batch. */
    float[] batchPixels(int batch) {
        return new float[Math.multiplyExact(Math.min(batch, pictures.size()), imageLength)];
    }
}
