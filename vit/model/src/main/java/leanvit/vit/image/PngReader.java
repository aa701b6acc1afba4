package leanvit.vit.image;

import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;

/**
 * Decodes one PNG: every colour type and depth, interlaced or not.
 *
 * <p>Not the JDK's reader, because that one inflates text chunks of any size, allocates what a chunk's length claims,
 * takes no notice of checksums, and holds 16-bit pictures at 8 bytes per pixel; this one goes from inflated row to
 * RGB row, upright at once, and holds 3 bytes per pixel, or, for a model, what that needs of each row.
 *
 * <p>Source: PNG (third edition), sections 5 (chunks), 8 (interlacing), 9 (filtering).
 */
final class PngReader {

    static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504c5445;
    static final int IDAT = 0x49444154;
    static final int IEND = 0x49454e44;
    private static final int EXIF = 0x65584966;
    private static final int TEXT = 0x74455874;
    private static final int COMPRESSED_TEXT = 0x7a545874;
    private static final int UNICODE_TEXT = 0x69545874;
    /** The bit of a chunk's type that says that a reader may skip it. */
    private static final int ANCILLARY = 0x20000000;

    private static final int GRAY = 0;
    static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int GRAY_ALPHA = 4;
    private static final int RGB_ALPHA = 6;

    /** First column, first row, column step and row step of the seven passes of an interlaced picture. */
    private static final int[][] ADAM7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4},
            {1, 0, 2, 2}, {0, 1, 1, 2}};
    private static final int[][] ONE_PASS = {{0, 0, 1, 1}};

    private final String name;
    private final byte[] bytes;
    private final PictureLimits limits;

    private int width;
    private int height;
    private int depth;
    private int colourType;
    private boolean interlaced;
    private int palette = -1;
    private int paletteColours;
    private byte[] exif;
    private final PngTexts texts = new PngTexts();
    /** Whether a checksum of an IDAT chunk is wrong; the data may be right all the same, and have one of their own. */
    private boolean doubtful;
    /** Whether the file ends before its IEND chunk. */
    private boolean tailLost;
    /** Where the first IDAT chunk's length stands; the data of the others follow from the chunks in between. */
    private int firstData = -1;

    /** Where the chunk stands whose data the inflater has, and the inflater. */
    private int dataChunk;
    private Inflater inflater;

    PngReader(String name, byte[] bytes, PictureLimits limits) {
        this.name = name;
        this.bytes = bytes;
        this.limits = limits;
    }

    static boolean isPng(byte[] bytes) {
        if (bytes.length < SIGNATURE.length) {
            return false;
        }
        for (int i = 0; i < SIGNATURE.length; i++) {
            if (bytes[i] != SIGNATURE[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Decodes.
     *
     * @param model what the picture is for, so that it need not exist as a whole; or null
     */
    HeldPicture read(Preprocessor model) throws InvalidInputException, NoRoomException {
        readChunks();
        int orientation = Orientation.of(exif != null ? exif : texts.exif(), texts.xmp());
        boolean byRows = model != null && !interlaced && orientation == Orientation.UPRIGHT;
        ShortenedRows rows = byRows ? model.rows(width, height) : null;
        if (rows != null) {
            return PictureRoom.take(name, (long) RgbImage.CHANNELS * (rows.columns() * (long) height + width))
                    .hold(() -> decode(rows), width);
        }
        return PictureRoom.take(name, (long) RgbImage.CHANNELS * width * height)
                .hold(() -> decode(Orientation.Placement.of(width, height, orientation)));
    }

    private RgbImage decode(Orientation.Placement place) throws InvalidInputException {
        RgbImage image = RgbImage.black(place.width(), place.height());
        inflate(() -> {
            for (int[] pass : interlaced ? ADAM7 : ONE_PASS) {
                int right = pass[2] * place.right();
                readPass(pass, (row, columns, y) -> toRgb(row, columns, image.samples(),
                        place.first() + y * place.down() + pass[0] * place.right(), right));
            }
        });
        return image;
    }

    /** Holds one row of the picture as it is, and what the model needs of the others. */
    private RgbImage decode(ShortenedRows rows) throws InvalidInputException {
        RgbImage image = RgbImage.black(rows.columns(), height);
        byte[] whole = new byte[RgbImage.CHANNELS * width];
        inflate(() -> readPass(ONE_PASS[0], (row, columns, y) -> {
            toRgb(row, columns, whole, 0, RgbImage.CHANNELS);
            rows.put(whole, image.samples(), y);
        }));
        return image;
    }

    /** What reads the picture's data. */
    private interface Reading {
        void run() throws InvalidInputException, DataFormatException;
    }

    /** Takes a row of samples, after its filter byte. */
    private interface RowTaker {
        void take(byte[] row, int columns, int y);
    }

    private void inflate(Reading reading) throws InvalidInputException {
        inflater = new Inflater();
        try {
            dataChunk = firstData;
            inflater.setInput(bytes, firstData + 8, dataLength(firstData));
            reading.run();
            if (doubtful) {
                checkRest();
            }
        } catch (DataFormatException e) {
            throw doubtful ? badData() : invalid("its compressed data is corrupt (" + e.getMessage() + ")");
        } finally {
            inflater.end();
        }
    }

    /**
     * Walks over all chunks up to IEND: checks lengths and checksums, keeps what the header and the palette say. Behind
     * the picture's data nothing is missed: there the walk ends at a chunk that is cut or no chunk, as Pillow's does.
     */
    private void readChunks() throws InvalidInputException {
        int at = SIGNATURE.length;
        for (boolean first = true; ; first = false) {
            boolean behindData = firstData >= 0;
            if (at + 8 > bytes.length || !behindData && at + 12 > bytes.length) {
                tailLost = true;
                break;
            }
            int length = u32(at);
            int type = u32(at + 4);
            if (type == IEND) {
                break;
            }
            if (type == IDAT && firstData < 0) {
                firstData = at;
            }
            if (length < 0 || length > bytes.length - at - 12) {
                if (firstData >= 0) {
                    tailLost = true;
                    break;
                }
                throw invalid(length < 0 ? "chunk " + letters(type) + " claims " + (length & 0xffffffffL) + " bytes"
                        : "is truncated: chunk " + letters(type) + " claims " + length + " bytes, "
                                + (bytes.length - at - 8) + " are left");
            }
            boolean ancillary = (type & ANCILLARY) != 0;
            CRC32 crc = new CRC32();
            crc.update(bytes, at + 4, length + 4);
            boolean sound = (int) crc.getValue() == u32(at + 8 + length);
            doubtful |= type == IDAT && !sound;
            if (!sound && !ancillary && type != IDAT) {
                if (behindData) {
                    tailLost = true;
                    break;
                }
                throw invalid("chunk " + letters(type) + " is corrupt (its checksum does not match)");
            }
            if (first != (type == IHDR)) {
                throw invalid(first ? "begins with chunk " + letters(type) + ", expected IHDR" : "has two IHDR chunks");
            }
            if (sound) {
                readChunk(type, at + 8, length);
            }
            at += length + 12;
        }
        if (firstData < 0) {
            throw invalid(tailLost ? "is truncated: the PNG ends before its picture data (no IDAT chunk)"
                    : "has no picture data (no IDAT chunk)");
        }
        if (colourType == PALETTE && palette < 0) {
            throw invalid("has a palette picture without a palette (no PLTE chunk)");
        }
    }

    private void readChunk(int type, int at, int length) throws InvalidInputException {
        switch (type) {
            case IHDR -> readHeader(at, length);
            case PLTE -> readPalette(at, length);
            case IDAT -> { }
            case EXIF -> exif = Arrays.copyOfRange(bytes, at, at + length);
            case TEXT -> texts.readPlain(bytes, at, length);
            case COMPRESSED_TEXT -> texts.readCompressed(bytes, at, length);
            case UNICODE_TEXT -> texts.readUnicode(bytes, at, length);
            default -> {
                if ((type & ANCILLARY) == 0 && firstData < 0) {
                    throw invalid("has an unknown critical chunk " + letters(type));
                }
            }
        }
    }

    private void readHeader(int at, int length) throws InvalidInputException {
        if (length != 13) {
            throw invalid("chunk IHDR has " + length + " bytes, expected 13");
        }
        limits.checkSize(name, u32(at) & 0xffffffffL, u32(at + 4) & 0xffffffffL);
        width = u32(at);
        height = u32(at + 4);
        depth = bytes[at + 8] & 0xff;
        colourType = bytes[at + 9] & 0xff;
        boolean wholeBytes = depth == 8 || depth == 16;
        boolean partBytes = depth == 1 || depth == 2 || depth == 4;
        boolean known = switch (colourType) {
            case GRAY -> wholeBytes || partBytes;
            case PALETTE -> depth == 8 || partBytes;
            case RGB, GRAY_ALPHA, RGB_ALPHA -> wholeBytes;
            default -> false;
        };
        if (!known) {
            throw invalid("has colour type " + colourType + " at " + depth + " bits, which PNG does not know");
        }
        int interlace = bytes[at + 12] & 0xff;
        if (bytes[at + 10] != 0 || bytes[at + 11] != 0 || interlace > 1) {
            throw invalid("has an unknown compression, filter or interlace method");
        }
        interlaced = interlace == 1;
    }

    private void readPalette(int at, int length) throws InvalidInputException {
        if (length < 3 || length > 3 * 256) {
            throw invalid("has a palette of " + length + " bytes, expected 3 per colour and 1 to 256 colours");
        }
        palette = at;
        paletteColours = length / 3;
    }

    /** Reads the rows of a pass: first column, first row, column step, row step. */
    private void readPass(int[] pass, RowTaker taker) throws InvalidInputException, DataFormatException {
        int columns = (width - pass[0] + pass[2] - 1) / pass[2];
        if (columns <= 0) {
            return;
        }
        int channels = switch (colourType) {
            case RGB -> 3;
            case RGB_ALPHA -> 4;
            case GRAY_ALPHA -> 2;
            default -> 1;
        };
        int pixelBits = channels * depth;
        int rowBytes = (int) (((long) columns * pixelBits + 7) / 8);
        byte[] row = new byte[1 + rowBytes];
        byte[] above = new byte[1 + rowBytes];
        for (int y = pass[1]; y < height; y += pass[3]) {
            inflate(row);
            unfilter(row, above, Math.max(1, pixelBits / 8));
            taker.take(row, columns, y);
            byte[] swap = above;
            above = row;
            row = swap;
        }
    }

    /** Fills {@code row} from the IDAT chunks. */
    private void inflate(byte[] row) throws InvalidInputException, DataFormatException {
        int have = 0;
        while (have < row.length) {
            int got = inflater.inflate(row, have, row.length - have);
            have += got;
            if (got > 0) {
                continue;
            }
            if (inflater.needsDictionary()) {
                throw invalid("its compressed data asks for a preset dictionary");
            }
            if (inflater.finished() || !nextData()) {
                throw doubtful ? badData() : invalid(tailLost ? "is truncated: its picture data ends too early"
                        : "its picture data ends too early");
            }
        }
    }

    /** Gives the inflater the next IDAT chunk; returns false if there is none. */
    private boolean nextData() {
        do {
            long next = dataChunk + 12L + (u32(dataChunk) & 0xffffffffL);
            if (next + 8 > bytes.length || u32((int) next + 4) == IEND) {
                return false;
            }
            dataChunk = (int) next;
        } while (u32(dataChunk + 4) != IDAT);
        inflater.setInput(bytes, dataChunk + 8, dataLength(dataChunk));
        return true;
    }

    /** Returns the bytes of a chunk's data that are there. */
    private int dataLength(int chunk) {
        return (int) Math.min(u32(chunk) & 0xffffffffL, bytes.length - chunk - 8);
    }

    /** Reads on to the data's own checksum, where that of a chunk is wrong. */
    private void checkRest() throws InvalidInputException, DataFormatException {
        byte[] rest = new byte[512];
        while (!inflater.finished()) {
            if (inflater.inflate(rest) == 0 && !inflater.finished() && !nextData()) {
                throw badData();
            }
        }
    }

    private InvalidInputException badData() {
        return invalid("chunk IDAT is corrupt (its checksum does not match)");
    }

    /** Undoes the filter that the row's first byte names; {@code step} is the bytes of a pixel, at least 1. */
    private void unfilter(byte[] row, byte[] above, int step) throws InvalidInputException {
        int end = row.length;
        switch (row[0]) {
            case 0 -> { }
            case 1 -> {
                for (int i = 1 + step; i < end; i++) {
                    row[i] += row[i - step];
                }
            }
            case 2 -> {
                for (int i = 1; i < end; i++) {
                    row[i] += above[i];
                }
            }
            case 3 -> {
                for (int i = 1; i < end; i++) {
                    int left = i > step ? row[i - step] & 0xff : 0;
                    row[i] += (byte) (left + (above[i] & 0xff) >> 1);
                }
            }
            case 4 -> {
                for (int i = 1; i < end; i++) {
                    int left = i > step ? row[i - step] & 0xff : 0;
                    int corner = i > step ? above[i - step] & 0xff : 0;
                    row[i] += (byte) paeth(left, above[i] & 0xff, corner);
                }
            }
            default -> throw invalid("has a row with the unknown filter " + (row[0] & 0xff));
        }
    }

    /** Returns which of its arguments is nearest to {@code left + up - corner}. */
    static int paeth(int left, int up, int corner) {
        int toLeft = Math.abs(up - corner);
        int toUp = Math.abs(left - corner);
        int toCorner = Math.abs(left + up - 2 * corner);
        if (toLeft <= toUp && toLeft <= toCorner) {
            return left;
        }
        return toUp <= toCorner ? up : corner;
    }

    /**
     * Turns a row of samples (after its filter byte) to RGB, the first pixel at {@code out} and so on by {@code step}.
     */
    private void toRgb(byte[] row, int columns, byte[] rgb, int out, int step) {
        int bytesPerSample = depth == 16 ? 2 : 1; // the first of two is the high one
        switch (colourType) {
            case RGB, RGB_ALPHA -> {
                int pixel = (colourType == RGB ? 3 : 4) * bytesPerSample;
                for (int x = 0, in = 1; x < columns; x++, in += pixel, out += step) {
                    rgb[out] = row[in];
                    rgb[out + 1] = row[in + bytesPerSample];
                    rgb[out + 2] = row[in + 2 * bytesPerSample];
                }
            }
            case PALETTE -> {
                for (int x = 0; x < columns; x++, out += step) {
                    int colour = sample(row, x);
                    boolean known = colour < paletteColours; // else black, as Pillow fills a palette up
                    rgb[out] = known ? bytes[palette + 3 * colour] : 0;
                    rgb[out + 1] = known ? bytes[palette + 3 * colour + 1] : 0;
                    rgb[out + 2] = known ? bytes[palette + 3 * colour + 2] : 0;
                }
            }
            default -> {
                int pixel = (colourType == GRAY ? 1 : 2) * bytesPerSample;
                int toByte = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
                for (int x = 0; x < columns; x++, out += step) {
                    byte gray = depth < 8 ? (byte) (toByte * sample(row, x)) : row[1 + x * pixel];
                    rgb[out] = gray;
                    rgb[out + 1] = gray;
                    rgb[out + 2] = gray;
                }
            }
        }
    }

    /** Returns sample {@code x} of a row of one sample of at most 8 bits per pixel. */
    private int sample(byte[] row, int x) {
        int bit = x * depth;
        return row[1 + (bit >> 3)] >> 8 - depth - (bit & 7) & (1 << depth) - 1;
    }

    private int u32(int at) {
        return (bytes[at] & 0xff) << 24 | (bytes[at + 1] & 0xff) << 16 | (bytes[at + 2] & 0xff) << 8
                | bytes[at + 3] & 0xff;
    }

    /** Returns a chunk's type in letters, or in hex if it is none. */
    private static String letters(int type) {
        StringBuilder letters = new StringBuilder();
        for (int shift = 24; shift >= 0; shift -= 8) {
            char c = (char) (type >> shift & 0xff);
            if (c < 'A' || c > 'z') {
                return String.format("%08x", type);
            }
            letters.append(c);
        }
        return letters.toString();
    }

    private InvalidInputException invalid(String problem) {
        return new InvalidInputException(name, problem);
    }
}
