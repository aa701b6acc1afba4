package leanvit.vit.weights;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.image.Preprocessing.Crop;
import leanvit.vit.image.Preprocessing.Interpolation;
import leanvit.vit.image.Preprocessing.Resize;
import leanvit.vit.image.Preprocessing.Rounding;
import leanvit.vit.image.Preprocessing.Target;
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

    private static final Processor VIT = squash(Interpolation.BILINEAR, HALF, HALF, 224);
    private static final Processor BEIT = squash(Interpolation.BICUBIC, HALF, HALF, 224);
    private static final Processor CLIP = new Processor(Interpolation.BICUBIC, CLIP_MEAN, CLIP_STD, 224, true, 224,
            false, Rounding.BYTES);
    /** The image processors' own defaults, by the class's name without "ImageProcessor". */
    private static final Map<String, Processor> PROCESSORS = Map.ofEntries(Map.entry("ViT", VIT),
            Map.entry("DeiT", new Processor(Interpolation.BICUBIC, HALF, HALF, 256, false, 224, true, Rounding.BYTES)),
            Map.entry("CLIP", CLIP), Map.entry("ChineseCLIP", CLIP), Map.entry("Bit", CLIP),
            Map.entry("ViTHybrid", CLIP), Map.entry("Beit", BEIT), Map.entry("Data2VecVision", BEIT),
            Map.entry("Siglip", new Processor(Interpolation.BICUBIC, HALF, HALF, 224, false, 0, false, Rounding.BYTES)),
            Map.entry("DINOv3ViT", new Processor(Interpolation.BILINEAR, IMAGENET_MEAN, IMAGENET_STD, 224, false, 0,
                    false, Rounding.NONE)),
            Map.entry("Blip", squash(Interpolation.BICUBIC, CLIP_MEAN, CLIP_STD, 384)),
            Map.entry("ConvNext", new Processor(Interpolation.BICUBIC, HALF, HALF, 384, true, 0, false,
                    Rounding.BYTES)),
            Map.entry("Levit", new Processor(Interpolation.BICUBIC, IMAGENET_MEAN, IMAGENET_STD, 224, true, 224,
                    false, Rounding.BYTES)));
    /** The image processor of each model type, where the file does not name one. */
    private static final Map<String, String> OF_TYPE = Map.ofEntries(Map.entry("vit", "ViT"),
            Map.entry("vit_mae", "ViT"), Map.entry("vit_msn", "ViT"), Map.entry("ijepa", "ViT"),
            Map.entry("deit", "DeiT"), Map.entry("dinov2", "Bit"), Map.entry("dinov2_with_registers", "Bit"),
            Map.entry("clip", "CLIP"), Map.entry("clip_vision_model", "CLIP"), Map.entry("siglip", "Siglip"),
            Map.entry("siglip_vision_model", "Siglip"), Map.entry("beit", "Beit"), Map.entry("data2vec-vision", "Beit"),
            Map.entry("dinov3_vit", "DINOv3ViT"));
    /** Model types whose classes take pictures of any size, and not of config.json's alone. */
    private static final Set<String> OF_ANY_SIZE = Set.of("dinov2", "dinov2_with_registers", "dinov3_vit");

    private static final Set<String> READ = Set.of("image_processor_type", "feature_extractor_type", "do_resize",
            "size", "default_to_square", "resample", "do_center_crop", "crop_size", "crop_pct", "do_rescale",
            "rescale_factor", "do_normalize", "image_mean", "image_std");
    /** What would change pixels if it were on. */
    private static final Set<String> UNSUPPORTED = Set.of("do_flip_channel_order", "rescale_offset", "do_thumbnail",
            "do_align_long_axis", "use_square_size", "do_grayscale", "do_binarize", "do_invert_colors",
            "do_color_quantize", "do_image_splitting", "keep_aspect_ratio", "do_random_crop", "do_affine_transform");
    /**
     * What changes nothing here: pictures are RGB always; labels of segmentation, formats of arrays and devices are
     * not ours; {@code do_pad} counts only with a {@code pad_size}.
     */
    private static final Set<String> WITHOUT_EFFECT = Set.of("do_convert_rgb", "do_reduce_labels", "reduce_labels",
            "processor_class", "_processor_class", "_valid_processor_keys", "data_format", "input_data_format",
            "return_tensors", "device", "disable_grouping", "model_input_names", "image_processor_class", "pad_size",
            "transformers_version", "feature_extractor_class", "do_pad");

    /**
     * What an image processor does where the file says nothing.
     *
     * @param size     the side before the crop
     * @param shortest whether that is the short side, the aspect kept
     * @param crop     the crop's side, 0 if it does not crop
     * @param square   whether a size of one number means both sides
     * @param rounding what it resizes
     */
    private record Processor(Interpolation interpolation, float[] mean, float[] std, int size, boolean shortest,
                             int crop, boolean square, Rounding rounding) {
    }

    private static Processor squash(Interpolation interpolation, float[] mean, float[] std, int size) {
        return new Processor(interpolation, mean, std, size, false, 0, true, Rounding.BYTES);
    }

    private TransformersPreprocessing() {
    }

    /**
     * Reads the file, or returns what is usual for the model's type where {@code fields} is null. The input has the
     * model's size, or, where the model takes any ({@link #OF_ANY_SIZE}), the file's.
     *
     * @param type the {@code model_type} of config.json
     */
    static Preprocessing read(Fields fields, VitConfig config, String type) throws InvalidInputException {
        return read(fields, config.imageHeight(), config.imageWidth(), config.patch(), type);
    }

    /** {@link #read(Fields, VitConfig, String)} for a model of these sizes. */
    static Preprocessing read(Fields fields, int height, int width, int patch, String type)
            throws InvalidInputException {
        if (fields == null) {
            return usual(height, width, type);
        }
        refuseUnsupported(fields);
        String name = name(fields, type);
        Processor processor = PROCESSORS.get(name);
        Preprocessing sizes = sizes(fields, name, processor, new int[] {height, width},
                OF_ANY_SIZE.contains(type) ? patch : 0);
        boolean normalise = fields.flag("do_normalize", true);
        double rescale = fields.flag("do_rescale", true) ? fields.number("rescale_factor", 0, 1000, 1 / 255.0) : 1;
        Interpolation interpolation = interpolation(fields, processor.interpolation);
        if (processor.rounding == Rounding.NONE && interpolation != Interpolation.BILINEAR
                && interpolation != Interpolation.BICUBIC) {
            throw fields.expected("resample", "2 or 3 (bilinear or bicubic), which " + name
                    + "ImageProcessor can do on floats");
        }
        return new Preprocessing(sizes.height(), sizes.width(), sizes.cropFraction(), sizes.resize(), sizes.target(),
                interpolation, sizes.crop(), processor.rounding, rescale,
                normalise ? channels(fields, "image_mean", -1000, processor.mean) : new float[] {0, 0, 0},
                normalise ? channels(fields, "image_std", 0, processor.std) : new float[] {1, 1, 1});
    }

    /** Returns a line for each key of the file that is not known, and so is not honoured. */
    static List<String> warnings(Fields fields) {
        Set<String> known = new HashSet<>(READ);
        known.addAll(UNSUPPORTED);
        known.addAll(WITHOUT_EFFECT);
        return fields == null ? List.of() : fields.unknown(known);
    }

    /**
     * Returns what is to be said of a file beside timm's config.json, which says itself how pictures are prepared: the
     * wrapper that transformers has for timm's models reads that too, and any other image processor is ignored.
     */
    static List<String> besideTimm(Fields fields) throws InvalidInputException {
        if (fields == null || fields.string("image_processor_type", "").startsWith("TimmWrapperImageProcessor")) {
            return List.of();
        }
        return List.of(new InvalidInputException(fields.file(),
                "ignored: config.json is timm's, and its pretrained_cfg says how pictures are prepared").getMessage());
    }

    /** Returns what the family's published files say. */
    private static Preprocessing usual(int height, int width, String type) {
        Processor processor = PROCESSORS.get(OF_TYPE.getOrDefault(type, "ViT"));
        boolean dino = type.startsWith("dinov2");
        boolean margin = dino || type.equals("deit");
        return new Preprocessing(height, width, margin ? 0.875f : 1,
                processor.shortest ? Resize.SHORT_SIDE : Resize.SQUASH, null, processor.interpolation, Crop.DOWN,
                processor.rounding, 1 / 255.0, (dino ? IMAGENET_MEAN : processor.mean).clone(),
                (dino ? IMAGENET_STD : processor.std).clone());
    }

    /** Returns the name of the image processor, one of {@link #PROCESSORS}; without one, that of the model's type. */
    private static String name(Fields fields, String type) throws InvalidInputException {
        String key = fields.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
        String named = fields.string(key, OF_TYPE.getOrDefault(type, "ViT"));
        String name = named.replaceFirst("(ImageProcessor(Fast|Pil)?|FeatureExtractor)$", "");
        if (!PROCESSORS.containsKey(name)) {
            throw fields.expected(key, "one of " + String.join(", ", new TreeSet<>(PROCESSORS.keySet()))
                    + " and ImageProcessor");
        }
        return name;
    }

    /**
     * Reads resize and crop.
     *
     * @param own   the model's height and width
     * @param patch the patch where the model takes any multiple of it, else 0
     */
    private static Preprocessing sizes(Fields fields, String name, Processor processor, int[] own, int patch)
            throws InvalidInputException {
        boolean anySize = patch > 0;
        boolean crop = fields.flag("do_center_crop", processor.crop > 0);
        boolean resize = fields.flag("do_resize", true);
        boolean number = fields.has("size") && !fields.isObject("size") && !fields.isList("size");
        Fields size = fields.isObject("size") ? fields.object("size") : null;
        boolean within = size != null && size.has("max_height") && size.has("max_width");
        boolean shortest = size != null ? size.has("shortest_edge")
                : number ? !fields.flag("default_to_square", processor.square)
                : !fields.has("size") && processor.shortest;
        int[] output = own;
        if (crop) {
            output = sides(fields, "crop_size", processor.crop, processor.crop);
        } else if (anySize && resize && !shortest && !within) {
            output = sides(fields, "size", processor.size, processor.size);
        }
        if (output[0] == 0) {
            throw fields.expected("crop_size", "the crop's size, for do_center_crop");
        }
        int height = output[0];
        int width = output[1];
        String key = crop ? "crop_size" : "size";
        if (anySize && (height % patch != 0 || width % patch != 0)) {
            throw fields.has(key) ? fields.expected(key, "multiples of the patch, " + patch)
                    : fields.error(key, "expected multiples of the patch, " + patch
                            + ", came the image processor's default, " + height);
        }
        if (!anySize && (height != own[0] || width != own[1])) {
            throw fields.has(key) ? fields.expected(key, own[0] + "x" + own[1] + ", config.json's image_size")
                    : wrongSize(fields, key, height, own);
        }
        Crop offset = crop ? Crop.DOWN : Crop.NONE;
        if (!resize) {
            return sizes(height, width, 1, Resize.NONE, null, offset);
        }
        if (!shortest && !within) {
            int[] sides = sides(fields, "size", processor.size, processor.size);
            if (!crop && (sides[0] != height || sides[1] != width)) {
                throw fields.has("size")
                        ? fields.expected("size", own[0] + "x" + own[1] + ", config.json's image_size")
                        : wrongSize(fields, "size", processor.size, own);
            }
            if (name.equals("ConvNext")) {
                throw fields.expected("size", "shortest_edge, as ConvNextImageProcessor has it");
            }
            return sizes(height, width, Resize.SQUASH, sides[0], sides[1]);
        }
        int side = processor.size;
        if (shortest && size != null) {
            side = size.integer("shortest_edge", 1, Limits.MAX_IMAGE, 0);
        } else if (number) {
            side = fields.integer("size", 1, Limits.MAX_IMAGE, 0);
        }
        if (name.equals("ConvNext")) {
            return convNext(fields, side, height, width);
        }
        if (!crop) {
            throw fields.error(within ? "size" : "size.shortest_edge", "expected do_center_crop beside it; "
                    + "without, pictures would keep their aspect and not fit the model");
        }
        if (within && !shortest) {
            return sizes(height, width, 1, Resize.WITHIN,
                    new Target(size.integer("max_height", 1, Limits.MAX_IMAGE, 0),
                            size.integer("max_width", 1, Limits.MAX_IMAGE, 0)), offset);
        }
        if (size != null && size.has("longest_edge")) {
            return sizes(height, width, 1, Resize.SHORT_SIDE_WITHIN,
                    new Target(side, size.integer("longest_edge", 1, Limits.MAX_IMAGE, 0)), offset);
        }
        int resized = name.equals("Levit") ? (int) (256 / 224.0 * side) : side;
        return sizes(height, width, Resize.SHORT_SIDE, resized, resized);
    }

    private static Preprocessing convNext(Fields fields, int side, int height, int width)
            throws InvalidInputException {
        if (side != height || side != width) {
            throw fields.has("size") ? fields.expected("size", height + "x" + width + ", config.json's image_size")
                    : wrongSize(fields, "size", side, new int[] {height, width});
        }
        double fraction = fields.number("crop_pct", 0, 1, 224 / 256.0);
        int resized = side >= CONVNEXT_WARPS ? side : (int) (side / fraction);
        return sizes(height, width, side >= CONVNEXT_WARPS ? Resize.SQUASH : Resize.SHORT_SIDE, resized, resized);
    }

    private static InvalidInputException wrongSize(Fields fields, String key, int side, int[] own) {
        return fields.error(key, "expected " + own[0] + "x" + own[1]
                + ", config.json's image_size, came the image processor's default, " + side);
    }

    /** A resize to these sides and then the crop, said by the crop fraction where one leads there. */
    private static Preprocessing sizes(int height, int width, Resize resize, int resizedHeight, int resizedWidth) {
        boolean byFraction = height == width && resizedHeight == resizedWidth
                || height == resizedHeight && width == resizedWidth;
        return byFraction ? sizes(height, width, CropFraction.of(height, resizedHeight), resize, null, Crop.DOWN)
                : sizes(height, width, 1, resize, new Target(resizedHeight, resizedWidth), Crop.DOWN);
    }

    private static Preprocessing sizes(int height, int width, float fraction, Resize resize, Target target, Crop crop) {
        return new Preprocessing(height, width, fraction, resize, target, Interpolation.BILINEAR, crop, Rounding.BYTES,
                1, HALF, HALF);
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
        for (String step : new TreeSet<>(UNSUPPORTED)) {
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
