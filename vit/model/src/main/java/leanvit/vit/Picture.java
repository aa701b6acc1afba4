package leanvit.vit;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import leanvit.vit.image.HeldPicture;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;

/**
 * A picture as somebody has it: bytes, a stream, a file, decoded, or as the model's input. Holds what it was given,
 * unchanged and not copied, until it is used; a {@link Classifier} decodes it when its turn has come, so that many
 * waiting pictures cost their bytes alone.
 *
 * <p>Immutable, as far as what it was given is; usable any number of times but for a stream, which is read once. No
 * argument may be null.
 */
public final class Picture {

    private static final String UNNAMED = "picture";

    /** Gives the decoded picture, with the heap that it takes, for a model. */
    private interface Source {
        HeldPicture decode(String name, PictureLimits limits, Preprocessor model) throws IOException;
    }

    private final String name;
    private final Source source;
    private final InputStream stream;
    private final float[] input;

    private Picture(String name, Source source, InputStream stream, float[] input) {
        this.name = name;
        this.source = source;
        this.stream = stream;
        this.input = input;
    }

    private static Picture of(Source source) {
        return new Picture(UNNAMED, source, null, null);
    }

    /** Returns the picture of a JPEG or PNG file's bytes. */
    public static Picture of(byte[] file) {
        Objects.requireNonNull(file, "file");
        return of((name, limits, model) -> Pictures.hold(name, file, limits, model));
    }

    /** Returns the picture of the JPEG or PNG file between a buffer's position and its limit, which stay. */
    public static Picture of(ByteBuffer file) {
        ByteBuffer bytes = file.slice();
        return of((name, limits, model) -> Pictures.hold(name, bytes.duplicate(), limits, model));
    }

    /**
     * Returns the picture of the JPEG or PNG file that a stream holds from here to its end, which is read by the call
     * that uses the picture, before it waits for its turn, and not closed. More bytes than the limit allows are not
     * read.
     */
    public static Picture of(InputStream file) {
        return new Picture(UNNAMED, null, Objects.requireNonNull(file, "file"), null);
    }

    /** Returns the picture of a JPEG or PNG file, which is read when it is used. */
    public static Picture of(Path file) {
        Objects.requireNonNull(file, "file");
        return of((name, limits, model) -> Pictures.hold(file, limits, model)).named(file.toString());
    }

    /** Returns a picture of the JDK's; alpha is dropped. */
    public static Picture of(BufferedImage picture) {
        Objects.requireNonNull(picture, "picture");
        return of((name, limits, model) -> HeldPicture.of(Pictures.of(picture)));
    }

    /** Returns a decoded picture. */
    public static Picture of(RgbImage picture) {
        Objects.requireNonNull(picture, "picture");
        return of((name, limits, model) -> HeldPicture.of(picture));
    }

    /**
     * Returns a model's input, [3, height, width], normalised as {@link Classifier#preprocessing} says: it is taken as
     * it is. Where its length is not the model's it is refused.
     */
    public static Picture ofInput(float[] input) {
        return new Picture(UNNAMED, null, null, Objects.requireNonNull(input, "input"));
    }

    /**
     * Returns the same picture, which messages about it call so. A file is called by its path all the same.
     *
     * @param name any text, such as the name that a client gave; nothing is read from it
     */
    public Picture named(String name) {
        return new Picture(Objects.requireNonNull(name, "name"), source, stream, input);
    }

    /** Returns what messages call it, or null. */
    String name() {
        return name;
    }

    /** Reads a stream; other pictures are returned as they are. */
    Picture load(PictureLimits limits) throws IOException {
        if (stream == null) {
            return this;
        }
        byte[] bytes = stream.readNBytes(limits.maxBytes() + 1);
        if (bytes.length > limits.maxBytes()) {
            throw new InvalidInputException(name, "is larger than the limit of " + limits.maxBytes() + " bytes");
        }
        return of(bytes).named(name);
    }

    /** Returns whether this is a model's input, so that there is nothing to decode. */
    boolean isInput() {
        return input != null;
    }

    /**
     * Copies a model's input.
     *
     * @throws IllegalArgumentException if its length is not the model's
     */
    void copyInput(Preprocessor preprocessor, float[] to, int offset) {
        if (input.length != preprocessor.inputLength()) {
            throw new IllegalArgumentException("the input has " + input.length + " values, the model takes "
                    + preprocessor.inputLength());
        }
        System.arraycopy(input, 0, to, offset, input.length);
    }

    /**
     * Decodes for a model; a stream must have been {@linkplain #load loaded}. The caller closes it when it has been
     * resized.
     *
     * @throws IOException              if it cannot be read or decoded
     * @throws IllegalArgumentException if it is a model's input, which has no pixels
     */
    HeldPicture decode(PictureLimits limits, Preprocessor model) throws IOException {
        if (input != null) {
            throw new IllegalArgumentException("a model's input is no picture that could be shown");
        }
        return source.decode(name, limits, model);
    }
}
