package leanvit.vit.image;

import java.awt.image.BufferedImage;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.WholeFile;

/**
 * Reads JPEG and PNG files as PIL's {@code Image.open(file).convert("RGB")} does, and turns them upright by their Exif
 * orientation or, without one, that of their XMP packet: gray is replicated, alpha is dropped (not blended), a palette
 * is looked up, of 16-bit samples the high byte is taken, CMYK is taken as Adobe stores it, colour profiles are
 * ignored.
 *
 * <p>A file that is no whole, sound JPEG or PNG is refused with one line that says why; nothing else than
 * {@link InvalidInputException} comes out of a bad file. Sizes are checked before anything is decoded: at most
 * {@value #MAX_PIXELS} pixels (8192 x 6144), {@value #MAX_SIDE} a side, and {@value #MAX_FILE_BYTES} bytes of file. At
 * that size decoding takes 288 MiB of heap beside the file (CMYK with a quarter turn 336 MiB), so that it fits a heap
 * of 512 MB; a picture that does not fit into what is left of the heap is refused with that reason.
 *
 * <p>All methods are safe for use by any number of threads.
 */
public final class Pictures {

    /** The most pixels of a picture. */
    public static final int MAX_PIXELS = 48 << 20;
    /** The most pixels of one side, which is also the limit of libjpeg. */
    public static final int MAX_SIDE = 65_500;
    /** The most bytes of a file. */
    public static final int MAX_FILE_BYTES = 128 << 20;

    /** Whether the module is there that decodes JPEGs. */
    private static final boolean DESKTOP = has("javax.imageio.ImageIO");

    private Pictures() {
    }

    /**
     * Reads a JPEG or PNG file, upright.
     *
     * @throws InvalidInputException if there is no such file, it cannot be read, or it is no sound JPEG or PNG
     */
    public static RgbImage read(Path file) throws InvalidInputException {
        try {
            // The file's bytes are garbage once decoded, before a second picture is made for the orientation.
            return upright(decodeStored(file, readBytes(file)));
        } catch (OutOfMemoryError e) {
            throw tooLargeForHeap(file, e);
        }
    }

    /**
     * Decodes the bytes of a JPEG or PNG file, upright.
     *
     * @param name  stands before the message if the bytes are refused; nothing is read from it
     * @param bytes the whole file; not changed
     * @throws InvalidInputException if the bytes are no sound JPEG or PNG
     */
    public static RgbImage decode(Path name, byte[] bytes) throws InvalidInputException {
        try {
            return upright(decodeStored(name, bytes.clone()));
        } catch (OutOfMemoryError e) {
            throw tooLargeForHeap(name, e);
        }
    }

    /**
     * Returns a picture of the JDK's as RGB, the same as {@link #read} gives for its file: gray samples are replicated
     * as they are, of 16-bit samples the high byte is taken, alpha is dropped, not blended.
     */
    public static RgbImage of(BufferedImage picture) {
        return BufferedPictures.rgb(picture);
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

    /** A picture as it lies in the file, and how it is to be turned. */
    record Stored(RgbImage image, int orientation) {
    }

    private static RgbImage upright(Stored stored) {
        return Orientation.apply(stored.image(), stored.orientation());
    }

    private static boolean has(String type) {
        try {
            Class.forName(type, false, Pictures.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Decodes, and may write into {@code bytes}. */
    private static Stored decodeStored(Path file, byte[] bytes) throws InvalidInputException {
        if (bytes.length == 0) {
            throw new InvalidInputException(file, "is empty, expected a JPEG or PNG picture");
        }
        if (PngReader.isPng(bytes)) {
            return new PngReader(file, bytes).read();
        }
        if (JpegReader.isJpeg(bytes)) {
            if (!DESKTOP) {
                throw new InvalidInputException(file,
                        "is a JPEG picture, for which this program's Java runtime lacks the module java.desktop "
                        + "(use a full JDK, or name the module to --add-modules of java or jlink)");
            }
            return new JpegReader(file, bytes).read();
        }
        throw new InvalidInputException(file, "is not a JPEG or PNG picture" + guessFormat(bytes));
    }

    /** One big array did not fit; the heap is as it was before, and the caller may go on with the next picture. */
    private static InvalidInputException tooLargeForHeap(Path file, OutOfMemoryError e) {
        return new InvalidInputException(file, "this picture does not fit into the Java heap of "
                + (Runtime.getRuntime().maxMemory() >> 20) + " MiB", e);
    }

    /** Refuses a size that is zero or beyond the limits. */
    static void checkSize(Path file, long width, long height) throws InvalidInputException {
        if (width < 1 || height < 1) {
            throw new InvalidInputException(file, "claims a size of " + width + " x " + height + " pixels");
        }
        if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
            throw new InvalidInputException(file, "claims a size of " + width + " x " + height
                    + " pixels, the limit is " + MAX_PIXELS + " pixels and " + MAX_SIDE + " a side");
        }
    }

    private static byte[] readBytes(Path file) throws InvalidInputException {
        try {
            if (Files.isDirectory(file)) {
                throw new InvalidInputException(file, "is a directory, expected a JPEG or PNG picture");
            }
            if (Files.isRegularFile(file)) {
                checkFileSize(file, Files.size(file));
                return Files.readAllBytes(file);
            }
            try (InputStream in = Files.newInputStream(file)) { // a pipe, which has no size, or a device without end
                byte[] bytes = in.readNBytes(MAX_FILE_BYTES + 1);
                checkFileSize(file, bytes.length);
                return bytes;
            }
        } catch (InvalidInputException e) {
            throw e;
        } catch (NoSuchFileException e) {
            throw new InvalidInputException(file, "no such file", e);
        } catch (AccessDeniedException e) {
            throw new InvalidInputException(file, "may not be read (permission denied)", e);
        } catch (IOException e) {
            throw new InvalidInputException(file, "cannot be read (" + e.getMessage() + ")", e);
        }
    }

    private static void checkFileSize(Path file, long bytes) throws InvalidInputException {
        if (bytes > MAX_FILE_BYTES) {
            throw new InvalidInputException(file, "is larger than the limit of " + MAX_FILE_BYTES + " bytes");
        }
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
