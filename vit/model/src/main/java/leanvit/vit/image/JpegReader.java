package leanvit.vit.image;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import leanvit.vit.io.InvalidInputException;

/**
 * Decodes one JPEG: baseline and progressive, gray, YCbCr, RGB, CMYK and YCCK, 8 bits.
 *
 * <p>The JDK's decoder gets a copy without application segments (profiles, thumbnails, comments) and is asked for the
 * raw components; which colours they are is decided here by libjpeg's rule, so that the JDK's own rules, which depend
 * on profiles and sampling, and its colour management play no part.
 *
 * <p>Source: ITU-T T.81 annex B (markers), T.871 (YCbCr), T.872 section 6.5.3 (Adobe's segment).
 */
final class JpegReader {

    private static final int SOF0 = 0xc0;
    /** The last frame type that is Huffman-coded and not lossless: progressive. */
    private static final int SOF2 = 0xc2;
    /** The first arithmetic-coded frame type. */
    private static final int SOF9 = 0xc9;
    private static final int SOF15 = 0xcf;
    /** Reserved, amid the frame types. */
    private static final int JPG = 0xc8;
    /** Conditioning of the arithmetic coder, amid the frame types. */
    private static final int DAC = 0xcc;
    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int DNL = 0xdc;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int RST0 = 0xd0;
    private static final int RST7 = 0xd7;
    private static final int TEM = 0x01;
    private static final int DHT = 0xc4;
    private static final int DQT = 0xdb;
    private static final int DRI = 0xdd;

    /** Progressive pictures have about 10 scans; thousands of empty ones are an attack on the reader's time. */
    private static final int MAX_SCANS = 100;
    /** What the decoder says of stray bytes between segments, which some cameras write and which do no harm. */
    private static final String HARMLESS_WARNING = "extraneous bytes before marker";

    private final Path file;
    private final byte[] bytes;
    private int kept;

    private int width;
    private int height;
    private int[] components;
    private boolean jfif;
    private int adobeTransform = -1;
    private int orientation = Orientation.UPRIGHT;

