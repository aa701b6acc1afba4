package leanvit.vit.weights;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Crop;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.io.InvalidInputException;

/**
 * {@code preprocessor_config.json} as transformers' image processors write it, with the defaults of the one
 * that it names, and what the model's own does where there is no file.
 */
final class TransformersPreprocessing {

    private static final float[] HALF = {0.5f, 0.5f, 0.5f};
    private static final float[] CLIP_MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
    private static final float[] CLIP_STD = {0.26862954f, 0.26130258f, 0.27577711f};
    private static final float[] IMAGENET_MEAN = {0.485f, 0.456f, 0.406f};
    private static final float[] IMAGENET_STD = {0.229f, 0.224f, 0.225f};
    /** PIL's filters by their numbers. */
    private static final List<Interpolation> BY_NUMBER = List.of(Interpolation.NEAREST, Interpolation.LANCZOS,
            Interpolation.BILINEAR, Interpolation.BICUBIC, Interpolation.BOX, Interpolation.HAMMING);
    /** From this size on ConvNextImageProcessor warps instead of cropping. */
    private static final int CONVNEXT_WARPS = 384;

    private static final Processor VIT = new Processor(Interpolation.BILINEAR, HALF, HALF, 224, false, 0, true);
    private static final Processor DEIT = new Processor(Interpolation.BICUBIC, HALF, HALF, 256, false, 224, true);
    private static final Processor CLIP = new Processor(Interpolation.BICUBIC, CLIP_MEAN, CLIP_STD, 224, true, 224,
            false);
    /** The image processors' own defaults, by the class's name without "ImageProcessor". */
    private static final Map<String, Processor> PROCESSORS = Map.ofEntries(Map.entry("ViT", VIT),
            Map.entry("DeiT", DEIT), Map.entry("CLIP", CLIP), Map.entry("ChineseCLIP", CLIP), Map.entry("Bit", CLIP),
            Map.entry("ViTHybrid", CLIP),
            Map.entry("Beit", new Processor(Interpolation.BICUBIC, HALF, HALF, 224, false, 0, true)),
            Map.entry("Siglip", new Processor(Interpolation.BICUBIC, HALF, HALF, 224, false, 0, false)),
            Map.entry("Blip", new Processor(Interpolation.BICUBIC, CLIP_MEAN, CLIP_STD, 384, false, 0, true)),
            Map.entry("ConvNext", new Processor(Interpolation.BICUBIC, HALF, HALF, 384, true, 0, false)),
            Map.entry("Levit", new Processor(Interpolation.BICUBIC, IMAGENET_MEAN, IMAGENET_STD, 224, true, 224,
                    false)));

    /**
     * What an image processor does where the file says nothing.
     *
     * @param size     the side before the crop
     * @param shortest whether that is the short side, the aspect kept
     * @param crop     the crop's side, 0 if it does not crop
     * @param square   whether a size of one number means both sides
     */
    private record Processor(Interpolation interpolation, float[] mean, float[] std, int size, boolean shortest,
                             int crop, boolean square) {
    }

    private TransformersPreprocessing() {
    }

    /** Reads the file, or returns the default of {@code type} ("vit", "deit") where {@code fields} is null. */
    static Preprocessing read(Fields fields, VitConfig config, String type) throws InvalidInputException {
        int height = config.imageHeight();
        int width = config.imageWidth();
        if (fields == null) {
            boolean vit = type.equals("vit");
            return new Preprocessing(height, width, vit ? 1 : 0.875f, Resize.SQUASH,
                    vit ? Interpolation.BILINEAR : Interpolation.BICUBIC, Crop.DOWN, 1 / 255.0, HALF.clone(),
                    HALF.clone());
        }
        refuseUnsupported(fields);
        String name = name(fields, type);
        Processor processor = PROCESSORS.get(name);
        Preprocessing sizes = sizes(fields, name, processor, height, width);
        boolean normalise = fields.flag("do_normalize", true);
        double rescale = fields.flag("do_rescale", true) ? fields.number("rescale_factor", 0, 1000, 1 / 255.0) : 1;
        return new Preprocessing(height, width, sizes.cropFraction(), sizes.resize(),
                interpolation(fields, processor.interpolation), sizes.crop(), rescale,
                normalise ? channels(fields, "image_mean", -1000, processor.mean) : new float[] {0, 0, 0},
                normalise ? channels(fields, "image_std", 0, processor.std) : new float[] {1, 1, 1});
    }

    /** Returns the name of the image processor, one of {@link #PROCESSORS}; without one, that of the model's type. */
    private static String name(Fields fields, String type) throws InvalidInputException {
        String key = fields.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
        String named = fields.string(key, type.equals("deit") ? "DeiT" : "ViT");
        String name = named.replaceFirst("(ImageProcessor(Fast|Pil)?|FeatureExtractor)$", "");
        if (!PROCESSORS.containsKey(name)) {
            throw fields.expected(key, "one of " + String.join(", ", new TreeSet<>(PROCESSORS.keySet()))
                    + " and ImageProcessor");
        }
        return name;
    }

