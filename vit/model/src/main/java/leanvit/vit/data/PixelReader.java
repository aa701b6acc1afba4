package leanvit.vit.data;

import java.io.IOException;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;

/** Reads a run of pictures into one array that is used again, so that memory does not grow with their number. */
public final class PixelReader {

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
    public PixelReader(LabelledPictures pictures, Preprocessing preprocessing, int batch) {
        this.pictures = pictures;
        preprocessor = new Preprocessor(preprocessing);
        imageLength = preprocessor.inputLength();
        long fitting = Math.max(1, CHUNK_BYTES / (4L * imageLength));
        long batches = Math.min((fitting + batch - 1) / batch, (pictures.size() + batch - 1) / batch);
        chunk = Math.toIntExact(batches * batch);
        pixels = new float[Math.multiplyExact(Math.min(chunk, pictures.size()), imageLength)];
    }

    /** Returns the pictures of one chunk, at least 1. */
    public int chunk() {
        return chunk;
    }

    /**
     * Reads the pictures of a chunk; fewer than {@link #chunk} where there are no more.
     *
     * @return how many were read
     * @throws IOException that names the picture that cannot be read
     */
    public int read(int first) throws IOException {
        int count = Math.min(chunk, pictures.size() - first);
        for (int i = 0; i < count; i++) {
            RgbImage picture = pictures.read(first + i);
            preprocessor.check(pictures.name(first + i), picture);
            preprocessor.apply(picture, pixels, i * imageLength);
        }
        return count;
    }

    /** Copies {@code count} images of the chunk, from its image {@code from} on, to the beginning of {@code to}. */
    public void copy(int from, int count, float[] to) {
        System.arraycopy(pixels, from * imageLength, to, 0, count * imageLength);
    }

    /** Returns an array for a batch. */
    public float[] batchPixels(int batch) {
        return new float[Math.multiplyExact(Math.min(batch, pictures.size()), imageLength)];
    }
}
