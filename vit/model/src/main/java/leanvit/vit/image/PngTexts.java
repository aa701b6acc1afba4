package leanvit.vit.image;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * What a PNG's text chunks hold of a camera's data: Exif in hex as ImageMagick writes it, and XMP. Other texts, and
 * these where they cannot be read, are skipped.
 *
 * <p>Source: PNG (third edition), section 11.3.3 (tEXt, zTXt, iTXt); XMP part 3, section 1.1.5.
 */
final class PngTexts {

    private static final String RAW_EXIF = "Raw profile type exif";
    private static final String XMP = "XML:com.adobe.xmp";
    /** Larger texts are skipped: 64 KiB is the limit of Exif and of XMP in a JPEG. */
    private static final int MAX_BYTES = 1 << 20;
    /** Lines before the hex digits: an empty one, the profile's name, its length. */
    private static final int HEAD_LINES = 3;

    private String rawExif;
    private String xmp;

    /** Returns the Exif data, or null. */
    byte[] exif() {
        if (rawExif == null) {
            return null;
        }
        StringBuilder digits = new StringBuilder();
        rawExif.lines().skip(HEAD_LINES).forEach(line -> digits.append(line.strip()));
        try {
            return HexFormat.of().parseHex(digits);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Returns the XMP packet, or null. */
    String xmp() {
        return xmp;
    }

    void readPlain(byte[] bytes, int at, int length) {
        int end = at + length;
        int text = after(bytes, at, end);
        keep(keyword(bytes, at, text), bytes, text, end, false, StandardCharsets.ISO_8859_1);
    }

    void readCompressed(byte[] bytes, int at, int length) {
        int end = at + length;
        int method = after(bytes, at, end);
        if (method < end && bytes[method] == 0) {
            keep(keyword(bytes, at, method), bytes, method + 1, end, true, StandardCharsets.ISO_8859_1);
        }
    }

    void readUnicode(byte[] bytes, int at, int length) {
        int end = at + length;
        int flag = after(bytes, at, end);
        if (flag + 2 <= end && bytes[flag] >= 0 && bytes[flag] <= 1 && bytes[flag + 1] == 0) {
            int text = after(bytes, after(bytes, flag + 2, end), end); // behind language and translated keyword
            keep(keyword(bytes, at, flag), bytes, text, end, bytes[flag] == 1, StandardCharsets.UTF_8);
        }
    }

    /** Returns the index behind the next zero byte, at most {@code end}. */
    private static int after(byte[] bytes, int at, int end) {
        int i = at;
        while (i < end && bytes[i] != 0) {
            i++;
        }
        return Math.min(i + 1, end);
    }

    private static String keyword(byte[] bytes, int at, int behind) {
        return new String(bytes, at, Math.max(0, behind - 1 - at), StandardCharsets.ISO_8859_1);
    }

    private void keep(String keyword, byte[] bytes, int from, int to, boolean compressed, Charset charset) {
        if (!keyword.equals(RAW_EXIF) && !keyword.equals(XMP)) {
            return;
        }
        String text = compressed ? inflate(bytes, from, to, charset)
                : to - from <= MAX_BYTES ? new String(bytes, from, to - from, charset) : null;
        if (keyword.equals(XMP)) {
            xmp = text;
        } else {
            rawExif = text;
        }
    }

    private static String inflate(byte[] bytes, int from, int to, Charset charset) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(bytes, from, to - from);
            byte[] text = new byte[MAX_BYTES];
            int length = 0;
            int got;
            do {
                got = inflater.inflate(text, length, text.length - length);
                length += got;
            } while (got > 0 && length < text.length);
            return inflater.finished() ? new String(text, 0, length, charset) : null;
        } catch (DataFormatException e) {
            return null;
        } finally {
            inflater.end();
        }
    }
}