    /** Reads resize and crop. */
    private static Preprocessing sizes(Fields fields, String name, Processor processor, int height, int width)
            throws InvalidInputException {
        boolean crop = fields.flag("do_center_crop", processor.crop > 0);
        int[] output = crop ? sides(fields, "crop_size", processor.crop, processor.crop) : new int[] {height, width};
        if (output[0] != height || output[1] != width) {
            throw fields.expected("crop_size", output[0] == 0 ? "the crop's size, for do_center_crop"
                    : height + "x" + width + ", config.json's image_size");
        }
        Crop offset = crop ? Crop.DOWN : Crop.NONE;
        if (!fields.flag("do_resize", true)) {
            return sizes(height, width, 1, Resize.NONE, offset);
        }
        boolean number = fields.has("size") && !fields.isObject("size") && !fields.isList("size");
        boolean shortest = fields.isObject("size") ? fields.object("size").has("shortest_edge")
                : number ? !fields.flag("default_to_square", processor.square)
                : !fields.has("size") && processor.shortest;
        if (!shortest) {
            int[] size = sides(fields, "size", processor.size, processor.size);
            if (!crop && (size[0] != height || size[1] != width)) {
                throw wrongSize(fields, processor, height, width);
            }
            if ((long) size[0] * width != (long) size[1] * height) {
                throw fields.expected("size", "the aspect of the crop, " + height + "x" + width);
            }
            if (name.equals("ConvNext")) {
                throw fields.expected("size", "shortest_edge, as ConvNextImageProcessor has it");
            }
            return sizes(height, width, CropFraction.of(height, size[0]), Resize.SQUASH, Crop.DOWN);
        }
        int side = processor.size;
        if (fields.isObject("size")) {
            if (fields.object("size").has("longest_edge")) {
                throw fields.object("size").unsupported("longest_edge");
            }
            side = fields.object("size").integer("shortest_edge", 1, Limits.MAX_IMAGE, 0);
        } else if (number) {
            side = fields.integer("size", 1, Limits.MAX_IMAGE, 0);
        }
        if (height != width) {
            throw fields.error("size.shortest_edge", "expected a square crop beside it, came " + height + "x" + width);
        }
        if (name.equals("ConvNext")) {
            if (side != height) {
                throw wrongSize(fields, processor, height, width);
            }
            double fraction = fields.number("crop_pct", 0, 1, 224 / 256.0);
            return side >= CONVNEXT_WARPS ? sizes(height, width, 1, Resize.SQUASH, Crop.DOWN)
                    : sizes(height, width, CropFraction.of(height, (int) (side / fraction)), Resize.SHORT_SIDE,
                            Crop.DOWN);
        }
        if (!crop) {
            throw fields.error("size.shortest_edge", "expected do_center_crop beside it; "
                    + "without, pictures would keep their aspect and not fit the model");
        }
        int resized = name.equals("Levit") ? (int) (256 / 224.0 * side) : side;
        return sizes(height, width, CropFraction.of(height, resized), Resize.SHORT_SIDE, Crop.DOWN);
    }

    private static InvalidInputException wrongSize(Fields fields, Processor processor, int height, int width) {
        String wanted = height + "x" + width + ", config.json's image_size";
        return fields.has("size") ? fields.expected("size", wanted)
                : fields.error("size",
                "expected " + wanted + ", came the image processor's default, " + processor.size);
    }

    private static Preprocessing sizes(int height, int width, float fraction, Resize resize, Crop crop) {
        return new Preprocessing(height, width, fraction, resize, Interpolation.BILINEAR, crop, 1, HALF, HALF);
    }

    /** Reads a list of three numbers, or one for all channels. */
    private static float[] channels(Fields fields, String name, double min, float[] absent)
            throws InvalidInputException {
        if (!fields.has(name) || fields.isList(name)) {
            return fields.numbers(name, 3, min, 1000, absent);
        }
        float value = (float) fields.number(name, min, 1000, 0);
        return new float[] {value, value, value};
    }

    private static void refuseUnsupported(Fields fields) throws InvalidInputException {
        for (String step : new String[] {"do_flip_channel_order", "rescale_offset", "do_thumbnail",
            "do_align_long_axis", "use_square_size"}) {
            if (fields.flag(step, false)) {
                throw fields.unsupported(step);
            }
        }
        if (fields.flag("do_pad", false) && fields.has("pad_size")) {
            throw fields.unsupported("do_pad");
        }
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
        if (fields.isList(name)) {
            return fields.integers(name, 2, 1, Limits.MAX_IMAGE);
        }
        int side = fields.integer(name, 1, Limits.MAX_IMAGE, 0);
        return new int[] {side, side};
    }

    /** Reads PIL's number of a filter, or its name. */
    private static Interpolation interpolation(Fields fields, Interpolation absent) throws InvalidInputException {
        if (fields.members().get("resample") instanceof String) {
            String name = fields.string("resample", "").replaceFirst("^.*\\.", "").toUpperCase(Locale.ROOT);
            for (Interpolation interpolation : Interpolation.values()) {
                if (interpolation.name().equals(name)) {
                    return Interpolation.BILINEAR; // transformers takes numbers alone, and this for anything else
                }
            }
            throw fields.expected("resample", "nearest, box, bilinear, hamming, bicubic or lanczos");
        }
        return fields.has("resample") ? BY_NUMBER.get(fields.integer("resample", 0, 5, 0)) : absent;
    }
}
