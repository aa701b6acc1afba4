package leanvit.vit.image;

import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;
import leanvit.vit.io.WholeFile;

/**
 * Reads JPEG and PNG files as PIL's {@code Image.open(file).convert("RGB")} does, and turns them upright by their Exif
 * orientation or, without one, that of their XMP packet: gray is replicated, alpha is dropped (not blended), a palette
 * is looked up, of 16-bit samples the high byte is taken, CMYK is taken as Adobe stores it, colour profiles are
 * ignored.
 *
 * <p>A file that is no whole, sound JPEG or PNG, or is beyond the {@link PictureLimits}, is refused with one line that
 * says why; nothing else than {@link InvalidInputException} comes out of a bad file.
 *
 * <p>Memory: decoding takes 3 bytes of heap per pixel beside the file, a JPEG that has to be turned 6, one of CMYK 4 or
 * 7. It is reserved before anything is decoded, of eleven sixteenths of the largest heap for all threads together. A
 * picture waits for the room that others hold, {@value PictureRoom#MAX_WAIT_SECONDS} seconds at most; then, and at once
 * if it could never fit, it is a {@link NoRoomException}. The room is given back when the picture is returned; a caller
 * that decodes large pictures on many threads uses {@link #hold}, which keeps it until the picture is closed.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class Pictures {

    private static final int MAX_NAME = 255;

    /** Whether the module is there that decodes JPEGs. */
    private static final boolean DESKTOP = has("javax.imageio.ImageIO");

    private Pictures() {
    }

    /**
     * Reads a JPEG or PNG file, upright, within {@link PictureLimits#DEFAULT}.
     *
     * @throws InvalidInputException if there is no such file, it cannot be read, or it is no sound JPEG or PNG
     * @throws NoRoomException       if there is no room for it now
     */
    public static RgbImage read(Path file) throws InvalidInputException, NoRoomException {
        return read(file, PictureLimits.DEFAULT);
    }

    /** {@link #read(Path)} within these limits. */
    public static RgbImage read(Path file, PictureLimits limits) throws InvalidInputException, NoRoomException {
        return image(hold(file, limits));
    }

    /**
     * Reads a stream, which stays open, to its end and decodes what it holds, upright.
     *
     * @param name stands before the message of an exception, or null ("picture"); nothing is read from it
     * @throws InvalidInputException if the bytes are no sound JPEG or PNG, or are beyond the limits
     * @throws NoRoomException       if there is no room for it now
     * @throws IOException           what the stream throws
     */
    public static RgbImage decode(String name, InputStream in, PictureLimits limits) throws IOException {
        String shown = shown(name);
        return image(withRoom(shown, () -> decodeWhole(shown, readBytes(shown, in, limits), limits, null)));
    }

    /**
     * Decodes the bytes of a JPEG or PNG file, upright.
     *
     * @param name  stands before the message of an exception, or null ("picture"): an upload's own file name may be
     *              given as it came, since nothing is read from it and what could break a line is replaced
     * @param bytes the whole file; not changed, and not copied
     * @throws InvalidInputException if the bytes are no sound JPEG or PNG, or are beyond the limits
     * @throws NoRoomException       if there is no room for it now
     */
    public static RgbImage decode(String name, byte[] bytes, PictureLimits limits)
            throws InvalidInputException, NoRoomException {
        return image(hold(name, bytes, limits));
    }

    /**
     * {@link #decode(String, byte[], PictureLimits)} for what remains of a buffer, whose position stays. It is copied
     * unless it is the whole of an array.
     */
    public static RgbImage decode(String name, ByteBuffer bytes, PictureLimits limits)
            throws InvalidInputException, NoRoomException {
        return image(hold(name, bytes, limits));
    }

    /** {@link #decode(String, byte[], PictureLimits)} under a path's name, within {@link PictureLimits#DEFAULT}. */
    public static RgbImage decode(Path name, byte[] bytes) throws InvalidInputException, NoRoomException {
        return decode(name == null ? null : name.toString(), bytes, PictureLimits.DEFAULT);
    }

    /** {@link #read(Path, PictureLimits)}, with the room until the picture is closed. */
    public static HeldPicture hold(Path file, PictureLimits limits) throws InvalidInputException, NoRoomException {
        return hold(file, limits, null);
    }

    /** {@link #hold(String, byte[], PictureLimits, Preprocessor)} for a file. */
    public static HeldPicture hold(Path file, PictureLimits limits, Preprocessor model)
            throws InvalidInputException, NoRoomException {
        String name = shown(file.toString());
        return withRoom(name, () -> decodeWhole(name, readBytes(file, name, limits), limits, model));
    }

    /** {@link #decode(String, byte[], PictureLimits)}, with the room until the picture is closed. */
    public static HeldPicture hold(String name, byte[] bytes, PictureLimits limits)
            throws InvalidInputException, NoRoomException {
        return hold(name, bytes, limits, null);
    }

    /**
     * {@link #hold(String, byte[], PictureLimits)} for a model's input, which {@link Preprocessor#apply(HeldPicture,
     * float[], int)} makes of it: the rows of a PNG are shortened as they are decoded, where that saves half of the
     * room or more. It then takes 3 bytes for each of its rows times the input's columns, 4 MiB where a picture of
     * 8192 x 6144 pixels takes 144. Pixels that are interlaced, or have to be turned, and JPEGs are decoded as a whole.
     *
     * @param model or null
     */
    public static HeldPicture hold(String name, byte[] bytes, PictureLimits limits, Preprocessor model)
            throws InvalidInputException, NoRoomException {
        String shown = shown(name);
        return withRoom(shown, () -> decodeWhole(shown, bytes, limits, model));
    }

    /** {@link #decode(String, ByteBuffer, PictureLimits)}, with the room until the picture is closed. */
    public static HeldPicture hold(String name, ByteBuffer bytes, PictureLimits limits)
            throws InvalidInputException, NoRoomException {
        return hold(name, bytes, limits, null);
    }

    /** {@link #hold(String, byte[], PictureLimits, Preprocessor)} for what remains of a buffer; its position stays. */
    public static HeldPicture hold(String name, ByteBuffer bytes, PictureLimits limits, Preprocessor model)
            throws InvalidInputException, NoRoomException {
        String shown = shown(name);
        limits.checkBytes(shown, bytes.remaining());
        return withRoom(shown, () -> decodeWhole(shown, array(bytes), limits, model));
    }

    private static RgbImage image(HeldPicture held) {
        try (held) {
            return held.image();
        }
    }

    /**
     * Returns a picture of the JDK's as RGB, the same as {@link #read} gives for its file: gray samples are replicated
     * as they are, of 16-bit samples the high byte is taken, alpha is dropped, not blended.
     */
    public static RgbImage of(BufferedImage picture) {
        return BufferedPictures.rgb(picture);
    }

    /** Returns a picture as the bytes of a PNG file, as {@link #writePng} writes them. */
    public static byte[] png(RgbImage picture) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            PngWriter.write(picture, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /**
     * Writes a picture as a PNG. The file appears whole, or not at all: it is written under another name beside its
     * place and then moved. It holds exactly these pixels.
     *
     * @throws InvalidInputException if the directory does not exist or the path is a directory
     * @throws IOException           if the file cannot be written; a file that was there before is then still there
     */
    public static void writePng(RgbImage picture, Path file) throws IOException {
        WholeFile.write(file, part -> {
            try (OutputStream out = Files.newOutputStream(part, StandardOpenOption.CREATE_NEW)) {
                PngWriter.write(picture, new BufferedOutputStream(out));
            }
        });
    }

    private static boolean has(String type) {
        try {
            Class.forName(type, false, Pictures.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** What {@link #withRoom} runs; E is what it throws beside the two. */
    private interface Decoding<E extends Exception> {
        HeldPicture run() throws InvalidInputException, NoRoomException, E;
    }

    /**
     * Turns a lack of memory, which reserving room prevents unless the application fills the heap with other things,
     * into what it means: one big array did not fit, the heap is as it was before.
     */
    private static <E extends Exception> HeldPicture withRoom(String name, Decoding<E> decoding)
            throws InvalidInputException, NoRoomException, E {
        try {
            return decoding.run();
        } catch (OutOfMemoryError e) {
            throw new NoRoomException(name, "this picture does not fit into what is left of the Java heap of "
                    + PictureRoom.mebibytes(Runtime.getRuntime().maxMemory()), e);
        }
    }

    private static HeldPicture decodeWhole(String name, byte[] bytes, PictureLimits limits, Preprocessor model)
            throws InvalidInputException, NoRoomException {
        if (bytes.length == 0) {
            throw new InvalidInputException(name, "is empty, expected a JPEG or PNG picture");
        }
        limits.checkBytes(name, bytes.length);
        if (PngReader.isPng(bytes)) {
            return new PngReader(name, bytes, limits).read(model);
        }
        if (JpegReader.isJpeg(bytes)) {
            if (!DESKTOP) {
                throw new InvalidInputException(name,
                        "is a JPEG picture, for which this program's Java runtime lacks the module java.desktop "
                        + "(use a full JDK, or name the module to --add-modules of java or jlink)");
            }
            return new JpegReader(name, bytes, limits).read();
        }
        throw new InvalidInputException(name, "is not a JPEG or PNG picture" + guessFormat(bytes));
    }

    /** Returns a name as it may stand in a message of one line. */
    static String shown(String name) {
        if (name == null || name.isBlank()) {
            return "picture";
        }
        StringBuilder shown = new StringBuilder();
        name.codePoints().limit(MAX_NAME).forEach(c -> {
            int type = Character.getType(c);
            shown.appendCodePoint(type == Character.CONTROL || type == Character.FORMAT
                    || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR ? '?' : c);
        });
        return name.codePointCount(0, name.length()) > MAX_NAME ? shown + "..." : shown.toString();
    }

    private static byte[] array(ByteBuffer buffer) {
        if (buffer.hasArray() && buffer.arrayOffset() == 0 && buffer.position() == 0
                && buffer.limit() == buffer.array().length) {
            return buffer.array();
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static byte[] readBytes(Path file, String name, PictureLimits limits) throws InvalidInputException {
        try {
            if (Files.isDirectory(file)) {
                throw new InvalidInputException(name, "is a directory, expected a JPEG or PNG picture");
            }
            if (Files.isRegularFile(file)) {
                limits.checkBytes(name, Files.size(file));
                return Files.readAllBytes(file);
            }
            try (InputStream in = Files.newInputStream(file)) { // a pipe, which has no size, or a device without end
                return readBytes(name, in, limits);
            }
        } catch (InvalidInputException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(name, "no such file", e);
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(name, "may not be read (permission denied)", e);
        } catch (IOException e) {
            throw new InvalidInputException(name, "cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static byte[] readBytes(String name, InputStream in, PictureLimits limits) throws IOException {
        byte[] bytes = in.readNBytes(limits.maxBytes() + 1);
        limits.checkBytes(name, bytes.length);
        return bytes;
    }

    private static String guessFormat(byte[] bytes) {
        if (begins(bytes, 0, "GIF8")) {
            return " (it is a GIF)";
        }
        if (begins(bytes, 0, "BM")) {
            return " (it looks like a BMP)";
        }
        if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WEBP")) {
            return " (it is a WebP)";
        }
        if (begins(bytes, 0, "II*\0") || begins(bytes, 0, "MM\0*")) {
            return " (it is a TIFF)";
        }
        if (begins(bytes, 4, "ftyp")) {
            return " (it is a HEIC, AVIF or video file)";
        }
        return "";
    }

    private static boolean begins(byte[] bytes, int at, String text) {
        if (bytes.length < at + text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (bytes[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
