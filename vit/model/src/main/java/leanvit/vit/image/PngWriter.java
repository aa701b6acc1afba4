package leanvit.vit.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Encodes a picture as an 8-bit RGB PNG: of every row that filter whose bytes are the smallest in sum, and the same
 * bytes for the same picture.
 *
 * <p>Source: PNG (third edition), sections 5 and 9; the choice of filters is that of section 12.7.
 */
final class PngWriter {

    private static final int FILTERS = 5;

    private PngWriter() {
    }

    static void write(RgbImage picture, OutputStream to) throws IOException {
        DataOutputStream out = new DataOutputStream(to);
        out.write(PngReader.SIGNATURE);
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeInt(picture.width());
        fields.writeInt(picture.height());
        fields.write(new byte[] {8, PngReader.RGB, 0, 0, 0});
        chunk(out, PngReader.IHDR, header.toByteArray());
        chunk(out, PngReader.IDAT, compressed(picture));
        chunk(out, PngReader.IEND, new byte[0]);
        out.flush();
    }

    private static byte[] compressed(RgbImage picture) throws IOException {
        int rowBytes = RgbImage.CHANNELS * picture.width();
        byte[] above = new byte[rowBytes];
        byte[] row = new byte[rowBytes];
        byte[][] filtered = new byte[FILTERS][1 + rowBytes];
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
        try (DeflaterOutputStream out = new DeflaterOutputStream(bytes, deflater)) {
            for (int y = 0; y < picture.height(); y++) {
                System.arraycopy(picture.samples(), y * rowBytes, row, 0, rowBytes);
                out.write(filtered[filter(row, above, filtered)]);
                byte[] swap = above;
                above = row;
                row = swap;
            }
        } finally {
            deflater.end();
        }
        return bytes.toByteArray();
    }

    /** Writes the row through each filter and returns the best one. */
    private static int filter(byte[] row, byte[] above, byte[][] filtered) {
        long[] sums = new long[FILTERS];
        for (int f = 0; f < FILTERS; f++) {
            filtered[f][0] = (byte) f;
        }
        for (int i = 0; i < row.length; i++) {
            int left = i < RgbImage.CHANNELS ? 0 : row[i - RgbImage.CHANNELS] & 0xff;
            int corner = i < RgbImage.CHANNELS ? 0 : above[i - RgbImage.CHANNELS] & 0xff;
            int up = above[i] & 0xff;
            for (int f = 0; f < FILTERS; f++) {
                int prediction = switch (f) {
                    case 0 -> 0;
                    case 1 -> left;
                    case 2 -> up;
                    case 3 -> left + up >> 1;
                    default -> PngReader.paeth(left, up, corner);
                };
                byte difference = (byte) (row[i] - prediction);
                filtered[f][1 + i] = difference;
                sums[f] += Math.abs(difference);
            }
        }
        int best = 0;
        for (int f = 1; f < FILTERS; f++) {
            if (sums[f] < sums[best]) {
                best = f;
            }
        }
        return best;
    }

    private static void chunk(DataOutputStream out, int type, byte[] data) throws IOException {
        CRC32 crc = new CRC32();
        for (int shift = 24; shift >= 0; shift -= 8) {
            crc.update(type >> shift);
        }
        crc.update(data);
        out.writeInt(data.length);
        out.writeInt(type);
        out.write(data);
        out.writeInt((int) crc.getValue());
    }
}
