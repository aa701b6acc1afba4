package leanvit.vit.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/** Puts PNG files together chunk by chunk, sound or not. */
final class TestPng {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    TestPng() {
        write(() -> out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}));
    }

    TestPng header(int width, int height, int depth, int colourType, int interlace) {
        return header(width, height, depth, colourType, 0, 0, interlace);
    }

    TestPng header(int width, int height, int depth, int colourType, int compression, int filter, int interlace) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        DataOutputStream to = new DataOutputStream(data);
        write(() -> {
            to.writeInt(width);
            to.writeInt(height);
            to.write(new byte[] {(byte) depth, (byte) colourType, (byte) compression, (byte) filter, (byte) interlace});
        });
        return chunk("IHDR", data.toByteArray());
    }

    TestPng chunk(String type, byte[] data) {
        byte[] name = type.getBytes(StandardCharsets.ISO_8859_1);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        return chunk(data.length, type, data, (int) crc.getValue());
    }

    TestPng chunk(int length, String type, byte[] data, int crc) {
        write(() -> {
            out.writeInt(length);
            out.write(type.getBytes(StandardCharsets.ISO_8859_1));
            out.write(data);
            out.writeInt(crc);
        });
        return this;
    }

    /** Adds the whole, filtered rows as one IDAT chunk. */
    TestPng data(byte[] rows) {
        return chunk("IDAT", deflate(rows));
    }

    byte[] end() {
        return chunk("IEND", new byte[0]).bytes.toByteArray();
    }

    /** The file as it is so far, without an end. */
    byte[] unfinished() {
        return bytes.toByteArray();
    }

    static byte[] deflate(byte[] rows) {
        ByteArrayOutputStream to = new ByteArrayOutputStream();
        write(() -> {
            try (DeflaterOutputStream deflater = new DeflaterOutputStream(to, new Deflater(9))) {
                deflater.write(rows);
            }
        });
        return to.toByteArray();
    }

    private interface Writing {
        void run() throws IOException;
    }

    private static void write(Writing writing) {
        try {
            writing.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
