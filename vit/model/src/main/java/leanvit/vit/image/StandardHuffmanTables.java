package leanvit.vit.image;

import java.io.ByteArrayOutputStream;
import javax.imageio.plugins.jpeg.JPEGHuffmanTable;

/** The Huffman tables that hold where a sequential JPEG brings none: ITU-T T.81, annex K.3. */
final class StandardHuffmanTables {

    private StandardHuffmanTables() {
    }

    /** Returns four DHT segments: DC and AC of luminance (0) and chrominance (1). */
    static byte[] segments() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        write(out, 0x00, JPEGHuffmanTable.StdDCLuminance);
        write(out, 0x01, JPEGHuffmanTable.StdDCChrominance);
        write(out, 0x10, JPEGHuffmanTable.StdACLuminance);
        write(out, 0x11, JPEGHuffmanTable.StdACChrominance);
        return out.toByteArray();
    }

    private static void write(ByteArrayOutputStream out, int table, JPEGHuffmanTable standard) {
        short[] lengths = standard.getLengths();
        short[] values = standard.getValues();
        int length = 2 + 1 + 16 + values.length;
        out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xc4, (byte) (length >> 8), (byte) length, (byte) table});
        for (int i = 0; i < 16; i++) {
            out.write(i < lengths.length ? lengths[i] : 0);
        }
        for (short value : values) {
            out.write(value);
        }
    }
}
