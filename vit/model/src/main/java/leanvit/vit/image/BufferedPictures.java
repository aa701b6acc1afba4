package leanvit.vit.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/**
 * From the JDK's picture in memory to RGB, so that a picture gives what its file gives: gray samples are replicated
 * and not converted from a linear scale, of 16-bit samples the high byte is taken, alpha is dropped after what was
 * multiplied by it is divided again.
 */
final class BufferedPictures {

    private BufferedPictures() {
    }

    static RgbImage rgb(BufferedImage picture) {
        RgbImage rgb = RgbImage.black(picture.getWidth(), picture.getHeight());
        ColorModel model = picture.getColorModel();
        int type = model.getTransferType();
        boolean samples = model instanceof ComponentColorModel
                && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT);
        if (samples && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY && model.getNumColorComponents() == 1) {
            copySamples(picture, rgb, new int[] {0, 0, 0});
        } else if (samples && model.getColorSpace().isCS_sRGB()) {
            copySamples(picture, rgb, new int[] {0, 1, 2});
        } else {
            copyColours(picture, rgb.samples());
        }
        return rgb;
    }

    /** Takes red, green and blue from these bands, as they are but for their width. */
    private static void copySamples(BufferedImage picture, RgbImage rgb, int[] bands) {
        ColorModel model = picture.getColorModel();
        Raster raster = picture.getRaster();
        int count = raster.getNumBands();
        int alpha = model.hasAlpha() && picture.isAlphaPremultiplied() ? count - 1 : -1;
        int bits = model.getComponentSize(0);
        int most = (1 << bits) - 1;
        int[] row = new int[rgb.width() * count];
        byte[] to = rgb.samples();
        for (int y = 0, out = 0; y < rgb.height(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, rgb.width(), 1, row);
            for (int in = 0; in < row.length; in += count) {
                for (int band : bands) {
                    int sample = row[in + band];
                    if (alpha >= 0) {
                        int opacity = row[in + alpha];
                        sample = opacity == 0 ? 0
                                : (int) Math.min(most, ((long) sample * most + opacity / 2) / opacity);
                    }
                    to[out++] = (byte) (bits >= 8 ? sample >> bits - 8 : sample * 255 / most);
                }
            }
        }
    }

    /** Takes the colours as the colour model knows them. */
    private static void copyColours(BufferedImage picture, byte[] to) {
        int[] row = new int[picture.getWidth()];
        for (int y = 0, out = 0; y < picture.getHeight(); y++) {
            picture.getRGB(0, y, row.length, 1, row, 0, row.length);
            for (int pixel : row) {
                to[out++] = (byte) (pixel >> 16);
                to[out++] = (byte) (pixel >> 8);
                to[out++] = (byte) pixel;
            }
        }
    }
}