    /** Makes a reader that may write into {@code bytes}. */
    JpegReader(Path file, byte[] bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    static boolean isJpeg(byte[] bytes) {
        return bytes.length >= 3 && (bytes[0] & 0xff) == 0xff && (bytes[1] & 0xff) == SOI && (bytes[2] & 0xff) == 0xff;
    }

    Pictures.Stored read() throws InvalidInputException {
        readMarkers();
        byte[] samples = decode();
        switch (components.length) {
            case 1 -> samples = JpegColours.grayToRgb(samples, width * height);
            case 3 -> {
                if (isYcc()) {
                    JpegColours.yccToRgb(samples, width * height, 3);
                }
            }
            default -> {
                boolean ycck = adobeTransform > 0;
                if (ycck) {
                    JpegColours.yccToRgb(samples, width * height, 4);
                }
                JpegColours.cmykToRgb(samples, width * height, ycck);
            }
        }
        return new Pictures.Stored(new RgbImage(width, height, samples), orientation);
    }

    /** libjpeg's rule for three components. */
    private boolean isYcc() {
        if (jfif) {
            return true;
        }
        if (adobeTransform >= 0) {
            return adobeTransform > 0;
        }
        return !(components[0] == 'R' && components[1] == 'G' && components[2] == 'B');
    }

    /**
     * Walks over all markers to the end of the picture, keeps what the headers say, and moves the segments that matter
     * to the front of the array.
     */
    private void readMarkers() throws InvalidInputException {
        boolean[] scanned = null;
        int scans = 0;
        int at = 2;
        kept = 2;
        while (true) {
            at = nextMarker(at);
            int marker = bytes[at - 1] & 0xff;
            if (marker == EOI) {
                break;
            }
            if (marker == SOI) {
                throw invalid("is corrupt: a JPEG begins within the JPEG");
            }
            if (marker >= RST0 && marker <= RST7 || marker == TEM) {
                continue;
            }
            int length = at + 2 <= bytes.length ? u16(at) : bytes.length;
            if (length < 2) {
                throw invalid(String.format("is corrupt: segment FF%02X claims a length of %d", marker, length));
            }
            int end = at + length;
            if (end > bytes.length) {
                throw truncated();
            }
            boolean keep = marker == DHT || marker == DQT || marker == DRI;
            if (isFrame(marker)) {
                readFrame(marker, at + 2, length - 2);
                scanned = new boolean[components.length];
                keep = true;
            } else if (marker == SOS) {
                markScanned(scanned, at + 2, length - 2);
                if (++scans > MAX_SCANS) {
                    throw invalid("has more than " + MAX_SCANS + " scans");
                }
                end = endOfScan(end);
                keep = true;
            } else if (marker == DNL) {
                throw invalid("gives its height after the picture (DNL), which is not supported");
            } else {
                readApplicationSegment(marker, at + 2, length - 2);
            }
            if (keep) {
                System.arraycopy(bytes, at - 2, bytes, kept, end - at + 2);
                kept += end - at + 2;
            }
            at = end;
        }
        if (scanned == null) {
            throw invalid("has no picture (no frame header)");
        }
        for (boolean component : scanned) {
            if (!component) {
                throw invalid("is incomplete: a colour component has no data");
            }
        }
        bytes[kept++] = (byte) 0xff;
        bytes[kept++] = (byte) EOI;
    }

    private static boolean isFrame(int marker) {
        return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
    }

    /** Returns the index after the next marker, and skips stray and fill bytes before it as libjpeg does. */
    private int nextMarker(int at) throws InvalidInputException {
        int i = at;
        while (i + 1 < bytes.length) {
            int second = bytes[i + 1] & 0xff;
            if ((bytes[i] & 0xff) == 0xff && second != 0 && second != 0xff) {
                return i + 2;
            }
            i++;
        }
        throw truncated();
    }

    /** Returns the index of the first marker after the entropy-coded data that begins at {@code at}. */
    private int endOfScan(int at) throws InvalidInputException {
        for (int i = at; i + 1 < bytes.length; i++) {
            if (bytes[i] == (byte) 0xff) {
                int marker = bytes[i + 1] & 0xff;
                if (marker != 0 && marker != 0xff && (marker < RST0 || marker > RST7)) {
                    return i;
                }
            }
        }
        throw truncated();
    }

    private void readFrame(int marker, int at, int length) throws InvalidInputException {
        if (components != null) {
            throw invalid("is corrupt: it has two frame headers");
        }
        if (marker > SOF2) {
            throw invalid(marker >= SOF9 ? "is an arithmetic-coded JPEG, which is not supported"
                    : "is a lossless or hierarchical JPEG, which is not supported");
        }
        int count = length >= 6 ? bytes[at + 5] & 0xff : 0;
        if (length != 6 + 3 * count) {
            throw invalid("is corrupt: its frame header has " + length + " bytes");
        }
        int bits = bytes[at] & 0xff;
        if (bits != 8) {
            throw invalid("is a JPEG of " + bits + " bits a sample, only 8 are supported");
        }
        height = u16(at + 1);
        width = u16(at + 3);
        Pictures.checkSize(file, width, height);
        if (count != 1 && count != 3 && count != 4) {
            throw invalid("is a JPEG of " + count + " colour components, expected 1, 3 or 4");
        }
        components = new int[count];
        for (int c = 0; c < count; c++) {
            components[c] = bytes[at + 6 + 3 * c] & 0xff;
        }
    }

    private void markScanned(boolean[] scanned, int at, int length) throws InvalidInputException {
        if (scanned == null) {
            throw invalid("is corrupt: a scan comes before the frame header");
        }
        int count = length > 0 ? bytes[at] & 0xff : 0;
        if (length != 4 + 2 * count) {
            throw invalid("is corrupt: a scan header has " + length + " bytes");
        }
        for (int s = 0; s < count; s++) {
            for (int c = 0; c < components.length; c++) {
                scanned[c] |= components[c] == (bytes[at + 1 + 2 * s] & 0xff);
            }
        }
    }

    private void readApplicationSegment(int marker, int at, int length) {
        if (marker == APP0 && begins(at, length, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP1 && Orientation.isExif(bytes, at, length) && orientation == Orientation.UPRIGHT) {
            orientation = Orientation.read(bytes, at, length);
        } else if (marker == APP14 && length >= 12 && begins(at, length, "Adobe")) {
            adobeTransform = bytes[at + 11] & 0xff;
        }
    }

    /** Returns the raw, interleaved components of all pixels. */
    private byte[] decode() throws InvalidInputException {
        ImageReader reader = jdkReader();
        String[] warning = new String[1];
        IIOReadWarningListener listener = (source, message) -> {
            if (warning[0] == null && !message.contains(HARMLESS_WARNING)) {
                warning[0] = message;
                source.abort(); // no use in decoding the rest
            }
        };
        try (ByteArrayImageInputStream stream = new ByteArrayImageInputStream(bytes, kept)) {
            reader.addIIOReadWarningListener(listener);
            reader.setInput(stream, true, true);
            Raster raster = reader.readRaster(0, null);
            if (warning[0] != null) {
                throw invalid("is truncated or corrupt (" + warning[0] + ")");
            }
            if (raster.getWidth() != width || raster.getHeight() != height || raster.getNumBands() != components.length
                    || !(raster.getDataBuffer() instanceof DataBufferByte buffer)
                    || buffer.getData().length != width * height * components.length) {
                throw invalid("was decoded to an unexpected form (" + raster + ")");
            }
            return buffer.getData();
        } catch (InvalidInputException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Damaged files make the decoder throw more than its contract says, ArrayIndexOutOfBoundsException for one.
            String message = String.valueOf(warning[0] != null ? warning[0] : e.getMessage());
            String reason = message.lines().findFirst().orElse("");
            throw new InvalidInputException(file, "is a corrupt JPEG (" + reason + ")", e);
        } finally {
            reader.dispose();
        }
    }

    /** Returns the JDK's decoder, even where others are on the class path. */
    private ImageReader jdkReader() throws InvalidInputException {
        for (Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName("jpeg"); readers.hasNext();) {
            ImageReader reader = readers.next();
            if (reader.getClass().getModule() == ImageIO.class.getModule()) {
                return reader;
            }
        }
        throw invalid("cannot be read: this Java runtime has no JPEG decoder");
    }

    private boolean begins(int at, int length, String text) {
        if (length < text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (bytes[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private int u16(int at) {
        return (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
    }

    private InvalidInputException truncated() {
        return invalid("is truncated: the JPEG ends without its end marker");
    }

    private InvalidInputException invalid(String problem) {
        return new InvalidInputException(file, problem);
    }
}
