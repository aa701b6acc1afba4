package leanvit.vit.weights;

import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;

/**
 * {@code preprocessor_config.json} as transformers' {@code ViTImageProcessor} and {@code DeiTImageProcessor} write it,
 * and what these classes do where there is none.
 */
final class TransformersPreprocessing {

    private static final float[] HALF = {0.5f, 0.5f, 0.5f};
    private static final int BILINEAR = 2;
    private static final int BICUBIC = 3;

    private TransformersPreprocessing() {
    }

    /** Reads the file, or returns the default of {@code type} ("vit", "deit") where {@code fields} is null. */
    static Preprocessing read(Fields fields, VitConfig config, String type) throws InvalidInputException {
        int height = config.imageHeight();
        int width = config.imageWidth();
        if (fields == null) {
            boolean vit = type.equals("vit");
            return new Preprocessing(height, width, vit ? 1 : 0.875f, Resize.SQUASH,
                    vit ? Interpolation.BILINEAR : Interpolation.BICUBIC, HALF.clone(), HALF.clone());
        }
        refuseUnsupported(fields);
        boolean crop = fields.flag("do_center_crop", false);
        int[] output = crop ? cropSize(fields) : new int[] {height, width};
        if (output[0] != height || output[1] != width) {
            throw fields.expected("crop_size", height + "x" + width + ", config.json's image_size");
        }
        Resize resize;
        float fraction;
        if (fields.isObject("size") && fields.object("size").has("shortest_edge")) {
            int shortest = fields.object("size").integer("shortest_edge", 1, Limits.MAX_IMAGE, 0);
            if (!crop) {
                throw fields.error("size.shortest_edge", "expected do_center_crop beside it; "
                        + "without, pictures would keep their aspect and not fit the model");
            }
            if (height != width) {
                throw fields.error("size.shortest_edge", "expected a square crop beside it, came " + height + "x"
                        + width);
            }
            resize = Resize.SHORT_SIDE;
            fraction = CropFraction.of(height, shortest);
        } else {
            resize = Resize.SQUASH;
            int[] size = sides(fields, "size", height, width);
            if (!crop && (size[0] != height || size[1] != width)) {
                throw fields.expected("size", height + "x" + width + ", config.json's image_size");
            }
            fraction = CropFraction.of(height, size[0]);
            if ((long) size[0] * width != (long) size[1] * height) {
                throw fields.expected("size", "the aspect of the crop, " + height + "x" + width);
            }
        }
        if (fraction > 1) {
            throw fields.expected("size", "at least the crop's " + height + "x" + width);
        }
        boolean normalise = fields.flag("do_normalize", true);
        return new Preprocessing(height, width, fraction, resize, interpolation(fields, type),
                normalise ? fields.numbers("image_mean", 3, -1000, 1000, HALF) : new float[] {0, 0, 0},
                normalise ? fields.numbers("image_std", 3, 0, 1000, HALF) : new float[] {1, 1, 1});
    }

    private static void refuseUnsupported(Fields fields) throws InvalidInputException {
        for (String step : new String[] {"do_resize", "do_rescale"}) {
            if (!fields.flag(step, true)) {
                throw fields.unsupported(step);
            }
        }
        for (String step : new String[] {"do_pad", "do_flip_channel_order", "rescale_offset"}) {
            if (fields.flag(step, false)) {
                throw fields.unsupported(step);
            }
        }
        double factor = fields.number("rescale_factor", 0, 1000, 1 / 255.0);
        if (Math.abs(factor * 255 - 1) > 1e-4) {
            throw fields.expected("rescale_factor", "1/255");
        }
    }

    private static int[] cropSize(Fields fields) throws InvalidInputException {
        if (!fields.has("crop_size")) {
            throw fields.expected("crop_size", "the crop's size, for do_center_crop");
        }
        return sides(fields, "crop_size", 0, 0);
    }

    /** Reads {@code {"height": h, "width": w}} or one number for both. */
    private static int[] sides(Fields fields, String name, int height, int width) throws InvalidInputException {
        if (fields.isObject(name)) {
            Fields sides = fields.object(name);
            if (!sides.has("height") || !sides.has("width")) {
                throw fields.expected(name, "height and width, shortest_edge, or one number");
            }
            return new int[] {sides.integer("height", 1, Limits.MAX_IMAGE, 0),
                sides.integer("width", 1, Limits.MAX_IMAGE, 0)};
        }
        if (!fields.has(name)) {
            return new int[] {height, width};
        }
        int side = fields.integer(name, 1, Limits.MAX_IMAGE, 0);
        return new int[] {side, side};
    }

    private static Interpolation interpolation(Fields fields, String type) throws InvalidInputException {
        int code = fields.integer("resample", 0, 5, type.equals("vit") ? BILINEAR : BICUBIC);
        if (code != BILINEAR && code != BICUBIC) {
            throw fields.expected("resample", BILINEAR + " (bilinear) or " + BICUBIC + " (bicubic)");
        }
        return code == BILINEAR ? Interpolation.BILINEAR : Interpolation.BICUBIC;
    }
}
