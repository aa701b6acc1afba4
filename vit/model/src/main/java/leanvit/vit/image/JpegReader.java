package leanvit.vit.image;

import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;

/**
 * Decodes one JPEG: baseline and progressive, gray, YCbCr, RGB, CMYK and YCCK, 8 bits.
 *
 * <p>The JDK's decoder gets the file without application segments (profiles, thumbnails, comments) and is asked for the
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
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final int COM = 0xfe;
    private static final int RST0 = 0xd0;
    private static final int RST7 = 0xd7;
    private static final int TEM = 0x01;
    private static final int DHT = 0xc4;
    private static final int DQT = 0xdb;
    private static final int DRI = 0xdd;
    /** The frame of JPEG-LS, which shares nothing but the markers. */
    private static final int SOF55 = 0xf7;

    /** The end of a sequential scan's header; phones write what they like there, since it means nothing. */
    private static final byte[] WHOLE_SPECTRUM = {0, 63, 0};
    private static final byte[] END = {(byte) 0xff, (byte) EOI};
    private static final String XMP = "http://ns.adobe.com/xap/1.0/\0";

    private final String name;
    private final byte[] bytes;
    private final PictureLimits limits;
    /** What the decoder gets. */
    private final PiecewiseInput kept = new PiecewiseInput();

    private int width;
    private int height;
    private int[] components;
    private boolean jfif;
    private int adobeTransform = -1;
    private byte[] exif;
    private String xmp;
    /** What the last DRI said: blocks between two restart markers, 0 for none. */
    private int restartInterval;
    /** Whether the file ends within the picture's only scan, without an end marker. */
    private boolean endless;
    /** The Huffman tables that the file has: DC 0 and 1, AC 0 and 1. */
    private final boolean[] tables = new boolean[4];
    private boolean progressive;
    private int[] sampling;

    JpegReader(String name, byte[] bytes, PictureLimits limits) {
        this.name = name;
        this.bytes = bytes;
        this.limits = limits;
    }

    static boolean isJpeg(byte[] bytes) {
        return bytes.length >= 3 && (bytes[0] & 0xff) == 0xff && (bytes[1] & 0xff) == SOI && (bytes[2] & 0xff) == 0xff;
    }

    HeldPicture read() throws InvalidInputException, NoRoomException {
        readMarkers();
        int orientation = Orientation.of(exif, xmp);
        int count = components.length;
        boolean turned = orientation != Orientation.UPRIGHT;
        long bytesPerPixel = Math.max(count, RgbImage.CHANNELS) + (turned ? RgbImage.CHANNELS : count == 1 ? 1 : 0);
        return PictureRoom.take(name, bytesPerPixel * width * height)
                .hold(() -> Orientation.apply(new RgbImage(width, height, rgb()), orientation));
    }

    /** Returns the samples of all pixels as they lie in the file, R, G and B; what follows them means nothing. */
    private byte[] rgb() throws InvalidInputException {
        byte[] samples = decode();
        smoothChroma(samples);
        if (components.length == 1) {
            return JpegColours.grayToRgb(samples, width * height);
        }
        if (components.length == 3) {
            if (isYcc()) {
                JpegColours.yccToRgb(samples, width * height, 3);
            }
            return samples;
        }
        boolean ycck = adobeTransform > 0;
        if (ycck) {
            JpegColours.yccToRgb(samples, width * height, 4);
        }
        JpegColours.cmykToRgb(samples, width * height, ycck);
        return samples;
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
     * Walks over all markers to the end of the picture, and keeps what the headers say and the segments that matter.
     */
    private void readMarkers() throws InvalidInputException {
        boolean[] scanned = null;
        int scans = 0;
        int at = 2;
        kept.add(bytes, 0, 2);
        while (true) {
            if (scans == 1 && !progressive && allScanned(scanned) && !hasMarker(at)) {
                break; // what a file lacks behind its only scan is not missed
            }
            at = nextMarker(at);
            int marker = bytes[at - 1] & 0xff;
            if (marker == EOI) {
                break;
            }
            if (marker == SOI || marker == SOF55) {
                throw invalid(marker == SOI ? "is corrupt: a JPEG begins within the JPEG"
                        : "is a JPEG-LS picture, which is not supported");
            }
            if (marker >= RST0 && marker <= RST7 || marker == TEM) {
                continue;
            }
            if (!isKnown(marker)) {
                throw invalid(String.format("is corrupt: FF%02X is no marker of a JPEG", marker));
            }
            int length = at + 2 <= bytes.length ? u16(at) : bytes.length;
            if (length < 2) {
                throw invalid(String.format("is corrupt: segment FF%02X claims a length of %d", marker, length));
            }
            int end = at + length;
            if (end > bytes.length) {
                if ((marker >= APP0 || at + 2 > bytes.length) && scans > 0 && !progressive && allScanned(scanned)) {
                    break; // behind the picture, or in place of its last rows, and nothing that would be read
                }
                throw truncated();
            }
            boolean keep = marker == DQT;
            if (isFrame(marker)) {
                readFrame(marker, at + 2, length - 2);
                progressive = marker == SOF2;
                scanned = new boolean[components.length];
                keep = true;
            } else if (marker == SOS) {
                markScanned(scanned, at + 2, length - 2);
                if (++scans > limits.maxScans()) {
                    throw invalid("has more than " + limits.maxScans() + " scans, the limit");
                }
                int data = end;
                end = endOfScan(data, scans == 1 && !progressive && allScanned(scanned));
                if (progressive) {
                    kept.add(bytes, at - 2, end);
                } else {
                    kept.add(bytes, at - 2, data - WHOLE_SPECTRUM.length);
                    kept.add(WHOLE_SPECTRUM, 0, WHOLE_SPECTRUM.length);
                    kept.add(bytes, data, end);
                }
            } else if (marker == DHT) {
                markTables(at + 2, end);
                keep = true;
            } else if (marker == DRI) {
                restartInterval = length == 4 ? u16(at + 2) : 0;
                keep = true;
            } else if (scans == 0) {
                readApplicationSegment(marker, at + 2, length - 2);
            }
            if (keep) {
                kept.add(bytes, at - 2, end);
            }
            at = end;
        }
        if (scanned == null) {
            throw invalid("has no picture (no frame header)");
        }
        if (!allScanned(scanned)) {
            throw invalid("is incomplete: a colour component has no data");
        }
        kept.add(END, 0, END.length);
    }

    private static boolean allScanned(boolean[] scanned) {
        for (int c = 0; scanned != null && c < scanned.length; c++) {
            if (!scanned[c]) {
                return false;
            }
        }
        return scanned != null;
    }

    private boolean hasMarker(int at) {
        for (int i = at; i + 1 < bytes.length; i++) {
            if (bytes[i] == (byte) 0xff && bytes[i + 1] != 0 && bytes[i + 1] != (byte) 0xff) {
                return true;
            }
        }
        return false;
    }

    /** Notes which Huffman tables a segment defines. */
    private void markTables(int from, int end) {
        int at = from;
        while (at + 17 <= end) {
            int table = bytes[at] & 0xff;
            if ((table & 0xee) == 0) {
                tables[(table >> 4) * 2 + (table & 1)] = true;
            }
            int codes = 0;
            for (int i = 1; i <= 16; i++) {
                codes += bytes[at + i] & 0xff;
            }
            at += 17 + codes;
        }
    }

    private static boolean isFrame(int marker) {
        return marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC;
    }

    /** Returns whether libjpeg knows a marker, whether or not it can read the picture. */
    private static boolean isKnown(int marker) {
        return marker >= SOF0 && marker <= DRI || marker >= APP0 && marker <= APP15 || marker == COM;
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

    /**
     * Returns the index of the first marker after the entropy-coded data that begins at {@code at}. Behind the only
     * scan that may be the end of the file: all blocks must be there, and the end marker is not missed. Between restart
     * markers libjpeg looks for the next one, over all below the frames' markers.
     */
    private int endOfScan(int at, boolean last) throws InvalidInputException {
        for (int i = at; i + 1 < bytes.length; i++) {
            if (bytes[i] == (byte) 0xff) {
                int marker = bytes[i + 1] & 0xff;
                boolean restart = marker >= RST0 && marker <= RST7;
                if (!restart && marker != 0 && marker != 0xff && (restartInterval == 0 || marker >= SOF0)) {
                    return i;
                }
            }
        }
        if (!last || bytes.length <= at) {
            throw truncated();
        }
        endless = true;
        return bytes.length;
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
        limits.checkSize(name, width, height);
        if (count != 1 && count != 3 && count != 4) {
            throw invalid("is a JPEG of " + count + " colour components, expected 1, 3 or 4");
        }
        components = new int[count];
        sampling = new int[count];
        for (int c = 0; c < count; c++) {
            components[c] = bytes[at + 6 + 3 * c] & 0xff;
            sampling[c] = bytes[at + 7 + 3 * c] & 0xff;
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
        if (marker == APP0 && length >= 14 && begins(at, length, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP1 && Orientation.isExif(bytes, at, length)) {
            int before = exif == null ? 0 : exif.length;
            byte[] joined = exif == null ? new byte[length - 6] : Arrays.copyOf(exif, before + length - 6);
            System.arraycopy(bytes, at + 6, joined, before, length - 6);
            exif = joined;
        } else if (marker == APP1 && begins(at, length, XMP)) {
            xmp = new String(bytes, at + XMP.length(), length - XMP.length(), StandardCharsets.ISO_8859_1);
        } else if (marker == APP14 && length >= 12 && begins(at, length, "Adobe")) {
            adobeTransform = bytes[at + 11] & 0xff;
        }
    }

    /**
     * Says whether the decoder's warning is of something that libjpeg, and with it PIL, reads over: damage within the
     * data, whose blocks are then gray or wrong. Data that a file without its end lacks are another matter: there the
     * decoder comes to the end marker that was put behind them.
     */
    private boolean isHarmless(String warning) {
        if (endless && (warning.contains("premature end of data") || warning.contains("found marker 0xd9 instead"))) {
            return false;
        }
        return warning.contains("extraneous bytes before marker") || warning.contains("instead of RST")
                || warning.contains("Inconsistent progression") || warning.contains("bad Huffman code")
                || warning.contains("premature end of data");
    }

    /**
     * Enlarges components that are halved downwards alone (4:4:0) by a triangle filter, as libjpeg-turbo does; the
     * decoder gives each of their rows twice. Output rows are a quarter of the next and three of the nearest.
     */
    private void smoothChroma(byte[] samples) {
        int count = components.length;
        int across = 0;
        int down = 0;
        for (int factors : sampling) {
            across = Math.max(across, factors >> 4);
            down = Math.max(down, factors & 15);
        }
        int stride = width * count;
        for (int c = 0; c < count && count > 1; c++) {
            if (sampling[c] >> 4 != across || 2 * (sampling[c] & 15) != down || !hasRowsTwice(samples, c)) {
                continue;
            }
            int rows = (height + 1) / 2;
            byte[] above = new byte[width];
            byte[] row = new byte[width];
            column(samples, c, above);
            for (int y = 0; y < rows; y++) {
                column(samples, 2 * y * stride + c, row);
                int below = 2 * Math.min(y + 1, rows - 1) * stride + c;
                for (int x = 0, at = 2 * y * stride + c; x < width; x++, at += count) {
                    int near = 3 * (row[x] & 0xff);
                    samples[at] = (byte) (near + (above[x] & 0xff) + 1 >> 2);
                    if (2 * y + 1 < height) {
                        int next = y + 1 < rows ? samples[below + x * count] & 0xff : row[x] & 0xff;
                        samples[at + stride] = (byte) (near + next + 2 >> 2);
                    }
                }
                byte[] swap = above;
                above = row;
                row = swap;
            }
        }
    }

    /**
     * Returns whether the decoder only repeated a component's rows. A JDK with a libjpeg-turbo of the system, as
     * Debian's, has smoothed them already; where those rows are equal too, smoothing changes nothing.
     */
    private boolean hasRowsTwice(byte[] samples, int component) {
        int stride = width * components.length;
        for (int y = 0; y + 1 < height; y += 2) {
            for (int at = y * stride + component, end = (y + 1) * stride; at < end; at += components.length) {
                if (samples[at] != samples[at + stride]) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Copies one component of a row. */
    private void column(byte[] samples, int from, byte[] row) {
        for (int x = 0; x < width; x++) {
            row[x] = samples[from + x * components.length];
        }
    }

    /** Returns the raw, interleaved components of all pixels. */
    private byte[] decode() throws InvalidInputException {
        ImageReader reader = jdkReader();
        String[] warning = new String[1];
        IIOReadWarningListener listener = (source, message) -> {
            if (warning[0] == null && !isHarmless(message)) {
                warning[0] = message;
                source.abort(); // no use in decoding the rest
            }
        };
        if (!progressive && !(tables[0] && tables[1] && tables[2] && tables[3])) {
            // Frames of a motion JPEG bring none; those that there are come later and replace these.
            kept.insertAfter(2, StandardHuffmanTables.segments());
        }
        try (PiecewiseInput stream = kept) {
            reader.addIIOReadWarningListener(listener);
            reader.setInput(stream, true, true);
            Raster raster = reader.readRaster(0, null);
            if (warning[0] != null) {
                throw endless ? truncated() : invalid("is truncated or corrupt (" + warning[0] + ")");
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
            throw new InvalidInputException(name, "is a corrupt JPEG (" + reason + ")", e);
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
        return new InvalidInputException(name, problem);
    }
}
