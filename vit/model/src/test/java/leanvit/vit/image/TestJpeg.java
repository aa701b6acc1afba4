package leanvit.vit.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes JPEG files and puts segments into them. */
final class TestJpeg {

    private TestJpeg() {
    }

    static byte[] write(BufferedImage image, boolean progressive) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam parameters = writer.getDefaultWriteParam();
        parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        parameters.setCompressionQuality(0.95f);
        if (progressive) {
            parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), parameters);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    /** Returns a picture of smooth colours, the same for the same seed. */
    static BufferedImage smooth(int width, int height, long seed) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int red = (int) (127 + 120 * Math.sin((x + seed) / 9.0 + y / 13.0));
                int green = (int) (127 + 120 * Math.cos(x / 11.0 - (y + seed) / 7.0));
                image.setRGB(x, y, red << 16 | green << 8 | (x * 255 / width));
            }
        }
        return image;
    }

    /** Returns the file with a segment put in directly after its first marker. */
    static byte[] insert(byte[] jpeg, int marker, byte[] data) {
        ByteBuffer with = ByteBuffer.allocate(jpeg.length + 4 + data.length);
        with.put(jpeg, 0, 2).put((byte) 0xff).put((byte) marker).putShort((short) (data.length + 2)).put(data);
        return with.put(jpeg, 2, jpeg.length - 2).array();
    }

    /** Returns a TIFF directory with the orientation as its second entry. */
    static byte[] tiff(int orientation, ByteOrder order) {
        ByteBuffer tiff = ByteBuffer.allocate(8 + 2 + 2 * 12 + 4).order(order);
        tiff.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'))
                .put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'));
        tiff.putShort((short) 42).putInt(8).putShort((short) 2);
        tiff.putShort((short) 0x0100).putShort((short) 4).putInt(1).putInt(640);
        tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return tiff.array();
    }

    /** Returns a TIFF directory with the orientation alone, its value in the entry or, where that is small, behind. */
    static byte[] tiff(int type, int count, byte[] value, ByteOrder order) {
        ByteBuffer tiff = ByteBuffer.allocate(8 + 2 + 12 + 4 + value.length).order(order);
        tiff.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'))
                .put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I'));
        tiff.putShort((short) 42).putInt(8).putShort((short) 1);
        tiff.putShort((short) 0x0112).putShort((short) type).putInt(count);
        if (value.length <= 4) {
            tiff.put(value);
        } else {
            tiff.putInt(8 + 2 + 12 + 4).putInt(0).put(value);
        }
        return tiff.array();
    }

    /** Returns the segment that a camera puts the directory into. */
    static byte[] exif(byte[] tiff) {
        return ByteBuffer.allocate(6 + tiff.length).put(new byte[] {'E', 'x', 'i', 'f', 0, 0}).put(tiff).array();
    }
}
